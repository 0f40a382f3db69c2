"""Count, table by table, what no canonical table may hold, from what the table got and lost.

A key stands twice when two of its rows were not superseded. Where no key did when the table was
last checked, one that does now has a row that came since. Delta itself refuses a row without a
required value.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from loomline.job import JobContext
from loomline.lake import (
    changed_rows,
    quoted,
    rows_at,
    rows_frame,
    table_version,
    tables_of,
)
from loomline.ranges import reach_columns, reach_condition
from loomline.side_by_side import side_by_side
from loomline.tables import Table, load_tables

SILVER = "silver"
KEY_CHECK = "quality.key_check"
COUNTS = ("row_count", "superseded_row_count", "early_row_count", "reversed_row_count")


def _with_moments(rows: DataFrame, table: Table) -> DataFrame:
    """Rows with the moments of canonical ones; a rollup has no versions, and none of its own."""
    if table.has_shared_columns:
        return rows
    none = F.lit(None).cast("timestamp")
    return rows.withColumns({"superseded_at": none, "event_at": none})


def _counts() -> list[Column]:
    """The sums of signed rows, in the order of `COUNTS`."""
    conditions = (
        F.lit(True),
        F.col("superseded_at").isNotNull(),
        F.col("known_at") < F.col("event_at"),
        F.col("superseded_at") < F.col("known_at"),
    )
    return [
        F.coalesce(F.sum(F.when(condition, F.col("sign"))), F.lit(0)).alias(name)
        for name, condition in zip(COUNTS, conditions, strict=True)
    ]


def _all_counts(rows: DataFrame, key: tuple[str, ...]) -> tuple[list[int], int]:
    """The counts of all rows of a table, and its repeated keys."""
    standing = rows.where("superseded_at is null").groupBy(*[quoted(name) for name in key]).count()
    repeated = standing.agg(F.count_if(F.col("count") > 1).alias("repeated_key_count"))
    (found,) = rows.withColumn("sign", F.lit(1)).agg(*_counts()).crossJoin(repeated).collect()
    return [found[one] for one in COUNTS], found["repeated_key_count"]


def _changed_counts(
    changed: DataFrame, rows: DataFrame, key: tuple[str, ...]
) -> tuple[list[int], int]:
    """The counts of changes, and the repeated keys of `rows` among those of rows that came."""
    names = [quoted(name) for name in key]
    (found,) = changed.agg(*_counts(), *reach_columns(changed, key)).collect()
    came = changed.where("sign > 0 and superseded_at is null")
    came = came.select(*names, F.lit(True).alias("came"))
    near = reach_condition(found, key, dict(rows.dtypes))
    standing = rows.where(near).where("superseded_at is null")
    standing = standing.select(*names, F.lit(False).alias("came"))
    keys = standing.unionByName(came).groupBy(*names)
    counts = keys.agg(F.max("came").alias("came"), F.count_if(~F.col("came")).alias("standing"))
    repeated = counts.where("came and standing > 1").count()
    return [found[one] for one in COUNTS], repeated


def _check(
    context: JobContext, name: str, table: Table, last: Row | None, version: int
) -> tuple[object, ...]:
    """One row of `quality.key_check`."""
    spark, key = context.spark, list(table.key)
    rows = _with_moments(rows_at(spark, name, version), table)
    if last is not None and last["key"] == key and last["table_version"] == version:
        counts, repeated = [last[one] for one in COUNTS], last["repeated_key_count"]
    elif (
        table.keeps_changes
        and last is not None
        and last["key"] == key
        and last["table_version"] < version
        and not last["repeated_key_count"]
    ):
        changed = changed_rows(spark, name, last["table_version"], version)
        changed = _with_moments(changed, table)
        found, repeated = _changed_counts(changed, rows, table.key)
        counts = [last[one] + more for one, more in zip(COUNTS, found, strict=True)]
    else:
        counts, repeated = _all_counts(rows, table.key)
    checked_at = datetime.now(UTC)
    return (context.as_of_date, name, key, version, *counts[:2], repeated, *counts[2:], checked_at)


def key_checks(context: JobContext, afresh: bool) -> DataFrame:
    """One row a canonical table, as `quality.key_check` declares; `afresh` looks at all rows."""
    spark, declared = context.spark, load_tables(context.catalog)
    newest = F.max_by(F.struct("*"), "checked_at").alias("newest")
    rows = spark.table(KEY_CHECK).groupBy("table_name").agg(newest).collect()
    last = {} if afresh else {row["table_name"]: row["newest"] for row in rows}

    def check(name: str) -> tuple[object, ...]:
        version = table_version(spark, name, context.warehouse)
        return _check(context, name, declared[name], last.get(name), version or 0)

    names = sorted(tables_of(spark, SILVER) & declared.keys())
    checks = side_by_side(check, names)
    return rows_frame(spark, context.catalog, KEY_CHECK, checks)
