"""Job `rollup`: telemetry by minute and by day, computed anew where readings have come or gone.

Reads `silver.telemetry`; writes `silver.telemetry_minute`, `silver.telemetry_day` and
`ops.rollup_mark`.

The mark says up to which Delta version of `silver.telemetry` the rollups are done. Delta's change
feed names the rows that came and went since; the days of their machines are computed anew from all
their readings, and no other day is read. The mark is moved last: a kill anywhere leaves the old
one, and the rerun computes the same days again. Days of which retention has let readings go are
final and stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.job import JobContext, JobResult
from loomline.lake import (
    align_layout,
    changed_rows,
    create_tables,
    kept,
    put_differences,
    replace_rows,
    rows_at,
    rows_frame,
    seen_version,
    sql_literal,
    table_version,
)
from loomline.tables import table_declaration
from spark_jobs.rollup_figures import (
    MACHINE_DAY,
    day_rollup,
    minute_rollup,
    reading_date,
    readings_of,
)

TELEMETRY = "silver.telemetry"
DAY = "silver.telemetry_day"
ROLLUPS: dict[str, Callable[[DataFrame], DataFrame]] = {
    "silver.telemetry_minute": minute_rollup,
    DAY: day_rollup,
}
MARK = "ops.rollup_mark"
# So many days are computed in one go: a long history need not fit the engine.
DAYS_AT_ONCE = 7

# A first and a last day, in days since 1970.
Span = tuple[int, int]


def spans(days: Iterable[int]) -> list[Span]:
    """Days as spans without a gap, in order."""
    found: list[Span] = []
    for day in sorted(set(days)):
        if found and found[-1][1] == day - 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _dates_condition(days: list[Span], column: str) -> str:
    """The SQL condition that a date is one of the days."""
    return " or ".join(
        f"{column} between date_from_unix_date({first}) and date_from_unix_date({last})"
        for first, last in days
    )


def _moments_condition(days: list[Span], zone: str) -> str:
    """The SQL condition that `device_time` is on one of the days in a zone; Delta prunes by it."""
    return " or ".join(
        f"(device_time >= {_midnight(first, zone)} and device_time < {_midnight(last + 1, zone)})"
        for first, last in days
    )


def _midnight(day: int, zone: str) -> str:
    return f"to_utc_timestamp(timestamp(date_from_unix_date({day})), {sql_literal(zone)})"


def _mark(context: JobContext) -> int | None:
    """The version of the telemetry up to which the rollups are done; None before the first."""
    marks = context.spark.table(MARK).where(f"table_name = {sql_literal(TELEMETRY)}").collect()
    return int(marks[0]["table_version"]) if marks else None


def _set_mark(context: JobContext, version: int) -> None:
    row = rows_frame(context.spark, context.catalog, MARK, [(TELEMETRY, version)])
    replace_rows(row, MARK, f"table_name = {sql_literal(TELEMETRY)}")


def _touched(context: JobContext, mark: int | None, version: int) -> DataFrame:
    """The machine-days with readings that came or went after the mark."""
    spark, zone = context.spark, context.settings.time_zone
    day = reading_date("device_time", zone).alias("reading_date")
    after = seen_version(mark, version)
    changed = changed_rows(spark, TELEMETRY, after, version)
    touched = changed.select("code_system", "machine_code", day)
    if after is None:
        touched = touched.unionByName(spark.table(DAY).select(*MACHINE_DAY))
    return kept(touched.distinct())


def _roll_up(
    context: JobContext, touched: DataFrame, days: list[Span], version: int
) -> tuple[int, int]:
    """Compute the rollups of machine-days within spans of days; how many days, and their rows."""
    spark, zone = context.spark, context.settings.time_zone
    dates = _dates_condition(days, "reading_date")
    final = spark.table(DAY).where(f"is_final and ({dates})")
    machine_days = touched.where(dates).join(final, list(MACHINE_DAY), "left_anti")
    machine_days = kept(machine_days)
    telemetry = rows_at(spark, TELEMETRY, version)
    readings = readings_of(telemetry.where(_moments_condition(days, zone)), zone)
    readings = readings.join(F.broadcast(machine_days), list(MACHINE_DAY), "left_semi")
    written = 0
    for name, rollup in ROLLUPS.items():
        standing = spark.table(name)
        fresh = rollup(readings).select(*standing.columns)
        before = standing.where(dates).join(
            F.broadcast(machine_days), list(MACHINE_DAY), "left_semi"
        )
        key = table_declaration(context.catalog, name).key
        fresh = kept(fresh)
        put_differences(fresh, before, name, key, _dates_condition(days, f"{name}.reading_date"))
        written += fresh.count()
    return machine_days.count(), written


def run(context: JobContext) -> JobResult:
    """Bring the rollups in step with the telemetry as it is now."""
    spark = context.spark
    create_tables(spark, context.catalog, (TELEMETRY, *ROLLUPS, MARK))
    mark = _mark(context)
    if mark is None:
        align_layout(spark, context.catalog, TELEMETRY)
    version = table_version(spark, TELEMETRY, context.warehouse)
    if version is None or version == mark:
        return JobResult(0, 0)
    touched = _touched(context, mark, version)
    dates = touched.select(F.unix_date("reading_date").alias("day")).distinct().collect()
    days = sorted(row["day"] for row in dates)
    computed = written = 0
    for first in range(0, len(days), DAYS_AT_ONCE):
        at_once = spans(days[first : first + DAYS_AT_ONCE])
        machine_days, rows = _roll_up(context, touched, at_once, version)
        computed, written = computed + machine_days, written + rows
    _set_mark(context, version)
    return JobResult(computed, written, (f"{computed:,} machine-days computed anew",))
