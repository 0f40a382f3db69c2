"""Job `reconcile`: prove for every landed file that nothing was lost and nothing was doubled.

Reads `bronze.*`, the silver tables that contracts name, and `quality.quarantine`; writes
`quality.reconciliation`. Rows and amounts are counted anew from the tables on both sides, never
taken from what conform says it did.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce

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
SIDES = ("landed", "conformed", "duplicate", "quarantined")


def _landed(context: JobContext, contract: Contract) -> DataFrame:
    """Rows and total of each of a source's files in bronze; a file without rows is not in it."""
    table = table_declaration(context.catalog, contract.target)
    rows = context.spark.table(contract.bronze_table).select(
        F.lit(contract.source).alias("source"),
        "file_sha256",
        control_total(contract, table).alias("total"),
    )
    return rows.groupBy("source", "file_sha256").agg(
        F.count("*").alias("landed_rows"),
        F.sum("total").alias("landed_total_cny"),
        F.count_if(F.col("total").isNull()).alias("unreadable_total_rows"),
    )


def _conformed(context: JobContext, target: str, contracts: list[Contract]) -> DataFrame:
    """Rows and total of each file in a canonical table."""
    total = F.lit(None).cast("decimal(18,2)")
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


def reconciliation(context: JobContext, contracts: list[Contract]) -> DataFrame:
    """One row a landed file of the contracts' sources, as `quality.reconciliation` declares."""
    of_target = defaultdict(list)
    for contract in contracts:
        of_target[contract.target].append(contract)
    declared = context.spark.createDataFrame(
        [(x.source, x.target, x.control_total is not None) for x in contracts],
        "source string, target_table string, has_total boolean",
    )
    joined = context.spark.table(LANDED_FILE).join(F.broadcast(declared), "source")
    for side in (
        _union([_landed(context, contract) for contract in contracts]),
        _union([_conformed(context, *one) for one in of_target.items()]),
        _set_aside(context),
    ):
        joined = joined.join(F.broadcast(side), ["source", "file_sha256"], "left")
    nothing = F.lit(0)
    rows = {f"{side}_rows": F.coalesce(f"{side}_rows", nothing) for side in SIDES}
    totals = {
        name: F.when(F.col("has_total"), F.coalesce(name, nothing)).cast(kind)
        for name, kind in (
            *((f"{side}_total_cny", "decimal(28,2)") for side in SIDES),
            ("unreadable_total_rows", "bigint"),
        )
    }
    rows_agree = F.expr(
        "landed_rows = row_count "
        "and landed_rows = conformed_rows + duplicate_rows + quarantined_rows"
    )
    totals_agree = F.expr(
        "landed_total_cny <=> conformed_total_cny + duplicate_total_cny + quarantined_total_cny"
    )
    return joined.withColumns(rows | totals).withColumns(
        {"as_of_date": F.lit(context.as_of_date), "is_reconciled": rows_agree & totals_agree}
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
