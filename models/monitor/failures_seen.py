"""Machine failures as the monitoring sees them: covariates of the date, and what failed since."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loomline.job import JobContext
from models.arrays import DAYS
from models.machine_health.covariates import covariates
from models.machine_health.declared import COVARIATES
from models.machine_health.evidence import NAMING
from models.machine_health.history import History, days_ago
from models.machine_health.inputs import read_history
from models.machine_health.machine_dates import dates_of, outcome_within
from models.machine_health.specification import MODEL_NAME, Specification
from models.monitor.hazard import Covariates, Hazard, Outcomes

SPECIFICATION = Specification()
FAILURES = Hazard(
    model_name=MODEL_NAME,
    table="scores.machine_health",
    entity="machine_id",
    horizons=SPECIFICATION.horizons,
    probabilities=tuple(f"failure_{days}_ratio" for days in SPECIFICATION.horizons),
    reporting_days=SPECIFICATION.reporting_days,
    # An anomaly is found without the model, and is no alarm of it.
    alarm=None,
    naming=NAMING,
)


def _places(history: History) -> pd.Series[int]:
    """The place of each machine among the listed ones."""
    listed = history.machines.listed
    return pd.Series(np.arange(len(listed)), listed.machine_id)


def failure_covariates(
    history: History, machine_ids: Sequence[str], as_of: np.datetime64
) -> Covariates:
    """The covariates of machines of the history on a date; the unit is the owner."""
    places = _places(history).reindex(list(machine_ids)).dropna().to_numpy(dtype=np.int64)
    owners = history.machines.listed.owner.to_numpy(dtype=object)
    described = {one.name: (one.description_en, one.description_zh) for one in COVARIATES}
    values = covariates(history, as_of, SPECIFICATION).iloc[places]
    return Covariates(values, owners[places], described)


def failure_outcomes(past: pd.DataFrame, history: History) -> Outcomes:
    """What became of past rows by what the history knows, by the protocol of the model.

    `past` has `as_of_date` and `machine_id`, a date's rows standing together. A machine that is not
    in the history was not reported on since, and its rows count nowhere.
    """
    horizons = range(SPECIFICATION.interval_count)
    place = _places(history).reindex(past.machine_id).to_numpy(dtype=float)
    counts = np.zeros((len(past), len(horizons)), dtype=bool)
    outcome = np.zeros((len(past), len(horizons)))
    unit = past.machine_id.to_numpy(dtype=object).copy()
    found = np.flatnonzero(~np.isnan(place))
    if len(found):
        days = pd.to_datetime(past.as_of_date).to_numpy().astype(DAYS)[found]
        machines = place[found].astype(np.int64)
        places = {day: machines[days == day] for day in np.unique(days)}
        dates = dates_of(history, pd.DataFrame(index=range(len(found))), places, SPECIFICATION)
        for at in horizons:
            counts[found, at], outcome[found, at] = outcome_within(
                dates, at, history.last_day, SPECIFICATION
            )
        unit[found] = dates.owner
    return Outcomes(counts, outcome, unit)


def see_failures(
    context: JobContext, rows: pd.DataFrame, past: pd.DataFrame, names: Sequence[str]
) -> tuple[Covariates | None, Outcomes]:
    """The covariates of the rows of the date, and what became of past rows.

    All covariates are seen, whichever are named; without names there are none to see.
    """
    today = np.datetime64(context.as_of_date, "D")
    days = SPECIFICATION.history_days
    if len(past):
        days = max(days, 1 + int(days_ago(today, pd.to_datetime(past.as_of_date)).max()))
    history = read_history(context, days)
    seen = failure_covariates(history, rows.machine_id.tolist(), today) if names else None
    return seen, failure_outcomes(past, history)
