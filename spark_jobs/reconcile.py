"""Job `reconcile`: prove for every landed file that nothing was lost and nothing was doubled.

Reads `bronze.*`, the silver tables that contracts name, and `quality.quarantine`; writes
`quality.reconciliation`. Rows and amounts are counted anew from the tables on both sides, never
taken from what conform says it did.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.conforming import DUPLICATE, QUARANTINED, control_total
from loomline.contracts.catalogue import load_contracts
from loomline.contracts.model import Contract
from loomline.job import JobContext, JobResult
from loomline.lake import create_table, quoted, replace_rows, sql_literal, table_exists
from loomline.tables import table_declaration

RECONCILIATION = "quality.reconciliation"
QUARANTINE = "quality.quarantine"
LANDED_FILE = "bronze.landed_file"


def _counted(rows: DataFrame, side: str, total: str) -> DataFrame:
    return rows.groupBy("file_sha256").agg(
        F.count("*").alias(f"{side}_rows"),
        F.sum(total).cast("decimal(28,2)").alias(f"{side}_total_cny"),
    )


def reconcile_source(context: JobContext, contract: Contract) -> DataFrame:
    """One row a file of the source, as `quality.reconciliation` declares."""
    spark = context.spark
    table = table_declaration(context.catalog, contract.target)
    of_source = F.col("source") == contract.source
    files = spark.table(LANDED_FILE).where(of_source).select("source", "source_file", "file_sha256")
    bronze = spark.table(contract.bronze_table).select(
        "file_sha256", control_total(contract, table).alias("total")
    )
    landed = bronze.groupBy("file_sha256").agg(
        F.count("*").alias("landed_rows"),
        F.sum("total").cast("decimal(28,2)").alias("landed_total_cny"),
        F.count_if(F.col("total").isNull()).alias("unreadable_total_rows"),
    )
    silver = spark.table(contract.target).where(of_source)
    if contract.control_total is None:
        silver = silver.withColumn("no_total", F.lit(None).cast("decimal(18,2)"))
    aside = spark.table(QUARANTINE).where(of_source)
    duplicates = aside.where(F.col("disposition") == DUPLICATE)
    quarantined = aside.where(F.col("disposition") == QUARANTINED)
    joined = files.join(landed, "file_sha256", "left")
    for side in (
        _counted(silver, "conformed", contract.control_total or "no_total"),
        _counted(duplicates, "duplicate", "total_cny"),
        _counted(quarantined, "quarantined", "total_cny"),
    ):
        joined = joined.join(side, "file_sha256", "left")
    sides = ("landed", "conformed", "duplicate", "quarantined")
    counted = joined.withColumns(
        {f"{side}_rows": F.coalesce(f"{side}_rows", F.lit(0)) for side in sides}
    )
    if contract.control_total is None:
        counted = counted.withColumn("unreadable_total_rows", F.lit(None))
    else:
        counted = counted.fillna(0, [f"{side}_total_cny" for side in sides]).fillna(
            0, ["unreadable_total_rows"]
        )
    rows_agree = F.expr("landed_rows = conformed_rows + duplicate_rows + quarantined_rows")
    totals_agree = F.expr(
        "landed_total_cny <=> conformed_total_cny + duplicate_total_cny + quarantined_total_cny"
    )
    return counted.withColumns(
        {
            "as_of_date": F.lit(context.as_of_date),
            "target_table": F.lit(contract.target),
            "is_reconciled": rows_agree & totals_agree,
        }
    )


def run(context: JobContext) -> JobResult:
    """Reconcile every landed file and record the result under the run's as-of date."""
    spark = context.spark
    create_table(spark, context.catalog, RECONCILIATION)
    columns = list(table_declaration(context.catalog, RECONCILIATION).columns)
    frames = [
        reconcile_source(context, contract).select(*columns)
        for contract in load_contracts(context.catalog).values()
        if table_exists(spark, quoted(contract.bronze_table))
    ]
    if not frames:
        return JobResult(0, 0, ("nothing has been landed yet",))
    every = frames[0]
    for frame in frames[1:]:
        every = every.unionByName(frame)
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    replace_rows(every, RECONCILIATION, of_date)
    files = spark.table(RECONCILIATION).where(of_date).collect()
    landed = sum(file["landed_rows"] for file in files)
    broken = sum(not file["is_reconciled"] for file in files)
    note = f"{len(files)} files reconcile in rows and to the cent"
    if broken:
        note = f"{broken} of {len(files)} files do NOT reconcile: see {RECONCILIATION}"
    return JobResult(landed, len(files), (note,))
