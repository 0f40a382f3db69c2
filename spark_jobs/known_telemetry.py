"""The days of telemetry whose rollup has changed since an instant, as they were known then.

A rollup is of the readings as they are known now. Where some came after the instant, the day is
rolled up again from those that were known by it, so that yesterday's marts stay yesterday's.
"""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.job import JobContext
from loomline.lake import known_condition, sql_literal
from spark_jobs.rollup_figures import MACHINE_DAY, day_rollup, readings_of

KNOWN_DAY = "intermediate.telemetry_day_known_then"
# What the marts look back on, and a day more for clocks that are wrong.
WINDOW_DAYS = 29


def _days_changed_since(context: JobContext) -> DataFrame:
    """The machine-days near the window of which readings became known after the as-of date.

    A device whose clock is days ahead names days of the future.
    """
    first = sql_literal(context.as_of_date - timedelta(days=WINDOW_DAYS))
    last = sql_literal(context.as_of_date + timedelta(days=1))
    days = context.spark.table("silver.telemetry_day")
    changed = days.where(f"known_at > {sql_literal(context.as_of_end)}")
    near = f"reading_date between {first} and {last} or clock_offset_seconds < -86400"
    return changed.where(near).select(*MACHINE_DAY).distinct()


def known_then(context: JobContext) -> DataFrame:
    """Rows as `silver.telemetry_day` has them, of the days that have changed since."""
    zone, days = context.settings.time_zone, context.spark.table("silver.telemetry_day")
    earliest = context.as_of_end - timedelta(days=WINDOW_DAYS + 2)
    telemetry = context.spark.table("silver.telemetry").where(known_condition(context.as_of_end))
    recent = telemetry.where(f"device_time >= {sql_literal(earliest)}")
    standing = recent.withColumn("superseded_at", F.lit(None).cast("timestamp"))
    changed = F.broadcast(_days_changed_since(context))
    readings = readings_of(standing, zone).join(changed, list(MACHINE_DAY), "left_semi")
    return day_rollup(readings).select(*days.columns)


def write_known_days(context: JobContext) -> None:
    """Write `intermediate.telemetry_day_known_then` for the as-of date; empty for a current one."""
    days = context.spark.table("silver.telemetry_day")
    has_changed = not _days_changed_since(context).isEmpty()
    rows = known_then(context) if has_changed else days.where("false")
    rows.writeTo(KNOWN_DAY).using("delta").createOrReplace()
