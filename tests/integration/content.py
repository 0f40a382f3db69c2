"""Compare what tables hold, whatever their versions and the moments at which they were written."""

from __future__ import annotations

import hashlib

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

# Columns that say when or by which run a row was written, not what it says.
RUN_TIME_COLUMNS = frozenset({"landed_at", "run_id", "started_at", "ended_at", "checked_at"})


def content_hash(spark: SparkSession, table: str, condition: str = "true") -> str:
    """A hash of the rows of a table for which `condition` holds, in any order.

    Every column counts but those of `RUN_TIME_COLUMNS`; equal rows count as often as they occur.
    """
    frame = spark.table(table).where(condition)
    columns = [name for name in sorted(frame.columns) if name not in RUN_TIME_COLUMNS]
    # A map has no order of its own; its entries sorted have.
    values = [
        F.sort_array(F.map_entries(name)) if kind.startswith("map<") else F.col(name)
        for name, kind in ((name, dict(frame.dtypes)[name]) for name in columns)
    ]
    named = [value.alias(name) for value, name in zip(values, columns, strict=True)]
    text = F.to_json(F.struct(*named), {"ignoreNullFields": "false"})
    rows = frame.select(F.sha2(text, 256).alias("row")).collect()
    digest = hashlib.sha256("\n".join(columns).encode())
    for row in sorted(row["row"] for row in rows):
        digest.update(row.encode())
    return f"{len(rows)} rows {digest.hexdigest()}"


def content_hashes(spark: SparkSession, tables: list[str]) -> dict[str, str]:
    """The content hash of each table."""
    return {table: content_hash(spark, table) for table in tables}
