"""Say of every machine how likely it fails, where enough have, and whether its readings are odd."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from threadpoolctl import threadpool_limits

from loomline.code import code_commit
from loomline.job import JobContext, JobResult
from loomline.lake import (
    clear_rows,
    create_tables,
    replace_rows,
    sql_literal,
    table_exists,
    table_version,
    tables_of,
)
from models.governance.standing import standing
from models.governance.store import read_events
from models.holdout import TooFewError
from models.inventory import declared_model
from models.machine_health.declared import declared_version
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
from models.registered import RegisteredModel, newest_known

HEALTH = "scores.machine_health"
SPECIFICATION = Specification()


def _nothing(context: JobContext, condition: str) -> JobResult:
    """Take away the rows of an earlier run for the date, of a lake that had machines then."""
    if table_exists(context.spark, HEALTH):
        clear_rows(context.spark, HEALTH, condition)
    return JobResult(0, 0, ("no machine has been told of by then",))


def _train(context: JobContext, history: History, tags: dict[str, str]) -> RegisteredModel:
    """Train as of the date.

    Raises:
        TooFewError: too few machines failed in closed intervals.
    """
    dates = machine_dates(history, sundays(history.last_day, SPECIFICATION), SPECIFICATION)
    part = training_part(dates, history.last_day, SPECIFICATION)
    # On one thread sums add up in one order: the same rows give the same model anywhere.
    with threadpool_limits(limits=1):
        trained = train(part, SPECIFICATION)
    versions = {
        f"delta_version.{name}": str(table_version(context.spark, name)) for name in TELLING
    }
    return log_and_register(
        open_failures(context.settings),
        *(part, trained, SPECIFICATION, context.as_of_date),
        {**tags, **versions, "code_commit": code_commit()},
    )


def _model(context: JobContext) -> tuple[RegisteredModel | None, History, list[str]]:
    """The model that holds for the date, trained anew where due; the history; and notes."""
    days, too_few = SPECIFICATION.history_days, SPECIFICATION.least_failed
    failed = failed_machines(context)
    if failed < too_few:
        why = f"no model: {failed} machines were known to have failed, {too_few} are needed"
        return None, read_history(context, days), [why]
    tags = {DECLARED: declared_version(SPECIFICATION)}
    client = open_failures(context.settings)
    found = newest_known(client, MODEL_NAME, context.as_of_date, tags)
    patience = timedelta(days=declared_model(context.catalog, MODEL_NAME).retrain_after_days)
    if found is not None and context.as_of_date < found.trained_as_of + patience:
        return found, read_history(context, days), []
    history = read_history(context, days + SPECIFICATION.training_days)
    try:
        return _train(context, history, tags), history, []
    except TooFewError as error:
        kept = "no model" if found is None else "not trained anew"
        return found, history, [f"{kept}: {error}"]


def run(context: JobContext) -> JobResult:
    """Write a row for every machine that was reported on or read of late.

    The model is the newest one that knew of nothing later, of the covariates as they are declared
    now; after the inventory's patience it is followed by a new one. Where too few machines failed
    to learn from, the anomalies alone are written, and a note says so.

    Raises:
        CatalogueError: the inventory does not hold.
    """
    spark = context.spark
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    if not set(TELLING) & tables_of(spark, "silver"):
        return _nothing(context, condition)
    create_tables(spark, context.catalog, (HEALTH, EVENT))
    found, history, notes = _model(context)
    model, of_model = None, dict[str, object]()
    if found is not None:
        model = read_failure_model(open_failures(context.settings), found)
        of_model = {
            "model_name": MODEL_NAME,
            "model_version": found.version,
            "trained_as_of": found.trained_as_of,
            "is_approved": found.version in standing(read_events(spark), MODEL_NAME).approved,
        }
        notes.insert(0, f"{MODEL_NAME} version {found.version} of {found.trained_as_of}")
    rows = health_rows(
        history,
        np.datetime64(context.as_of_date, "D"),
        *(model, of_model, SPECIFICATION),
    )
    replace_rows(spark.createDataFrame(rows), HEALTH, condition)
    read = len(history.reports) + int((~np.isnat(history.sensors.known_date)).sum())
    return JobResult(read, rows.num_rows, tuple(notes))
