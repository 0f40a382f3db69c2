"""Say of every machine how likely it fails, where enough have, and whether its readings are odd."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from mlflow.tracking import MlflowClient
from threadpoolctl import threadpool_limits

from loomline.code import code_commit
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, tables_of
from models.arrays import DAYS
from models.governance.approvals import Desk
from models.governance.use import version_in_use, why_none
from models.holdout import TooFewError
from models.inventory import declared_model
from models.machine_health.declared import declared_version
from models.machine_health.evidence import failure_evidence
from models.machine_health.failure_model import FailureModel
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


def _nothing(context: JobContext) -> JobResult:
    """Take away the rows of an earlier run for the date, of a lake that had machines then."""
    write_made(context, {}, (HEALTH,))
    return JobResult(0, 0, ("no machine has been told of by then",))


def _train(
    context: JobContext, client: MlflowClient, history: History, tags: dict[str, str]
) -> None:
    """Train as of the date, and register what comes of it.

    Raises:
        TooFewError: too few machines failed in closed intervals.
    """
    dates = machine_dates(history, sundays(history.last_day, SPECIFICATION), SPECIFICATION)
    part = training_part(dates, history.last_day, SPECIFICATION)
    today = np.array([context.as_of_date], dtype=DAYS)
    scored = machine_dates(history, today, SPECIFICATION).values
    # On one thread sums add up in one order: the same rows give the same model anywhere.
    with threadpool_limits(limits=1):
        trained = train(part, SPECIFICATION)
    versions = table_versions(context.spark, TELLING)
    log_and_register(
        client,
        part,
        failure_evidence(part, trained, scored, SPECIFICATION),
        SPECIFICATION,
        Origin(context.as_of_date, tags, versions, code_commit()),
        declared_model(context.catalog, MODEL_NAME),
    )


def _model(
    context: JobContext,
) -> tuple[FailureModel | None, dict[str, object], History, list[str]]:
    """The model of the date, trained anew where due, its columns; the history; and notes."""
    days, too_few = SPECIFICATION.history_days, SPECIFICATION.least_failed
    failed = failed_machines(context)
    if failed < too_few:
        why = f"no model: {failed} machines were known to have failed, {too_few} are needed"
        return None, {}, read_history(context, days), [why]
    tags, notes = {DECLARED: declared_version(SPECIFICATION)}, list[str]()
    desk = Desk(context, open_failures(context.settings), MODEL_NAME)
    client, today, approvals = desk.client, context.as_of_date, desk.standing()
    # One that was refused or withdrawn saves no training: another one is wanted.
    newest = newest_known(client, MODEL_NAME, today, tags, approvals.may_be_followed)
    patience = timedelta(days=declared_model(context.catalog, MODEL_NAME).retrain_after_days)
    if newest is None or today >= newest.trained_as_of + patience:
        history = read_history(context, days + SPECIFICATION.training_days)
        try:
            _train(context, client, history, tags)
        except TooFewError as error:
            notes.append(f"{'no model' if newest is None else 'not trained anew'}: {error}")
    else:
        history = read_history(context, days)
    found = version_in_use(desk, approvals, today, tags)
    if found is None:
        return None, {}, history, notes or [f"no model: {why_none(MODEL_NAME)}"]
    of_model: dict[str, object] = {
        "model_name": MODEL_NAME,
        "model_version": found.version,
        "trained_as_of": found.trained_as_of,
        "is_approved": found.version in approvals.approved,
    }
    notes.insert(0, f"{MODEL_NAME} version {found.version} of {found.trained_as_of}")
    return read_failure_model(client, found), of_model, history, notes


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
    model, of_model, history, notes = _model(context)
    rows = health_rows(
        history,
        np.datetime64(context.as_of_date, "D"),
        *(model, of_model, SPECIFICATION),
    )
    write_made(context, {HEALTH: rows}, (HEALTH,))
    if not rows.num_rows:
        notes.append("no machine was reported on or read of late")
    read = len(history.reports) + int((~np.isnat(history.sensors.known_date)).sum())
    return JobResult(read, rows.num_rows, tuple(notes))
