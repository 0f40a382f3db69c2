"""Job `reconcile`: prove for every landed file that nothing was lost and nothing was doubled.

Reads `bronze.*`, the silver tables that contracts name, and `quality.quarantine`; writes
`quality.reconciliation`. Rows and amounts are counted anew from the tables on both sides, never
taken from what conform says it did.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce

from pyspark.sql import Column as SparkColumn
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
AMOUNT, AMOUNT_SUM = "decimal(18,2)", "decimal(28,2)"
# Where landed rows may be.
ACCOUNTED = ("conformed", "duplicate", "quarantined")


def _landed(context: JobContext, contract: Contract) -> DataFrame:
    """Rows and total of each of a source's files in bronze."""
    table = table_declaration(context.catalog, contract.target)
    rows = context.spark.table(contract.bronze_table).select(
        "file_sha256", control_total(contract, table).alias("total")
    )
    has_total = F.lit(contract.control_total is not None)
    return rows.groupBy(F.lit(contract.source).alias("source"), "file_sha256").agg(
        F.first(F.lit(contract.target)).alias("target_table"),
        F.count("*").alias("landed_rows"),
        _total(F.sum("total"), has_total).alias("landed_total_cny"),
        F.when(has_total, F.count_if(F.col("total").isNull())).alias("unreadable_total_rows"),
    )


def _conformed(context: JobContext, target: str, contracts: list[Contract]) -> DataFrame:
    """Rows and total of each file in a canonical table."""
    total = F.lit(None).cast(AMOUNT)
    for contract in contracts:
        if contract.control_total is not None:
            of_source = F.col("source") == contract.source
            total = F.when(of_source, F.col(contract.control_total)).otherwise(total)
    rows = context.spark.table(target).select("source", "file_sha256", total.alias("total"))
    return rows.groupBy("source", "file_sha256").agg(
        F.count("*").alias("conformed_rows"), F.sum("total").alias("conformed_total_cny")
    )


def _set_aside(context: JobContext) -> DataFrame:
    """Rows and total of each file in quarantine, by why they are there."""
    counts = []
    for side, disposition in (("duplicate", DUPLICATE), ("quarantined", QUARANTINED)):
        is_it = F.col("disposition") == disposition
        counts += [
            F.count_if(is_it).alias(f"{side}_rows"),
            F.sum(F.when(is_it, F.col("total_cny"))).alias(f"{side}_total_cny"),
        ]
    return context.spark.table(QUARANTINE).groupBy("source", "file_sha256").agg(*counts)


def _total(amount: SparkColumn, has_total: SparkColumn) -> SparkColumn:
    """A sum of amounts, 0 where there were none; null where the source has no control total."""
    return F.when(has_total, F.coalesce(amount, F.lit(0))).cast(AMOUNT_SUM)


def reconciliation(context: JobContext, contracts: list[Contract]) -> DataFrame:
    """One row a landed file of the contracts' sources, as `quality.reconciliation` declares."""
    of_target = defaultdict(list)
    for contract in contracts:
        of_target[contract.target].append(contract)
    landed = _union([_landed(context, contract) for contract in contracts])
    conformed = _union([_conformed(context, *one) for one in of_target.items()])
    key = ["source", "file_sha256"]
    files = context.spark.table(LANDED_FILE).select(*key, "source_file")
    joined = files.join(F.broadcast(landed), key)
    for side in (conformed, _set_aside(context)):
        joined = joined.join(F.broadcast(side), key, "left")
    has_total = F.col("landed_total_cny").isNotNull()
    counted = joined.withColumns(
        {f"{side}_rows": F.coalesce(f"{side}_rows", F.lit(0)) for side in ACCOUNTED}
        | {f"{side}_total_cny": _total(F.col(f"{side}_total_cny"), has_total) for side in ACCOUNTED}
    )
    rows_agree = F.expr("landed_rows = conformed_rows + duplicate_rows + quarantined_rows")
    totals_agree = F.expr(
        "landed_total_cny <=> conformed_total_cny + duplicate_total_cny + quarantined_total_cny"
    )
    return counted.withColumns(
        {
            "as_of_date": F.lit(context.as_of_date),
            "is_reconciled": rows_agree & totals_agree,
        }
    )


def _union(frames: list[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)


def run(context: JobContext) -> JobResult:
    """Reconcile every landed file and record the result under the run's as-of date."""
    spark = context.spark
    create_table(spark, context.catalog, RECONCILIATION)
    contracts = [
        contract
        for contract in load_contracts(context.catalog).values()
        if table_exists(spark, quoted(contract.bronze_table))
    ]
    if not contracts:
        return JobResult(0, 0, ("nothing has been landed yet",))
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    replace_rows(reconciliation(context, contracts), RECONCILIATION, of_date)
    files = spark.table(RECONCILIATION).where(of_date).collect()
    landed = sum(file["landed_rows"] for file in files)
    broken = sum(not file["is_reconciled"] for file in files)
    note = f"{len(files)} files reconcile in rows and to the cent"
    if broken:
        note = f"{broken} of {len(files)} files do NOT reconcile: see {RECONCILIATION}"
    return JobResult(landed, len(files), (note,))
