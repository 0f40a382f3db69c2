"""What early warning reaches on simulated ecosystems, and what data of production add.

Homes must have been brought up to `credit_outcome`, with `window_features` of each month end. Run
from the repository, for each home and then once for all:

    python bench/early_warning.py inputs HOME OUT.parquet --until 2020-06-30
    python bench/early_warning.py table OUT.parquet [OUT2.parquet] --unseen OTHER.parquet

`inputs` reads one home through its engine, which must run; outcomes are those known by the end of
the day `--until`. `table` is the protocol of docs/early-warning.md and prints its tables: several
files are taken together as one portfolio, and those of `--unseen` are only measured on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from threadpoolctl import threadpool_limits

from loomline.job import JobContext
from loomline.settings import PROJECT_ROOT, load_settings
from models.early_warning.declared import EarlyWarning, load_early_warning
from models.early_warning.evaluation import Measured, measure
from models.early_warning.firm_dates import DATES, FirmDates, firm_dates
from models.early_warning.inputs import read_firm_dates
from models.early_warning.specification import Specification
from models.early_warning.splits import out_of_chain, out_of_time, unseen_seed
from models.evaluations.markdown import figures_table, reliability_table

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def inputs(
    home: Path,
    out: Path,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])],
    port: Annotated[int | None, typer.Option(help="Port of the home's engine.")] = None,
) -> None:
    """Read the firm-dates of a home and write them to a file."""
    changes: dict[str, object] = {"home": home.absolute()}
    if port is not None:
        changes["connect_port"] = port
    settings = load_settings().model_copy(update=changes)
    declared = load_early_warning(settings.catalog)
    context = JobContext(settings, until.date())
    rows, chains = read_firm_dates(context, declared.feature_names)
    rows.to_parquet(out, index=False)
    kind = "trees of main customers" if chains.is_by_customer else "connected groups"
    print(f"{len(rows):,} firm-dates of {rows.enterprise_id.nunique()} borrowers, {_dates(rows)}")
    print(f"{rows.chain.nunique()} chains with borrowers, {kind}; ", end="")
    print(f"{chains.crossing_ratio:.1%} of the money traded among enterprises crosses them")
    print(f"{rows.dropna(subset='distress_date').enterprise_id.nunique()} fell into distress")


def _dates(rows: pd.DataFrame) -> str:
    days: list[date] = sorted(pd.to_datetime(rows.as_of_date).dt.date.unique())
    return f"{len(days)} as-of dates from {days[0]} to {days[-1]}"


def read_all(paths: Sequence[Path], declared: EarlyWarning) -> FirmDates:
    """The firm-dates of several homes as one portfolio; names are kept apart by the file's."""
    parts = []
    for path in paths:
        rows = pd.read_parquet(path)
        for name in ("enterprise_id", "chain"):
            rows[name] = f"{path.stem}/" + rows[name]
        for name in DATES:
            # A column without any date has no type of its own.
            rows[name] = pd.to_datetime(rows[name])
        parts.append(rows)
    return firm_dates(pd.concat(parts, ignore_index=True), declared.feature_names)


def _described(dates: FirmDates) -> str:
    rows = dates.at_risk(dates.observed_until)
    frame = pd.DataFrame(
        {"id": dates.enterprise_id, "date": dates.as_of_date, "bad": dates.distress_date}
    )[rows]
    return (
        f"{len(frame):,} firm-dates at risk, {frame.id.nunique()} borrowers, "
        f"{frame.date.nunique()} as-of dates, "
        f"{frame.dropna(subset='bad').id.nunique()} later in distress"
    )


def show(measured: Measured) -> None:
    """Print the figures of a split as Markdown; 95 % intervals in brackets."""
    print(f"\n### {measured.split}")
    if measured.why_not:
        print(f"\nNot measured: {measured.why_not}.")
        return
    for figures in (measured.ranking, measured.warning, measured.differences):
        print(f"\n{figures_table(figures)}")
    head = "| bin | firm-dates | distressed | mean predicted | observed |"
    print(f"\n{reliability_table(head, measured.reliability)}")
    print("\nChosen in training: " + "; ".join(measured.settings) + ".")


@app.command()
def table(
    files: list[Path],
    unseen: Annotated[
        list[Path] | None, typer.Option(help="Files that are only measured on.")
    ] = None,
) -> None:
    """Print the tables of the protocol."""
    clock = time.monotonic()
    declared, specification = load_early_warning(PROJECT_ROOT / "catalog"), Specification()
    dates = read_all(files, declared)
    print(_described(dates))
    splits = {
        "out of time": partial(out_of_time, dates, specification),
        "out of chain": partial(out_of_chain, dates, specification),
    }
    if unseen:
        others = read_all(unseen, declared)
        print(f"unseen: {_described(others)}")
        splits["unseen seed"] = partial(unseen_seed, dates, others, specification)
    with threadpool_limits(limits=1):
        for name, make_split in splits.items():
            show(measure(name, make_split, declared, specification))
    print(f"{time.monotonic() - clock:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    app()
