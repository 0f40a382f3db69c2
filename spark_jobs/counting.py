"""Count the rows and amounts of files, side by side, in what tables have got and lost.

`quality.counted_change` keeps each count with the span of Delta versions that it is of. What a file
has on a side is the sum of its counts, so that a new day costs a day. Whatever becomes of a row,
old or new, makes a version, and the next count sees it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from loomline.batch_lock import between_batches
from loomline.classifying import DUPLICATE, QUARANTINED
from loomline.contracts.catalogue import contract_version, readers_of
from loomline.contracts.model import Contract
from loomline.job import JobContext
from loomline.lake import (
    append_rows,
    changed_rows,
    replace_rows,
    rows_frame,
    seen_version,
    sql_literal,
    table_version,
)
from loomline.parsing import landed_rows
from loomline.side_by_side import side_by_side
from loomline.tables import load_tables, table_declaration

COUNTED_CHANGE = "quality.counted_change"
QUARANTINE = "quality.quarantine"
DEAD_LETTER = "quality.dead_letter"
# The sides on which a file has rows: its lines in bronze, what a contract makes of them, and where
# that went.
LINE, LANDED, CONFORMED, DEAD_LETTERED = "line", "landed", "conformed", "dead_lettered"

# What tells a counter from all others, the version of its rules included.
CounterName = tuple[str, str, str]


@dataclass(frozen=True)
class Counter:
    """What is counted of a table, for which source, by which version of the rules.

    `source` is empty where rows say it themselves. `sided` makes of rows of the table, which have a
    `sign`, those that count: `source`, `file_sha256`, `line_number`, `side`, `total`, `sign`.
    """

    table: str
    source: str
    rules: str
    sided: Callable[[DataFrame], DataFrame]

    @property
    def name(self) -> CounterName:
        """What tells the counter from all others."""
        return self.table, self.source, self.rules


def _sided(rows: DataFrame, side: Column, total: Column) -> DataFrame:
    return rows.select(
        *("source", "file_sha256", "line_number", side.alias("side")),
        *(total.cast("decimal(32,4)").alias("total"), "sign"),
    )


def _bronze_counter(context: JobContext, contract: Contract, others: list[Contract]) -> Counter:
    """Rows and total of a source's files in bronze, and the lines of the files that are its own."""
    table = table_declaration(context.catalog, contract.target)

    def sided(bronze: DataFrame) -> DataFrame:
        bronze = bronze.withColumn("source", F.lit(contract.source))
        rows = landed_rows(bronze, contract, table, others)
        sides = [F.when(F.col("is_own"), F.lit(LANDED))]
        if contract.rows_of is None:
            # Every line is one item at least.
            sides.append(F.when(F.col("item_number") == 1, F.lit(LINE)))
        rows = rows.withColumn("side", F.explode(F.array(*sides))).where("side is not null")
        return _sided(rows, F.col("side"), F.when(F.col("side") == LANDED, F.col("total")))

    rules = contract_version(contract, others)
    return Counter(contract.bronze_table, contract.source, rules, sided)


def _silver_counter(target: str, contracts: list[Contract]) -> Counter:
    """Rows and total of each file in a canonical table."""
    totals = {x.source: x.control_total for x in contracts if x.control_total is not None}
    total = F.lit(None).cast("decimal(22,4)")
    for source, name in totals.items():
        total = F.when(F.col("source") == source, F.col(name)).otherwise(total)
    return Counter(target, "", str(totals), lambda rows: _sided(rows, F.lit(CONFORMED), total))


def _set_aside(rows: DataFrame) -> DataFrame:
    rows = rows.where(F.col("disposition").isin(DUPLICATE, QUARANTINED))
    return _sided(rows, F.col("disposition"), F.col("control_total"))


def _dead_letters(rows: DataFrame) -> DataFrame:
    return _sided(rows, F.lit(DEAD_LETTERED), F.lit(None))


def last_counted(context: JobContext) -> dict[CounterName, int]:
    """The version of its table up to which each counter has counted."""
    counts = context.spark.table(COUNTED_CHANGE).groupBy("table_name", "counted_for", "rules")
    return {(r[0], r[1], r[2]): r[3] for r in counts.agg(F.max("until_version")).collect()}


