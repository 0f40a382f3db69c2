"""Jobs `reconcile` and `audit`: prove for every landed file that nothing was lost or doubled.

Both read `bronze.*`, the silver tables that contracts name, `quality.quarantine` and
`quality.dead_letter`; they write `quality.counted_change`, `quality.reconciliation` and
`quality.key_check`. Rows and amounts are counted from the tables on both sides, never taken from
what conform says it did: `reconcile` counts what has changed since it was last run, `audit` counts
all rows anew.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.contracts.catalogue import load_contracts
from loomline.contracts.model import Contract
from loomline.job import JobContext, JobResult
from loomline.lake import (
    LOG_PREFIX,
    create_tables,
    in_condition,
    replace_rows,
    rows_at,
    sql_literal,
    table_version,
    tables_of,
)
from spark_jobs.counting import (
    COUNTED_CHANGE,
    DEAD_LETTER,
    DEAD_LETTERED,
    LANDED,
    LINE,
    count_changes,
    counters,
    last_counted,
)
from spark_jobs.key_checks import key_checks

RECONCILIATION = "quality.reconciliation"
KEY_CHECK = "quality.key_check"
LANDED_FILE = "bronze.landed_file"
RETIRED_FILE = "ops.retired_file"
SIDES = (LANDED, "conformed", "duplicate", "quarantined")


def _sides(counted: DataFrame) -> DataFrame:
    """Rows and total of each file of a source, side by side."""
    sums = []
    for side in (*SIDES, DEAD_LETTERED):
        of_side = F.col("side") == side
        sums += [
            F.sum(F.when(of_side, F.col("row_count"))).alias(f"{side}_rows"),
            F.sum(F.when(of_side, F.col("total"))).alias(f"{side}_total"),
        ]
    without_total = F.when(F.col("side") == LANDED, F.col("rows_without_total"))
    sums.append(F.sum(without_total).alias("unreadable_total_rows"))
    return counted.groupBy("source", "file_sha256").agg(*sums)


def _lines(counted: DataFrame) -> DataFrame:
    """Lines of each landed file in bronze, the first of them that ever came, and the last."""
    lines = counted.where(F.col("side") == LINE).withColumnRenamed("source", "landed_as")
    return lines.groupBy("landed_as", "file_sha256").agg(
        F.sum("row_count").alias("bronze_rows"),
        F.min("first_line").alias("first_line"),
        F.max("last_line").alias("last_line"),
    )


def reconciliation(context: JobContext, contracts: dict[str, Contract]) -> DataFrame:
    """One row a contract and landed file that it reads, as `quality.reconciliation` declares."""
    counted = context.spark.table(COUNTED_CHANGE)
    declared = context.spark.createDataFrame(
        [
            (x.source, x.landed_as, x.target, x.control_total is not None)
            for x in contracts.values()
        ],
        "source string, landed_as string, target_table string, has_total boolean",
    )
    landed_files = context.spark.table(LANDED_FILE).withColumnRenamed("source", "landed_as")
    joined = landed_files.join(F.broadcast(declared), "landed_as")
    joined = joined.join(_lines(counted), ["landed_as", "file_sha256"], "left")
    retired = context.spark.table(RETIRED_FILE).select(
        *(F.col("source").alias("landed_as"), "file_sha256", "through_line"),
        F.col("line_count").alias("retired_rows"),
    )
    joined = joined.join(F.broadcast(retired), ["landed_as", "file_sha256"], "left")
    joined = joined.join(_sides(counted), ["source", "file_sha256"], "left")
    nothing = F.lit(0)
    rows = {f"{side}_rows": F.coalesce(f"{side}_rows", nothing) for side in (*SIDES, DEAD_LETTERED)}
    totals = {
        name: F.when(F.col("has_total"), F.coalesce(name, nothing)).cast(kind)
        for name, kind in (
            *((f"{side}_total", "decimal(32,4)") for side in SIDES),
            ("unreadable_total_rows", "bigint"),
        )
    }
    is_log = f"startswith(source_file, '{LOG_PREFIX}')"
    # Retention lets the first lines go: of a log, all offsets after them must be there. One that
    # retention let nothing go of has a record at least, since it is listed with its first ones.
    offsets = (
        "if(last_line is null, if(through_line is null, 1, 0), "
        "greatest(last_line - coalesce(through_line + 1, first_line) + 1, 0))"
    )
    rows_agree = F.expr(
        f"coalesce(bronze_rows, 0) = "
        f"if({is_log}, {offsets}, row_count - coalesce(retired_rows, 0)) "
        "and landed_rows = conformed_rows + duplicate_rows + quarantined_rows + dead_lettered_rows"
    )
    # Kafka lets go of records too, and nothing tells one that it let go from one that was lost.
    unread = f"if({is_log}, coalesce(through_line + 1 - retired_rows, first_line, 0), 0)"
    totals_agree = F.expr("landed_total <=> conformed_total + duplicate_total + quarantined_total")
    judged = {"unread_rows": F.expr(unread), "is_reconciled": rows_agree & totals_agree}
    return joined.withColumns(rows | totals).withColumns(judged)


def run(context: JobContext) -> JobResult:
    """Reconcile every landed file, counting what has changed since the last time."""
    return _reconcile(context, afresh=False)


def run_audit(context: JobContext) -> JobResult:
    """Reconcile every landed file, counting all rows anew, and say where that differs."""
    spark = context.spark
    create_tables(spark, context.catalog, (RECONCILIATION,))
    before = table_version(spark, RECONCILIATION, context.warehouse) or 0
    result = _reconcile(context, afresh=True)
    earlier = rows_at(spark, RECONCILIATION, before)
    differing = spark.table(RECONCILIATION).exceptAll(earlier).count()
    note = f"{differing} files were counted otherwise than before"
    return JobResult(result.rows_in, result.rows_out, (*result.notes, note))


def _reconcile(context: JobContext, afresh: bool) -> JobResult:
    spark = context.spark
    written = (RECONCILIATION, KEY_CHECK, COUNTED_CHANGE, DEAD_LETTER, RETIRED_FILE)
    create_tables(spark, context.catalog, written)
    landed_tables = tables_of(spark, "bronze")
    contracts = {
        source: contract
        for source, contract in load_contracts(context.catalog).items()
        if contract.bronze_table in landed_tables
    }
    if not contracts:
        return JobResult(0, 0, ("nothing has been landed yet",))
    counted = last_counted(context)
    count_changes(context, counters(context, contracts, counted), counted, afresh)
    of_contracts = in_condition("source", contracts)
    replace_rows(reconciliation(context, contracts), RECONCILIATION, of_contracts)
    checks = key_checks(context, afresh)
    replace_rows(checks, KEY_CHECK, f"as_of_date = {sql_literal(context.as_of_date)}")
    found = spark.table(RECONCILIATION).where(of_contracts)
    (files,) = found.agg(
        F.count("*").alias("all"),
        F.count_if(~F.col("is_reconciled")).alias("broken"),
        F.coalesce(F.sum("landed_rows"), F.lit(0)).alias("landed_rows"),
        F.count_if(F.col("unread_rows") > 0).alias("late_logs"),
        F.sum("unread_rows").alias("unread_rows"),
    ).collect()
    note = f"{files['all']} files reconcile in rows and to the cent"
    if files["broken"]:
        note = f"{files['broken']} of {files['all']} files do NOT reconcile: see {RECONCILIATION}"
    notes = [note]
    if files["late_logs"]:
        notes.append(
            f"{files['late_logs']} logs begin after offset 0: Kafka no longer had "
            f"{files['unread_rows']} records when they were first read"
        )
    return JobResult(files["landed_rows"], files["all"], tuple(notes))
