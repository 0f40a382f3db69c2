"""The record of model events in the lake, and its end as it is marked in MLflow."""

from __future__ import annotations

import os
import pwd
from datetime import UTC, datetime

from mlflow.tracking import MlflowClient
from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import (
    APPEND_ONLY,
    append_rows,
    create_tables,
    quoted,
    rows_frame,
    table_exists,
)
from loomline.tables import table_declaration
from models.governance.record import (
    Event,
    broken_links,
    event_of,
    mark_of,
    sealed,
    unmarked_end,
)
from models.governance.standing import broken_rules
from models.specification import MODEL_NAME

MODEL_EVENTS = "governance.model_event"
# The end of the record of all models, apart from it: tags of one registered model.
ANNOUNCED, NEWEST = "record_announced", "record_newest"
# What Delta's history of a record that only grows holds; compaction moves rows and keeps them.
GROWING = ("CREATE TABLE", "WRITE", "OPTIMIZE", "VACUUM START", "VACUUM END")


def system_account() -> str:
    """The account of the operating system that this process runs under; its number without one."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def read_events(spark: SparkSession) -> list[Event]:
    """All events in the order of their numbers, as they stand, whether they hold or not."""
    if not table_exists(spark, MODEL_EVENTS):
        return []
    rows = spark.table(MODEL_EVENTS).toArrow().to_pylist()
    events = [event_of({**row, "recorded_at": row["recorded_at"].astimezone(UTC)}) for row in rows]
    return sorted(events, key=lambda event: (event.event_number, event.recorded_at))


def _marks(client: MlflowClient) -> tuple[str, str]:
    models = client.search_registered_models(f"name = '{MODEL_NAME}'")
    tags = models[0].tags if models else {}
    return tags.get(ANNOUNCED, ""), tags.get(NEWEST, "")


def record_findings(spark: SparkSession, client: MlflowClient, events: list[Event]) -> list[str]:
    """A sentence for everything by which the record is not what Loomline wrote."""
    # Of an event that was changed, the rules say nothing.
    broken = broken_links(events) or broken_rules(events)
    return broken + unmarked_end(events, *_marks(client)) + _open_to_change(spark)


def sound_events(spark: SparkSession, client: MlflowClient) -> list[Event]:
    """All events, of a record that holds.

    Raises:
        LoomlineError: the record is broken, so that nobody can say what was approved.
    """
    events = read_events(spark)
    broken = record_findings(spark, client, events)
    if broken:
        raise LoomlineError(
            f"The record of model approvals, {MODEL_EVENTS}, is broken: {' '.join(broken)}",
            "Look at `loomline model verify` and at the table's Delta history, find out who did "
            "it, and restore the version that held with `restore table ... to version as of`.",
        )
    return events


def append_event(context: JobContext, client: MlflowClient, event: Event) -> Event:
    """Seal an event and add it to the record; the event as it was recorded.

    Raises:
        LoomlineError: the record is broken; nothing is added to it.
    """
    spark = context.spark
    create_tables(spark, context.catalog, (MODEL_EVENTS,))
    before = sound_events(spark, client)
    recorded = sealed(event, before)
    mark = mark_of([*before, recorded])
    if not client.search_registered_models(f"name = '{MODEL_NAME}'"):
        # The record is one for all models, and this may be a lake of machines alone.
        client.create_registered_model(MODEL_NAME)
    client.set_registered_model_tag(MODEL_NAME, ANNOUNCED, mark)
    row = recorded.columns()
    columns = table_declaration(context.catalog, MODEL_EVENTS).columns
    values = tuple(row[name] for name in columns)
    append_rows(rows_frame(spark, context.catalog, MODEL_EVENTS, [values]), MODEL_EVENTS)
    client.set_registered_model_tag(MODEL_NAME, NEWEST, mark)
    return recorded


def _open_to_change(spark: SparkSession) -> list[str]:
    if not table_exists(spark, MODEL_EVENTS):
        return []
    (detail,) = spark.sql(f"describe detail {quoted(MODEL_EVENTS)}").collect()
    if detail["properties"].get(APPEND_ONLY) == "true":
        return []
    return [f"{MODEL_EVENTS} no longer refuses changes: its property {APPEND_ONLY} was taken away."]


def traces(spark: SparkSession, after: datetime | None) -> list[str]:
    """A sentence for each Delta commit after an instant that did something else than add rows.

    What stands in the table may be sound again; these say that somebody was at it.
    """
    if not table_exists(spark, MODEL_EVENTS):
        return []
    found = []
    history = spark.sql(f"describe history {quoted(MODEL_EVENTS)}").toArrow().to_pylist()
    for commit in history:
        mode = dict(commit["operationParameters"] or {}).get("mode", "Append")
        at = commit["timestamp"].astimezone(UTC)
        is_growing = commit["operation"] in GROWING and mode == "Append"
        if not is_growing and (after is None or at > after):
            found.append(
                f"Delta version {commit['version']} of {MODEL_EVENTS}, {at:%Y-%m-%d %H:%M:%S} UTC, "
                f"is a {commit['operation']} and adds no event."
            )
    return found