def counters(
    context: JobContext, contracts: dict[str, Contract], counted: Iterable[CounterName]
) -> list[Counter]:
    """Everything that there is to count for the contracts.

    A canonical table that was counted and that contracts have moved away from is counted on: it
    shows that their rows have gone.
    """
    of_target = defaultdict(list)
    for contract in contracts.values():
        of_target[contract.target].append(contract)
    for table, _, _ in counted:
        if table.startswith("silver.") and table in load_tables(context.catalog):
            of_target.setdefault(table, [])
    return [
        *(_bronze_counter(context, x, readers_of(contracts, x)) for x in contracts.values()),
        *(_silver_counter(*one) for one in of_target.items()),
        Counter(QUARANTINE, "", "", _set_aside),
        Counter(DEAD_LETTER, "", "", _dead_letters),
    ]


@dataclass(frozen=True)
class Span:
    """The versions of its table that a counter is to count; all rows where `after` is None."""

    counter: Counter
    after: int | None
    until: int


def spans_to_count(
    counters: list[Counter], counted: dict[CounterName, int], versions: dict[str, int]
) -> list[Span]:
    """What has become of tables since they were counted.

    `counted` has the last version that each counter has seen, `versions` the present one of each
    table that exists. A table whose version is behind the last one seen has begun anew.
    """
    spans = []
    for counter in counters:
        after, until = counted.get(counter.name), versions.get(counter.table)
        if until is not None and after != until:
            spans.append(Span(counter, seen_version(after, until), until))
    return spans


def _count(context: JobContext, span: Span) -> list[tuple[object, ...]]:
    """The rows of `quality.counted_change` of a span; one without a file where nothing changed."""
    counter = span.counter
    changed = changed_rows(context.spark, counter.table, span.after, span.until)
    sided, sign = counter.sided(changed), F.col("sign")
    came = sign > 0
    sums = sided.groupBy("source", "file_sha256", "side").agg(
        F.sum("sign").alias("row_count"),
        F.sum(F.col("total") * sign).cast("decimal(32,4)").alias("total"),
        F.sum(F.when(F.col("total").isNull(), sign).otherwise(0)).alias("rows_without_total"),
        F.min(F.when(came, F.col("line_number"))).alias("first_line"),
        F.max(F.when(came, F.col("line_number"))).alias("last_line"),
    )
    differs = "row_count <> 0 or coalesce(total, 0) <> 0 or rows_without_total <> 0"
    of_span = (*counter.name, span.after, span.until)
    counts = [(*of_span, *row) for row in sums.where(differs).collect()]
    return counts or [(*of_span, "", "", "", 0, None, 0, None, None)]


def count_changes(
    context: JobContext, counters: list[Counter], counted: dict[CounterName, int], afresh: bool
) -> None:
    """Count what has changed since `counted`; with `afresh`, all rows of all tables."""
    spark = context.spark
    tables = dict.fromkeys(counter.table for counter in counters)
    with_feed = {name for name in tables if table_declaration(context.catalog, name).keeps_changes}
    counted = {name: until for name, until in counted.items() if name[0] in with_feed}
    with between_batches(context.settings.home):
        found = {name: table_version(spark, name, context.warehouse) for name in tables}
    versions = {name: version for name, version in found.items() if version is not None}
    spans = spans_to_count(counters, {} if afresh else counted, versions)
    counts = side_by_side(lambda span: _count(context, span), spans)
    # A count of all rows takes the place of what was counted before; one commit for each kind.
    anew = [one for one in zip(spans, counts, strict=True) if one[0].after is None]
    if anew:
        of_counters = " or ".join(
            f"(table_name = {sql_literal(span.counter.table)} "
            f"and counted_for = {sql_literal(span.counter.source)})"
            for span, _ in anew
        )
        rows = [row for _, of_span in anew for row in of_span]
        frame = rows_frame(spark, context.catalog, COUNTED_CHANGE, rows)
        replace_rows(frame, COUNTED_CHANGE, of_counters)
    grown = [one for one in zip(spans, counts, strict=True) if one[0].after is not None]
    if grown:
        rows = [row for _, of_span in grown for row in of_span]
        append_rows(rows_frame(spark, context.catalog, COUNTED_CHANGE, rows), COUNTED_CHANGE)
