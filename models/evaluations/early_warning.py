"""Distress of borrowers ahead on simulated ecosystems, and what data of production add.

Protocol and results: docs/early-warning.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.settings import load_settings
from models.early_warning.declared import EVERYTHING, EarlyWarning, load_early_warning
from models.early_warning.evaluation import Measured, measure
from models.early_warning.firm_dates import DATES, TEXTS, FirmDates, firm_dates
from models.early_warning.inputs import read_firm_dates
from models.early_warning.specification import Specification
from models.early_warning.splits import out_of_chain, out_of_time, unseen_seed
from models.evaluations.evaluation import Evaluation, Figure
from models.evaluations.one_processor import on_one_processor
from models.evaluations.simulated_lakes import Ecosystem, Step, kept_rows, steps_on_last_day
from models.evaluations.split_figures import calibration_figures, figures_of_splits

NAME = "early_warning"
# No covariate is of it.
DROPPED = ("weather",)
TRAINED = (Ecosystem(seed=2, enterprises=1000, days=366, dropped=DROPPED),)
UNSEEN = (Ecosystem(seed=1, enterprises=400, days=366, dropped=DROPPED),)
JOBS = (
    *("land", "conform", "enterprise", "trade_relation", "ledger_balance", "credit_outcome"),
    *("identity", "daily_state"),
)
MONTHLY_JOB = "window_features"


def steps(ecosystem: Ecosystem) -> tuple[Step, ...]:
    """What is run on the files of an ecosystem, in order."""
    of_months = tuple((MONTHLY_JOB, month_end) for month_end in ecosystem.month_ends)
    return steps_on_last_day(ecosystem, JOBS) + of_months


def _read(declared: EarlyWarning, context: JobContext) -> pd.DataFrame:
    rows, chains = read_firm_dates(context, declared.feature_names)
    # Kept with the rows, because the protocol has them told each time.
    return rows.assign(is_by_customer=chains.is_by_customer, crossing_ratio=chains.crossing_ratio)


def _said_of_chains(rows: pd.DataFrame) -> str:
    kind = "trees of main customers" if rows.is_by_customer.any() else "connected groups"
    return (
        f"{rows.chain.nunique()} chains with borrowers, {kind}; {rows.crossing_ratio.max():.1%} "
        "of the money traded among enterprises crosses them"
    )


def read_all(folder: Path, ecosystems: Sequence[Ecosystem], declared: EarlyWarning) -> FirmDates:
    """The firm-dates of ecosystems as one portfolio; names are kept apart by the ecosystem's.

    Raises:
        LoomlineError: a lake can't be made or read, or kept rows lack a covariate.
    """
    parts = []
    for one in ecosystems:
        rows = kept_rows(folder, one, steps(one), partial(_read, declared))
        if missing := [name for name in declared.feature_names if name not in rows]:
            raise LoomlineError(
                f"The kept rows of {one.name} have no {missing[0]}.",
                f"Delete {folder} to have them made anew.",
            )
        print(f"{one.name}: {_said_of_chains(rows)}", file=sys.stderr)
        for name in TEXTS:
            rows[name] = f"{one.name}/" + rows[name]
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


def split_figures(measured: Measured, specification: Specification) -> tuple[Figure, ...]:
    """Every figure of a split: rankings, warnings, differences, and calibration of all sources."""
    event = f"distressed within {specification.horizons[-1]} days"
    bins = calibration_figures(EVERYTHING, event, measured.reliability)
    return (*measured.ranking, *measured.warning, *measured.differences, *bins)


def all_figures(
    dates: FirmDates, others: FirmDates, declared: EarlyWarning, specification: Specification
) -> tuple[Figure, ...]:
    """The figures of all splits; those of other ecosystems are only measured on."""
    splits = {
        "out of time": partial(out_of_time, dates, specification),
        "out of chain": partial(out_of_chain, dates, specification),
        "unseen seed": partial(unseen_seed, dates, others, specification),
    }
    measured = (measure(*split, declared, specification) for split in splits.items())
    return figures_of_splits(measured, partial(split_figures, specification=specification))


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol, on ecosystems that are simulated in the folder."""
    declared, own = load_early_warning(load_settings().catalog), folder / NAME
    dates, others = (read_all(own, each, declared) for each in (TRAINED, UNSEEN))
    print(f"training ecosystem: {_described(dates)}", file=sys.stderr)
    print(f"unseen ecosystem: {_described(others)}", file=sys.stderr)
    return all_figures(dates, others, declared, Specification())


EVALUATION = Evaluation(
    name=NAME,
    question="Which borrowers get into distress within 90 days, and do data of production tell?",
    folder=None,
    run=run,
    takes="about two hours and a half",
)
