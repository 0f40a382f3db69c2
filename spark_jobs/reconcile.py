"""Job `reconcile`: prove for every landed file that nothing was lost and nothing was doubled.

Reads `bronze.*`, the silver tables that contracts name, and `quality.quarantine`; writes
`quality.reconciliation` and `quality.key_check`. Rows and amounts are counted anew from the tables
on both sides, never taken from what conform says it did.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.classifying import DUPLICATE, QUARANTINED
from loomline.contracts.catalogue import load_contracts, readers_of
from loomline.contracts.model import Contract
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, replace_rows, sql_literal, tables_of
from loomline.parsing import landed_rows
from loomline.tables import table_declaration
from spark_jobs.key_checks import key_checks

RECONCILIATION = "quality.reconciliation"
KEY_CHECK = "quality.key_check"
DEAD_LETTER = "quality.dead_letter"
# How the name of a log of Kafka begins, where a file has its path.
LOG_PREFIX = "kafka/"
QUARANTINE = "quality.quarantine"
LANDED_FILE = "bronze.landed_file"
RETIRED_FILE = "ops.retired_file"
SIDES = ("landed", "conformed", "duplicate", "quarantined")


def _landed(context: JobContext, contract: Contract, others: list[Contract]) -> DataFrame:
    """Rows and total of each of a source's files in bronze; a file without rows is not in it."""
    table = table_declaration(context.catalog, contract.target)
    bronze = context.spark.table(contract.bronze_table)
    rows = landed_rows(bronze, contract, table, others)
    return (
        rows.withColumn("source", F.lit(contract.source))
        .groupBy("source", "file_sha256")
        .agg(
            F.count("*").alias("landed_rows"),
            F.sum("total").alias("landed_total"),
            F.count_if(F.col("total").isNull()).alias("unreadable_total_rows"),
        )
    )


def _lines(context: JobContext, contracts: list[Contract]) -> DataFrame:
    """Lines of each landed file in bronze; of a log of Kafka, also the offsets that it spans."""
    frames = [
        context.spark.table(contract.bronze_table)
        .groupBy("file_sha256")
        .agg(
            F.count("*").alias("bronze_rows"),
            (F.max("line_number") - F.min("line_number") + 1).alias("spanned_rows"),
        )
        .withColumn("landed_as", F.lit(contract.source))
        for contract in contracts
        if contract.rows_of is None
    ]
    return _union(frames)


def _conformed(context: JobContext, target: str, contracts: list[Contract]) -> DataFrame:
    """Rows and total of each file in a canonical table."""
    total = F.lit(None).cast("decimal(22,4)")
    for contract in contracts:
        if contract.control_total is not None:
            of_source = F.col("source") == contract.source
            total = F.when(of_source, F.col(contract.control_total)).otherwise(total)
    rows = context.spark.table(target).select("source", "file_sha256", total.alias("total"))
    return rows.groupBy("source", "file_sha256").agg(
        F.count("*").alias("conformed_rows"), F.sum("total").alias("conformed_total")
    )


def _set_aside(context: JobContext) -> DataFrame:
    """Rows and total of each file in quarantine, by why they are there."""
    counts = []
    for side, disposition in (("duplicate", DUPLICATE), ("quarantined", QUARANTINED)):
        is_it = F.col("disposition") == disposition
        counts += [
            F.count_if(is_it).alias(f"{side}_rows"),
            F.sum(F.when(is_it, F.col("control_total"))).alias(f"{side}_total"),
        ]
    return context.spark.table(QUARANTINE).groupBy("source", "file_sha256").agg(*counts)


def _dead_letters(context: JobContext) -> DataFrame:
    """Messages of each log among the dead letters."""
    letters = context.spark.table(DEAD_LETTER).groupBy("source", "file_sha256")
    return letters.agg(F.count("*").alias("dead_lettered_rows"))


def reconciliation(context: JobContext, contracts: dict[str, Contract]) -> DataFrame:
    """One row a contract and landed file that it reads, as `quality.reconciliation` declares."""
    of_target = defaultdict(list)
    for contract in contracts.values():
        of_target[contract.target].append(contract)
    declared = context.spark.createDataFrame(
        [
            (x.source, x.landed_as, x.target, x.control_total is not None)
            for x in contracts.values()
        ],
        "source string, landed_as string, target_table string, has_total boolean",
    )
    landed_files = context.spark.table(LANDED_FILE).withColumnRenamed("source", "landed_as")
    joined = landed_files.join(F.broadcast(declared), "landed_as")
    lines = _lines(context, list(contracts.values()))
    joined = joined.join(F.broadcast(lines), ["landed_as", "file_sha256"], "left")
    retired = context.spark.table(RETIRED_FILE).select(
        F.col("source").alias("landed_as"), "file_sha256", F.col("line_count").alias("retired_rows")
    )
    joined = joined.join(F.broadcast(retired), ["landed_as", "file_sha256"], "left")
    for side in (
        _union([_landed(context, x, readers_of(contracts, x)) for x in contracts.values()]),
        _union([_conformed(context, *one) for one in of_target.items()]),
        _set_aside(context),
        _dead_letters(context),
    ):
        joined = joined.join(F.broadcast(side), ["source", "file_sha256"], "left")
    nothing = F.lit(0)
    rows = {
        f"{side}_rows": F.coalesce(f"{side}_rows", nothing) for side in (*SIDES, "dead_lettered")
    }
    totals = {
        name: F.when(F.col("has_total"), F.coalesce(name, nothing)).cast(kind)
        for name, kind in (
            *((f"{side}_total", "decimal(32,4)") for side in SIDES),
            ("unreadable_total_rows", "bigint"),
        )
    }
    rows_agree = F.expr(
        "coalesce(bronze_rows, 0) = "
        f"if(startswith(source_file, '{LOG_PREFIX}'), coalesce(spanned_rows, 0), "
        "row_count - coalesce(retired_rows, 0)) and landed_rows = "
        "conformed_rows + duplicate_rows + quarantined_rows + dead_lettered_rows"
    )
    totals_agree = F.expr("landed_total <=> conformed_total + duplicate_total + quarantined_total")
    return joined.withColumns(rows | totals).withColumns(
        {"as_of_date": F.lit(context.as_of_date), "is_reconciled": rows_agree & totals_agree}
    )


def _union(frames: list[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)


def run(context: JobContext) -> JobResult:
    """Reconcile every landed file and record the result under the run's as-of date."""
    spark = context.spark
    create_tables(spark, context.catalog, (RECONCILIATION, KEY_CHECK, DEAD_LETTER, RETIRED_FILE))
    landed_tables = tables_of(spark, "bronze")
    contracts = {
        source: contract
        for source, contract in load_contracts(context.catalog).items()
        if contract.bronze_table in landed_tables
    }
    if not contracts:
        return JobResult(0, 0, ("nothing has been landed yet",))
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    replace_rows(reconciliation(context, contracts), RECONCILIATION, of_date)
    checks = key_checks(spark, context.catalog, context.as_of_date)
    if checks is not None:
        replace_rows(checks, KEY_CHECK, of_date)
    files = spark.table(RECONCILIATION).where(of_date).collect()
    landed = sum(file["landed_rows"] for file in files)
    broken = sum(not file["is_reconciled"] for file in files)
    note = f"{len(files)} files reconcile in rows and to the cent"
    if broken:
        note = f"{broken} of {len(files)} files do NOT reconcile: see {RECONCILIATION}"
    return JobResult(landed, len(files), (note,))
