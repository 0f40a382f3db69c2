"""The record of model events in the lake: read it whole, add one event."""

from __future__ import annotations

from datetime import UTC

from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import append_rows, create_tables, quoted, rows_frame, table_exists
from loomline.tables import table_declaration
from models.governance.record import Event, broken_links, sealed

MODEL_EVENTS = "governance.model_event"
# What Delta's history of a record that only grows may hold; compaction moves rows and keeps them.
GROWING = ("CREATE TABLE", "WRITE", "OPTIMIZE", "SET TBLPROPERTIES", "VACUUM START", "VACUUM END")


def read_events(spark: SparkSession) -> list[Event]:
    """All events in the order of their numbers, as they stand, whether they hold or not."""
    if not table_exists(spark, MODEL_EVENTS):
        return []
    rows = spark.table(MODEL_EVENTS).toArrow().to_pylist()
    events = [Event(**{**row, "recorded_at": row["recorded_at"].astimezone(UTC)}) for row in rows]
    return sorted(events, key=lambda event: (event.event_number, event.recorded_at))


def sound_events(spark: SparkSession) -> list[Event]:
    """All events, of a record that holds.

    Raises:
        LoomlineError: the record is broken, so that nobody can say what was approved.
    """
    events = read_events(spark)
    broken = broken_links(events)
    if broken:
        raise LoomlineError(
            f"The record of model approvals, {MODEL_EVENTS}, is broken: {' '.join(broken)}",
            "Look at `loomline model verify` and at the table's Delta history, find out who did "
            "it, and restore the version that held with `restore table ... to version as of`.",
        )
    return events


def append_event(context: JobContext, event: Event) -> Event:
    """Seal an event and add it to the record; the event as it was recorded.

    Raises:
        LoomlineError: the record is broken; nothing is added to it.
    """
    spark = context.spark
    create_tables(spark, context.catalog, (MODEL_EVENTS,))
    recorded = sealed(event, sound_events(spark))
    columns = table_declaration(context.catalog, MODEL_EVENTS).columns
    row = tuple(getattr(recorded, name) for name in columns)
    append_rows(rows_frame(spark, context.catalog, MODEL_EVENTS, [row]), MODEL_EVENTS)
    return recorded


def shrinking_commits(spark: SparkSession) -> list[str]:
    """A sentence for each Delta commit of the record that did something else than add rows."""
    if not table_exists(spark, MODEL_EVENTS):
        return []
    found = []
    for commit in spark.sql(f"describe history {quoted(MODEL_EVENTS)}").collect():
        mode = (commit["operationParameters"] or {}).get("mode", "Append")
        if commit["operation"] not in GROWING or mode != "Append":
            found.append(
                f"Delta version {commit['version']} of {MODEL_EVENTS} is a "
                f"{commit['operation']} ({mode}) of {commit['timestamp']:%Y-%m-%d %H:%M:%S}."
            )
    return found
