"""Say of parsed rows which stand, which repeat others, and which are set aside: pure functions."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from loomline.contracts.catalogue import PROVENANCE_COLUMNS, business_columns
from loomline.contracts.model import Contract
from loomline.lake import quoted
from loomline.ranges import reach_columns, reach_condition
from loomline.tables import Table

CONFORMED, DUPLICATE, QUARANTINED = "conformed", "duplicate", "quarantined"
# A row of silver that a new version has ended.
CLOSED = "closed"
# The order in which rows of one key and moment came.
ARRIVAL = ("landed_at", "source_file", "file_sha256", "line_number", "item_number")


def _same_content(columns: list[str], other: str) -> SparkColumn:
    same = [F.col(name).eqNullSafe(F.col(f"{other}.{name}")) for name in columns]
    return reduce(lambda left, right: left & right, same)


def _holds() -> SparkColumn:
    """Whether a row has no reason against it."""
    return F.size("reasons") == 0


def _stood() -> SparkColumn:
    """Whether a row of silver stood at all: a later row of its own moment may have ended it."""
    return F.coalesce(F.col("superseded_at") > F.col("known_at"), F.lit(True))


def possible_rivals(silver: DataFrame, parsed: DataFrame, key: tuple[str, ...]) -> DataFrame:
    """The rows of `silver` that parsed rows may repeat, and possibly more.

    Those are the rows within the parsed rows' reach in every key column, so that a new day does not
    read the years before it.
    """
    (reach,) = parsed.agg(*reach_columns(parsed, key)).collect()
    return silver.where(reach_condition(reach, key, dict(silver.dtypes)))


def _with_rivals(parsed: DataFrame, table: Table, silver: DataFrame | None) -> DataFrame:
    """Parsed rows, which are new, and those of silver that they may repeat."""
    rows = parsed.withColumn("is_new", F.lit(True))
    if silver is None:
        return rows
    old = silver.select(
        *table.columns,
        F.lit(None).cast("timestamp").alias("landed_at"),
        F.lit("").alias("raw_text"),
        F.array().cast("array<string>").alias("reasons"),
        F.lit(False).alias("is_new"),
    )
    return rows.unionByName(old)


def _place(of: str) -> SparkColumn:
    return F.concat(
        F.col(f"{of}.source_file"), F.lit(" line "), F.col(f"{of}.line_number").cast("string")
    )


def _first_stands(rows: DataFrame, key: list[str], content: list[str]) -> DataFrame:
    """Rows with `disposition` and `reasons`; of those with one key the first is conformed."""
    holds = _holds()
    of_key = Window.partitionBy(*key, holds).orderBy("is_new", "known_at", *ARRIVAL)
    first = F.struct(*content, *PROVENANCE_COLUMNS)
    ranked = rows.select(
        "*", F.row_number().over(of_key).alias("rank"), F.first(first).over(of_key).alias("first")
    )
    is_same = _same_content(content, "first")
    same = F.concat(F.lit("duplicate: the same content stands in "), _place("first"))
    other = F.concat(F.lit("key: another row with this key has other content: "), _place("first"))
    disposition = (
        F.when(~holds, QUARANTINED)
        .when(F.col("rank") == 1, CONFORMED)
        .when(is_same, DUPLICATE)
        .otherwise(QUARANTINED)
    )
    repeat = F.array(F.when(is_same, same).otherwise(other))
    reasons = F.when(holds & (F.col("rank") > 1), repeat).otherwise(F.col("reasons"))
    return ranked.withColumns({"disposition": disposition, "reasons": reasons})


def _sent_again(rows: DataFrame, key: list[str], content: list[str]) -> DataFrame:
    """Rows with `is_echo`, and with the `known_at` of those that came again under an old moment.

    Such a row is an echo when it says what stood from that moment on. Else it was known only once
    it had landed, and its `known_at` says so.
    """
    holds = _holds()
    landed_at = F.when(F.col("is_new"), F.col("landed_at")).otherwise(F.lit(0).cast("timestamp"))
    stood = F.col("is_new") | _stood()
    of_moment = Window.partitionBy(*key, holds, "known_at")
    whole = of_moment.orderBy(*ARRIVAL)
    whole = whole.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    rows = rows.withColumn("came_at", landed_at)
    rows = rows.withColumn("first_came_at", F.min("came_at").over(of_moment))
    is_first = F.col("came_at") == F.col("first_came_at")
    said = F.last(F.when(is_first & stood, F.struct(*content)), ignorenulls=True).over(whole)
    rows = rows.withColumn("said", said)
    is_echo = ~is_first & F.col("said").isNotNull() & _same_content(content, "said")
    known_at = F.when(~is_first & ~is_echo, F.greatest("landed_at", "known_at"))
    return rows.withColumns(
        {"is_echo": is_echo, "known_at": F.coalesce(known_at, F.col("known_at"))}
    )


def _with_standing(rows: DataFrame, key: list[str], content: list[str]) -> DataFrame:
    """Rows with `stands`, whether what they say stands from their moment on."""
    holds = _holds()
    names = [quoted(name) for name in content]
    of_moment = Window.partitionBy(*key, holds, "known_at").orderBy("is_new", *ARRIVAL)
    whole = of_moment.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    again = Window.partitionBy(*key, holds, "known_at", *names).orderBy("is_new", *ARRIVAL)
    last = F.last(F.when(~F.col("is_echo"), F.struct(*content)), ignorenulls=True).over(whole)
    rows = rows.withColumns({"last": last, "again": F.row_number().over(again)})
    is_last = _same_content(content, "last") & (F.col("again") == 1) & ~F.col("is_echo")
    return rows.withColumn("stands", F.when(F.col("is_new"), is_last).otherwise(_stood()))


def _last_stands(rows: DataFrame, key: list[str], content: list[str]) -> DataFrame:
    """Rows with `disposition`, `reasons` and the `superseded_at` of those that are versions.

    What the last row of a key and moment says stands from that moment on; what else rows of that
    moment say never stands. A row is a duplicate when it says what stands already or, saying what
    never stands, nothing new.
    """
    holds = _holds()
    rows = _with_standing(_sent_again(rows, key, content), key, content)
    order, names = ("known_at", "is_new", *ARRIVAL), [quoted(name) for name in content]
    of_key = Window.partitionBy(*key, holds).orderBy(*order)
    of_content = Window.partitionBy(*key, holds, *names).orderBy(*order)
    reference = F.struct(*content, *PROVENANCE_COLUMNS)
    earlier = of_key.rowsBetween(Window.unboundedPreceding, -1)
    rows = rows.withColumns(
        {
            "rank": F.row_number().over(of_content),
            "first": F.first(reference).over(of_content),
            "before": F.last(F.when(F.col("stands"), reference), ignorenulls=True).over(earlier),
        }
    )
    repeats_it = F.col("before").isNotNull() & _same_content(content, "before")
    is_repeat = F.col("is_new") & F.when(F.col("stands"), repeats_it).otherwise(
        F.col("is_echo") | (F.col("rank") > 1)
    )
    disposition = F.when(~holds, QUARANTINED).when(is_repeat, DUPLICATE).otherwise(F.lit(CONFORMED))
    place = F.when(F.col("stands"), _place("before")).otherwise(_place("first"))
    same = F.concat(F.lit("duplicate: the same content stands in "), place)
    rows = rows.withColumns(
        {
            "disposition": disposition,
            "reasons": F.when(holds & is_repeat, F.array(same)).otherwise(F.col("reasons")),
        }
    )
    later = of_key.rowsBetween(1, Window.unboundedFollowing)
    is_version = (F.col("disposition") == CONFORMED) & F.col("stands")
    next_version = F.min(F.when(is_version, F.col("known_at"))).over(later)
    superseded = F.when(F.col("stands"), next_version).otherwise(F.col("known_at"))
    return rows.withColumns(
        {"was_superseded_at": F.col("superseded_at"), "superseded_at": superseded}
    )


def classify_rows(
    parsed: DataFrame, contract: Contract, table: Table, silver: DataFrame | None = None
) -> DataFrame:
    """Say of every parsed row whether it is conformed, a duplicate, or quarantined.

    Of several rows with one key, the first stands where corrections are quarantined: a row already
    in `silver`, else the one known first, else the one landed first; within a file the first line.
    A later row of the same content is a duplicate; of other content, quarantined.

    Where corrections supersede, every row with other content than the one known before it is a
    version that stands from its `known_at` until the next one's (`superseded_at`); of several rows
    of one moment the last stands. Rows of `silver` whose end has changed are returned too, as
    `closed`.

    `silver` holds the rows of other files that the new ones may repeat, and possibly more.
    """
    key = [quoted(name) for name in contract.key or table.key]
    content = business_columns(table)
    rows = _with_rivals(parsed, table, silver)
    if contract.corrections == "quarantine":
        judged = _first_stands(rows, key, content).where("is_new")
    else:
        judged = _last_stands(rows, key, content)
        has_changed = ~F.col("superseded_at").eqNullSafe(F.col("was_superseded_at"))
        closed = F.when(~F.col("is_new"), CLOSED).otherwise(F.col("disposition"))
        judged = judged.where(F.col("is_new") | has_changed).withColumn("disposition", closed)
    return judged.select(*table.columns, "raw_text", "reasons", "disposition")
