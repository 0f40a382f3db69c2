"""Say of every machine how likely it fails, where enough have, and whether its readings are odd."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
from mlflow.tracking import MlflowClient
from threadpoolctl import threadpool_limits

from loomline.code import code_commit
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, tables_of
from models.governance.approvals import Desk
from models.governance.use import VersionInUse, version_in_use, why_none
from models.holdout import TooFewError
from models.inventory import declared_model
from models.machine_health.declared import declared_version
from models.machine_health.evidence import failure_evidence
from models.machine_health.health_rows import health_rows
from models.machine_health.history import History
from models.machine_health.inputs import EVENT, TELLING, failed_machines, read_history
from models.machine_health.machine_dates import machine_dates, sundays
from models.machine_health.registering import (
    DECLARED,
    log_and_register,
    open_failures,
    read_failure_model,
)
from models.machine_health.specification import MODEL_NAME, Specification
from models.machine_health.training import train, training_part
from models.made_tables import write_made
from models.registered import Origin, newest_known, table_versions

HEALTH = "scores.machine_health"
SPECIFICATION = Specification()
# Of what a model must have been trained to tell of machines now.
TAGS = {DECLARED: declared_version(SPECIFICATION)}


def _nothing(context: JobContext) -> JobResult:
    """Take away the rows of an earlier run for the date, of a lake that had machines then."""
    write_made(context, {}, (HEALTH,))
    return JobResult(0, 0, ("no machine has been told of by then",))


def _train(context: JobContext, client: MlflowClient, recent: History) -> None:
    """Train as of the date, of whose last days the recent history is, and register what comes.

    Raises:
        TooFewError: too few machines failed in closed intervals.
    """
    history = read_history(context, SPECIFICATION.history_days + SPECIFICATION.training_days)
    dates = machine_dates(history, sundays(history.last_day, SPECIFICATION), SPECIFICATION)
    part = training_part(dates, history.last_day, SPECIFICATION)
    scored = machine_dates(recent, np.array([recent.last_day]), SPECIFICATION).values
    # On one thread sums add up in one order: the same rows give the same model anywhere.
    with threadpool_limits(limits=1):
        trained = train(part, SPECIFICATION)
    versions = table_versions(context.spark, TELLING)
    log_and_register(
        client,
        part,
        failure_evidence(part, trained, scored, SPECIFICATION),
        SPECIFICATION,
        Origin(context.as_of_date, TAGS, versions, code_commit()),
        declared_model(context.catalog, MODEL_NAME),
    )


def _version(context: JobContext, history: History) -> tuple[VersionInUse | None, list[str]]:
    """The version that is used for the date, one trained anew where due; and notes."""
    failed, too_few = failed_machines(context), SPECIFICATION.least_failed
    if failed < too_few:
        why = f"no model: {failed} machines were known to have failed, {too_few} are needed"
        return None, [why]
    notes = list[str]()
    desk = Desk(context, open_failures(context.settings), MODEL_NAME)
    today, approvals = context.as_of_date, desk.standing()
    # One that was refused or withdrawn saves no training: another one is wanted.
    newest = newest_known(desk.client, MODEL_NAME, today, TAGS, approvals.may_be_followed)
    patience = timedelta(days=declared_model(context.catalog, MODEL_NAME).retrain_after_days)
    if newest is None or today >= newest.trained_as_of + patience:
        try:
            _train(context, desk.client, history)
        except TooFewError as error:
            notes.append(f"{'no model' if newest is None else 'not trained anew'}: {error}")
    used = version_in_use(desk, approvals, today, TAGS)
    if used is None:
        return None, notes or [f"no model: {why_none(MODEL_NAME)}"]
    said = f"{MODEL_NAME} version {used.model.version} of {used.model.trained_as_of}"
    return used, [said, *notes]


def health_by(used: VersionInUse | None, history: History) -> pa.Table:
    """The rows of `scores.machine_health` that a version, if any, makes of the recent history."""
    model = read_failure_model(used.desk.client, used.model) if used else None
    # On one thread sums add up in one order: the same history gives the same rows anywhere.
    with threadpool_limits(limits=1):
        return health_rows(
            history, history.last_day, model, used.columns if used else {}, SPECIFICATION
        )


def run(context: JobContext) -> JobResult:
    """Write a row for every machine that was reported on or read of late.

    The model is the newest approved one that knew of nothing later, of the covariates as they are
    declared now; before a first approval the newest one. After the inventory's patience it is
    followed by a new candidate. Where too few machines failed to learn from, or no version may be
    used, the anomalies alone are written, and a note says so.

    Raises:
        CatalogueError: the inventory does not hold.
        LoomlineError: the record of approvals is broken, or the approved version is no longer what
            was approved.
    """
    spark = context.spark
    if not set(TELLING) & tables_of(spark, "silver"):
        return _nothing(context)
    create_tables(spark, context.catalog, (HEALTH, EVENT))
    # A longer one, as a training reads, would know of other machines and their stops: rows must not
    # depend on whether the run trained.
    history = read_history(context, SPECIFICATION.history_days)
    used, notes = _version(context, history)
    rows = health_by(used, history)
    write_made(context, {HEALTH: rows}, (HEALTH,))
    if not rows.num_rows:
        notes.append("no machine was reported on or read of late")
    read = len(history.reports) + int((~np.isnat(history.sensors.known_date)).sum())
    return JobResult(read, rows.num_rows, tuple(notes))
