"""What a job asks the lake at once, and the tables of a date that it makes of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa
from pyspark.sql import SparkSession

from loomline.job import JobContext
from loomline.lake import clear_rows, create_tables, replace_rows, sql_literal, tables_of
from loomline.side_by_side import side_by_side


def answers(spark: SparkSession, asked: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    """The rows of each question by its name."""
    found = side_by_side(lambda sql: spark.sql(sql).toArrow().to_pandas(), asked.values())
    return dict(zip(asked, found, strict=True))


def write_made(context: JobContext, made: Mapping[str, pa.Table], tables: Sequence[str]) -> None:
    """Put the rows of the as-of date in the place of those of an earlier run for it.

    `tables` are all that there may be rows of; one of which there are none is not made.
    """
    made = {table: rows for table, rows in made.items() if rows.num_rows}
    spark, condition = context.spark, f"as_of_date = {sql_literal(context.as_of_date)}"
    create_tables(spark, context.catalog, made)
    there = tables_of(spark, "scores")
    for table in tables:
        if table in made:
            replace_rows(spark.createDataFrame(made[table]), table, condition)
        elif table in there:
            clear_rows(spark, table, condition)
