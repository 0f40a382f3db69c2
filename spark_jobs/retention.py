"""Let go of old lines of sources: out of every table, so that what stays still reconciles.

A line is let go as a whole, with all the rows that were made of it, and a source's file or log only
from its start on: what is left of it are lines without a gap. `ops.retired_file` says up to which
line, and how many lines that were.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, dataclass, replace
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.contracts.catalogue import load_contracts, readers_of
from loomline.job import JobContext
from loomline.lake import (
    remove_rows,
    replace_rows,
    rows_frame,
    sql_literal,
    table_exists,
)

RETIRED = "ops.retired_file"
SET_ASIDE = ("quality.quarantine", "quality.dead_letter")


@dataclass(frozen=True)
class OldLines:
    """The first lines of a landed file or log, up to one of them; how many, and rows of silver."""

    source: str
    file_sha256: str
    source_file: str
    through_line: int
    line_count: int
    row_count: int


def retiring_sources(context: JobContext, table: str) -> list[str]:
    """The landed sources of a canonical table whose lines are read for no other table."""
    contracts = load_contracts(context.catalog)
    return [
        source
        for source, contract in contracts.items()
        if contract.target == table
        and contract.rows_of is None
        and not readers_of(contracts, contract)
        and table_exists(context.spark, contract.bronze_table)
    ]


def find_old_lines(
    context: JobContext, table: str, column: str, cutoff: datetime
) -> list[OldLines]:
    """The lines before the first of their file that has a row with `column` from `cutoff` on."""
    spark, found = context.spark, []
    is_kept = F.col(column) >= F.expr(sql_literal(cutoff))
    first_kept = F.min(F.when(is_kept, F.col("line_number")))
    for source in retiring_sources(context, table):
        rows = spark.table(table).where(f"source = {sql_literal(source)}")
        of_file = rows.groupBy("file_sha256", "source_file").agg(
            F.min("line_number").alias("first_line"),
            F.coalesce(first_kept - 1, F.max("line_number")).alias("through_line"),
        )
        ends = of_file.where("first_line <= through_line").orderBy("source_file").collect()
        condition = lines_condition({end["file_sha256"]: end["through_line"] for end in ends})
        line_counts = _counts(spark.table(f"bronze.{source}").where(condition))
        row_counts = _counts(rows.where(condition))
        for end in ends:
            sha256 = end["file_sha256"]
            counts = line_counts[sha256], row_counts[sha256]
            found.append(OldLines(source, sha256, end["source_file"], end["through_line"], *counts))
    return found


def _counts(rows: DataFrame) -> dict[str, int]:
    counted = rows.groupBy("file_sha256").count().collect()
    return {row["file_sha256"]: row["count"] for row in counted}


def lines_condition(through_lines: dict[str, int]) -> str:
    """The SQL condition of the lines of files up to one of them, by the files' hashes."""
    parts = [
        f"(file_sha256 = {sql_literal(sha256)} and line_number <= {line})"
        for sha256, line in through_lines.items()
    ]
    return " or ".join(parts) or "false"


def note_retired(context: JobContext, lines: list[OldLines]) -> None:
    """Add what is let go to `ops.retired_file`."""
    noted = {(one.source, one.file_sha256): one for one in noted_lines(context)}
    for one in lines:
        before = noted.get((one.source, one.file_sha256))
        if before is not None:
            one = replace(
                one,
                line_count=before.line_count + one.line_count,
                row_count=before.row_count + one.row_count,
            )
        noted[one.source, one.file_sha256] = one
    rows = rows_frame(context.spark, context.catalog, RETIRED, [*map(astuple, noted.values())])
    replace_rows(rows, RETIRED, "true")


def noted_lines(context: JobContext) -> list[OldLines]:
    """What `ops.retired_file` says was let go."""
    return [OldLines(**row.asDict()) for row in context.spark.table(RETIRED).collect()]


def conditions_of(lines: list[OldLines]) -> dict[str, str]:
    """The SQL condition of the lines of each source."""
    of_source: dict[str, dict[str, int]] = defaultdict(dict)
    for one in lines:
        of_source[one.source][one.file_sha256] = one.through_line
    return {source: lines_condition(through) for source, through in of_source.items()}


def rows_condition(lines: list[OldLines]) -> str:
    """The SQL condition of the rows that were made of lines, in a table that names the source."""
    parts = [
        f"(source = {sql_literal(source)} and ({condition}))"
        for source, condition in conditions_of(lines).items()
    ]
    return " or ".join(parts) or "false"


def remove_lines(context: JobContext, table: str, lines: list[OldLines]) -> None:
    """Take lines out of bronze, and what was made of them out of a canonical table and others."""
    for name in (table, *SET_ASIDE):
        if table_exists(context.spark, name):
            remove_rows(context.spark, name, rows_condition(lines))
    for source, condition in conditions_of(lines).items():
        remove_rows(context.spark, f"bronze.{source}", condition)
