"""Count, table by table, what no canonical table may hold: a pure function on frames.

A key stands twice when two of its rows were not superseded. Delta itself refuses a row without a
required value.
"""

from __future__ import annotations

from datetime import date
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from loomline.lake import quoted, tables_of
from loomline.tables import load_tables

SILVER = "silver"


def key_checks(spark: SparkSession, catalog: Path, as_of_date: date) -> DataFrame | None:
    """One row a canonical table, as `quality.key_check` declares; None where there is none yet."""
    checks = []
    declared = load_tables(catalog)
    for name in sorted(tables_of(spark, SILVER) & declared.keys()):
        table = declared[name]
        rows = spark.table(name)
        if not table.has_shared_columns:
            # A rollup has no versions, and no moment but that of its readings.
            no_moment = F.lit(None).cast("timestamp")
            rows = rows.withColumns({"superseded_at": no_moment, "event_at": no_moment})
        key = [quoted(column) for column in table.key]
        standing = rows.where("superseded_at is null").groupBy(*key).count()
        repeated = standing.agg(F.count_if(F.col("count") > 1).alias("repeated_key_count"))
        facts = rows.agg(
            F.lit(as_of_date).alias("as_of_date"),
            F.lit(name).alias("table_name"),
            F.count("*").alias("row_count"),
            F.count("superseded_at").alias("superseded_row_count"),
            F.count_if(F.col("known_at") < F.col("event_at")).alias("early_row_count"),
            F.count_if(F.col("superseded_at") < F.col("known_at")).alias("reversed_row_count"),
        )
        checks.append(facts.crossJoin(repeated))
    return reduce(DataFrame.unionByName, checks) if checks else None
