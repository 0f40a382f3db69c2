"""Watch over the hazards that gave results for a date: drift, outcomes, estimates, proposals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient

from loomline.job import JobContext
from models.inventory import declared_model
from models.monitor.estimation import estimate_findings
from models.monitor.failures_seen import FAILURES, see_failures
from models.monitor.finding import Finding, Watched
from models.monitor.hazard import Covariates, Hazard, Outcomes
from models.monitor.hazard_drift import hazard_drift_findings
from models.monitor.hazard_inputs import (
    read_hazard_dates,
    read_past,
    read_reference,
    read_rows,
    read_validated,
)
from models.monitor.hazard_maturing import CameTrue, ClosedDates, closed_dates
from models.monitor.hazard_outcomes import hazard_outcome_findings
from models.monitor.proposals import proposals
from models.monitor.thresholds import Thresholds
from models.monitor.validation_age import validation_finding
from models.monitor.warnings_seen import WARNINGS, see_warnings

See = Callable[
    [JobContext, pd.DataFrame, pd.DataFrame, Sequence[str]], tuple[Covariates | None, Outcomes]
]
HAZARDS: tuple[tuple[Hazard, See], ...] = ((WARNINGS, see_warnings), (FAILURES, see_failures))


def came_true(
    hazard: Hazard, closed: Sequence[ClosedDates], past: pd.DataFrame, outcomes: Outcomes
) -> list[CameTrue]:
    """The past rows of closed dates whose outcome is known, an item a horizon.

    `past` has the columns of the hazard, `as_of_date` and `model_version`.
    """
    found = []
    for one in closed:
        at = hazard.horizons.index(one.days)
        is_of = past.as_of_date.isin(one.dates) & (past.model_version == one.model_version)
        rows = np.flatnonzero(is_of.to_numpy() & outcomes.counts[:, at])
        alarms = None
        if hazard.alarm is not None:
            alarms = past[hazard.alarm].to_numpy(dtype=bool)[rows]
        found.append(
            CameTrue(
                one,
                past[hazard.probabilities[at]].to_numpy(dtype=float)[rows],
                outcomes.outcome[rows, at],
                outcomes.unit[rows],
                alarms,
            )
        )
    return found


def _closed(
    context: JobContext, hazard: Hazard, version: str, look_back_days: int
) -> list[ClosedDates]:
    scored = read_hazard_dates(context, hazard, look_back_days)
    found = [
        closed_dates(scored, version, days, hazard.reporting_days, context.as_of_date)
        for days in hazard.horizons
    ]
    return [one for one in found if one is not None]


def watch_hazard(
    context: JobContext,
    client: MlflowClient,
    hazard: Hazard,
    see: See,
    thresholds: Thresholds,
) -> list[Finding]:
    """What is found of a hazard as of the date; nothing where it gave no probability.

    Raises:
        LoomlineError: the registry doesn't know a version that gave rows.
    """
    today = read_rows(context, hazard)
    if today is None:
        return []
    of = Watched(today.model_version, "champion")
    closed = _closed(context, hazard, today.model_version, thresholds.hazards.look_back_days)
    past = read_past(context, hazard, {day for one in closed for day in one.dates})
    reference = read_reference(client, hazard, today.model_version)
    names = () if reference is None else reference.covariates
    covariates, outcomes = see(context, today.rows, past, names)
    probability = today.rows[hazard.probabilities[-1]].to_numpy(dtype=float)
    drift = hazard_drift_findings(of, hazard, reference, probability, covariates, thresholds.drift)
    areas = read_validated(client, hazard, [one.model_version for one in closed])
    came = came_true(hazard, closed, past, outcomes)
    last = hazard.horizons[-1]
    # A row is of an enterprise where nothing says better.
    units = None if covariates is None else covariates.unit_count
    estimates = estimate_findings(
        *(of, None if reference is None else reference.expected_auc, probability),
        *(thresholds.simulation, thresholds.discrimination.auc_drop),
        enterprises=units,
        within=(f" of {last} days", f"（{last}天）"),
    )
    model = declared_model(context.catalog, hazard.model_name)
    findings = [
        *drift,
        *hazard_outcome_findings(of, hazard, came, areas, thresholds),
        *estimates,
        validation_finding(of, today.trained_as_of, context.as_of_date, model),
    ]
    return [*findings, *proposals(findings, of)]


def watch_hazards(
    context: JobContext, client: MlflowClient, thresholds: Thresholds, there: set[str]
) -> dict[str, list[Finding]]:
    """What is found of every hazard, by the name of its model.

    `there` names the tables of scores that the lake has.

    Raises:
        LoomlineError: the registry doesn't know a version that gave rows.
    """
    return {
        hazard.model_name: watch_hazard(context, client, hazard, see, thresholds)
        for hazard, see in HAZARDS
        if hazard.table in there
    }
