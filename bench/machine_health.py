"""How well failures of machines are told ahead on simulated ecosystems, beside naive ranks.

Homes must have been brought up to `identity` and `rollup`. Run from the repository, for each home
and then once for all:

    python bench/machine_health.py inputs HOME OUT.parquet --until 2020-06-30
    python bench/machine_health.py table OUT.parquet [OUT2.parquet] --unseen OTHER.parquet

`inputs` reads one home through its engine, which must run; reports are those known by the end of
the day `--until`. `table` is the protocol of docs/machine-health.md and prints its tables: several
files are taken together, and those of `--unseen` are only measured on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from threadpoolctl import threadpool_limits

from loomline.job import JobContext
from loomline.settings import load_settings
from models.arrays import DAYS
from models.evaluations.markdown import figures_table, reliability_table
from models.holdout import joined
from models.machine_health.declared import NAMES
from models.machine_health.evaluation import Measured, measure
from models.machine_health.inputs import read_history
from models.machine_health.machine_dates import (
    DATES,
    TEXTS,
    MachineDates,
    machine_dates,
    sundays,
)
from models.machine_health.specification import Specification
from models.machine_health.splits import out_of_enterprise, out_of_time, unseen_seed

app = typer.Typer(pretty_exceptions_enable=False)
SPECIFICATION = Specification()
SEEN = tuple(f"seen_known_date_{days}" for days in SPECIFICATION.horizons)


def as_frame(dates: MachineDates) -> pd.DataFrame:
    """Machine-dates as a table, for a file."""
    frame = dates.values.reset_index(drop=True)
    for name in (*TEXTS, *DATES):
        frame[name] = getattr(dates, name)
    for place, name in enumerate(SEEN):
        frame[name] = dates.seen_known_date[:, place]
    return frame


def from_frame(frame: pd.DataFrame) -> MachineDates:
    """The machine-dates of which `as_frame` made a table."""
    days = {name: pd.to_datetime(frame[name]).to_numpy().astype(DAYS) for name in (*DATES, *SEEN)}
    return MachineDates(
        values=frame[list(NAMES)].astype(float),
        **{name: frame[name].to_numpy(dtype=object) for name in TEXTS},
        **{name: days[name] for name in DATES},
        seen_known_date=np.stack([days[name] for name in SEEN], axis=1),
    )


@app.command()
def inputs(
    home: Path,
    out: Path,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])],
    port: Annotated[int | None, typer.Option(help="Port of the home's engine.")] = None,
) -> None:
    """Read the machine-dates of a home and write them to a file."""
    changes: dict[str, object] = {"home": home.absolute()}
    if port is not None:
        changes["connect_port"] = port
    context = JobContext(load_settings().model_copy(update=changes), until.date())
    days = SPECIFICATION.history_days + SPECIFICATION.training_days
    history = read_history(context, days)
    dates = machine_dates(history, sundays(history.last_day, SPECIFICATION), SPECIFICATION)
    as_frame(dates).to_parquet(out, index=False)
    read = np.unique(history.sensors.machine)
    told = np.flatnonzero(history.machines.listed.tells_failures)
    print(f"{len(told)} machines that tell of failures, {len(np.intersect1d(read, told))} are read")
    print(_described(dates))


def _described(dates: MachineDates) -> str:
    has_failed = ~np.isnat(dates.failure_date)
    return (
        f"{len(dates.values):,} machine-dates of {len(np.unique(dates.machine_id))} machines of "
        f"{len(np.unique(dates.owner))} owners on {len(np.unique(dates.as_of_date))} dates; "
        f"{len(np.unique(dates.machine_id[has_failed]))} machines failed later"
    )


def read_all(paths: Sequence[Path]) -> MachineDates:
    """The machine-dates of several homes; names are kept apart by the file's."""
    parts = []
    for path in paths:
        frame = pd.read_parquet(path)
        for name in TEXTS:
            frame[name] = f"{path.stem}/" + frame[name]
        parts.append(from_frame(frame))
    return joined(parts)


def show(measured: Measured) -> None:
    """Print the figures of a split as Markdown; 95 % intervals in brackets."""
    print(f"\n### {measured.split}")
    if measured.why_not:
        print(f"\nNot measured: {measured.why_not}.")
        return
    for figures in (measured.figures, measured.differences):
        print(f"\n{figures_table(figures)}")
    for days, bins in measured.reliability:
        head = f"| {days} days: bin | rows | failed | mean predicted | observed |"
        print(f"\n{reliability_table(head, bins)}")
    print("\nChosen in training: " + "; ".join(measured.settings) + ".")


@app.command()
def table(
    files: list[Path],
    unseen: Annotated[
        list[Path] | None, typer.Option(help="Files that are only measured on.")
    ] = None,
) -> None:
    """Print the tables of the protocol."""
    clock, dates = time.monotonic(), read_all(files)
    print(_described(dates))
    splits = {
        "out of time": partial(out_of_time, dates, SPECIFICATION),
        "out of enterprise": partial(out_of_enterprise, dates, SPECIFICATION),
    }
    if unseen:
        others = read_all(unseen)
        print(f"unseen: {_described(others)}")
        splits["unseen seed"] = partial(unseen_seed, dates, others, SPECIFICATION)
    with threadpool_limits(limits=1):
        for name, make_split in splits.items():
            show(measure(name, make_split, SPECIFICATION))
    print(f"{time.monotonic() - clock:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    app()
