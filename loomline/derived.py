"""What a table that is derived from canonical tables has yet to take in: the files that are new.

A derived table is a function of the rows of its inputs. So that a new day costs a day, its job
computes anew only what new files touch. `ops.derived_file` says which files are in it already; it
is written after the table, so that a kill in between makes the rerun compute the same again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.contracts.catalogue import load_contracts
from loomline.job import JobContext
from loomline.lake import (
    append_rows,
    create_tables,
    in_condition,
    replace_rows,
    rows_frame,
    sql_literal,
)

DERIVED_FILE = "ops.derived_file"
CONFORMED_FILE = "ops.conformed_file"

# A file as a version of its contract has conformed it: source, sha256, version.
ConformedFile = tuple[str, str, str]


@dataclass(frozen=True)
class News:
    """What the inputs of a derived table hold now, and which of it the table has not taken in.

    `is_whole` says that the table must be computed anew as a whole: it holds nothing yet, or rows
    that it has taken in were conformed again.
    """

    table: str
    present: frozenset[ConformedFile]
    new: frozenset[ConformedFile]
    is_whole: bool

    def marked(self, rows: DataFrame) -> DataFrame:
        """The rows of an input with `is_new`: a new file has brought the row, or has ended it."""
        hashes = sorted({sha256 for _, sha256, _ in self.new})
        brought = F.expr(in_condition("file_sha256", hashes))
        moments = rows.where(brought).select(F.col("known_at").alias("ended_at")).distinct()
        with_ends = rows.join(
            F.broadcast(moments), F.col("superseded_at") == F.col("ended_at"), "left"
        )
        is_new = brought | F.col("ended_at").isNotNull()
        return with_ends.withColumn("is_new", is_new).drop("ended_at")


def _files(context: JobContext, table: str, condition: str) -> frozenset[ConformedFile]:
    columns = ("source", "file_sha256", "contract_version")
    rows = context.spark.table(table).where(condition).select(*columns).collect()
    return frozenset((row["source"], row["file_sha256"], row["contract_version"]) for row in rows)


def find_news(context: JobContext, table: str, inputs: Collection[str]) -> News:
    """What is new in the canonical tables `inputs` for a table derived from them."""
    create_tables(context.spark, context.catalog, (DERIVED_FILE, CONFORMED_FILE, table))
    contracts = load_contracts(context.catalog).values()
    sources = [contract.source for contract in contracts if contract.target in inputs]
    present = _files(context, CONFORMED_FILE, in_condition("source", sources))
    taken = _files(context, DERIVED_FILE, f"table_name = {sql_literal(table)}")
    return News(table, present, present - taken, is_whole=not taken or not taken <= present)


def take_in(context: JobContext, news: News) -> None:
    """Note that the table has taken in all that was present."""
    rows = [(news.table, *file) for file in sorted(news.present if news.is_whole else news.new)]
    condition = f"table_name = {sql_literal(news.table)}"
    frame = rows_frame(context.spark, context.catalog, DERIVED_FILE, rows)
    if news.is_whole:
        replace_rows(frame, DERIVED_FILE, condition)
    else:
        append_rows(frame, DERIVED_FILE)
