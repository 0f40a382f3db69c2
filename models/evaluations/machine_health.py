"""Failures of machines ahead on simulated ecosystems, beside naive ranks.

Protocol and results: docs/machine-health.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from loomline.job import JobContext
from models.arrays import DAYS
from models.evaluations.evaluation import Evaluation, Figure
from models.evaluations.one_processor import on_one_processor
from models.evaluations.simulated_lakes import Ecosystem, Step, kept_rows, steps_on_last_day
from models.evaluations.split_figures import calibration_figures, figures_of_splits
from models.holdout import joined
from models.machine_health.declared import NAMES
from models.machine_health.evaluation import HAZARD, Measured, measure
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

NAME = "machine_health"
SPECIFICATION = Specification()
SEEN = tuple(f"seen_known_date_{days}" for days in SPECIFICATION.horizons)
# No covariate is of them.
DROPPED = ("logistics", "meters", "warehouse", "weather")
TRAINED = (Ecosystem(seed=42, enterprises=60, days=366, dropped=DROPPED),)
UNSEEN = (Ecosystem(seed=43, enterprises=40, days=366, dropped=DROPPED),)
JOBS = ("land", "conform", "rollup", "enterprise", "identity")


def steps(ecosystem: Ecosystem) -> tuple[Step, ...]:
    """What is run on the files of an ecosystem, in order."""
    return steps_on_last_day(ecosystem, JOBS)


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


def _read(context: JobContext) -> pd.DataFrame:
    days = SPECIFICATION.history_days + SPECIFICATION.training_days
    history = read_history(context, days)
    told = np.flatnonzero(history.machines.listed.tells_failures)
    read = np.intersect1d(history.sensors.machine, told)
    print(
        f"{len(told)} machines that tell of failures, {len(read)} of them are read",
        file=sys.stderr,
    )
    dates = machine_dates(history, sundays(history.last_day, SPECIFICATION), SPECIFICATION)
    return as_frame(dates)


def read_all(folder: Path, ecosystems: Sequence[Ecosystem]) -> MachineDates:
    """The machine-dates of ecosystems; names are kept apart by the ecosystem's.

    Raises:
        LoomlineError: a lake can't be made or read.
    """
    parts = []
    for one in ecosystems:
        frame = kept_rows(folder, one, steps(one), _read)
        for name in TEXTS:
            frame[name] = f"{one.name}/" + frame[name]
        parts.append(from_frame(frame))
    return joined(parts)


def _described(dates: MachineDates) -> str:
    has_failed = ~np.isnat(dates.failure_date)
    return (
        f"{len(dates.values):,} machine-dates of {len(np.unique(dates.machine_id))} machines of "
        f"{len(np.unique(dates.owner))} owners on {len(np.unique(dates.as_of_date))} dates; "
        f"{len(np.unique(dates.machine_id[has_failed]))} machines failed later"
    )


def split_figures(measured: Measured) -> tuple[Figure, ...]:
    """Every figure of a split: rankings, differences, and calibration at each horizon."""
    figures = [*measured.figures, *measured.differences]
    for days, bins in measured.reliability:
        figures += calibration_figures(HAZARD, f"failed within {days} days", bins)
    return tuple(figures)


def all_figures(
    dates: MachineDates, others: MachineDates, specification: Specification
) -> tuple[Figure, ...]:
    """The figures of all splits; those of other ecosystems are only measured on."""
    splits = {
        "out of time": partial(out_of_time, dates, specification),
        "out of enterprise": partial(out_of_enterprise, dates, specification),
        "unseen seed": partial(unseen_seed, dates, others, specification),
    }
    measured = (measure(*split, specification) for split in splits.items())
    return figures_of_splits(measured, split_figures)


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol, on ecosystems that are simulated in the folder."""
    dates, others = (read_all(folder / NAME, each) for each in (TRAINED, UNSEEN))
    print(f"training ecosystem: {_described(dates)}", file=sys.stderr)
    print(f"unseen ecosystem: {_described(others)}", file=sys.stderr)
    return all_figures(dates, others, SPECIFICATION)


EVALUATION = Evaluation(
    name=NAME,
    question="Which machines fail within 7 and 30 days?",
    folder=None,
    run=run,
    takes="about an hour",
)
