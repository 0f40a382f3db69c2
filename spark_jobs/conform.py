"""Job `conform`: bronze rows into canonical silver rows, or into quarantine with every reason.

Reads `bronze.*`; writes the silver tables that contracts name, `quality.quarantine`, and
`ops.conformed_file`.

Files are conformed once for each version of their contract. The new files of a source are done
together: quarantine and silver each replace the rows of those files in one Delta commit, and the
files are marked as conformed last. A kill anywhere leaves unmarked files, which the rerun replaces
with the very same rows.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from loomline.conforming import CONFORMED, classify_rows, parse_rows
from loomline.contracts.catalogue import contract_version, load_contracts
from loomline.contracts.model import Contract
from loomline.job import JobContext, JobResult
from loomline.lake import (
    create_table,
    in_condition,
    quoted,
    replace_rows,
    sql_literal,
    table_exists,
)
from loomline.tables import Table, table_declaration

QUARANTINE = "quality.quarantine"
CONFORMED_FILE = "ops.conformed_file"
LANDED_FILE = "bronze.landed_file"


def files_to_conform(context: JobContext, contract: Contract) -> list[str]:
    """Hashes of the landed files that this version of the contract has not conformed yet."""
    spark = context.spark
    source_is_it = F.col("source") == contract.source
    done = spark.table(CONFORMED_FILE).where(
        source_is_it & (F.col("contract_version") == contract_version(contract))
    )
    landed = spark.table(LANDED_FILE).where(source_is_it)
    rows = landed.join(done, ["source", "file_sha256"], "anti").collect()
    return sorted(row["file_sha256"] for row in rows)


def _quarantine_rows(classified: DataFrame, contract: Contract) -> DataFrame:
    total = F.col(contract.control_total) if contract.control_total else F.lit(None)
    return classified.where(F.col("disposition") != CONFORMED).select(
        "*", F.lit(contract.target).alias("target_table"), total.alias("total_cny_of_row")
    )


def _conform_source(
    context: JobContext, contract: Contract, table: Table, hashes: list[str]
) -> tuple[int, int]:
    spark, of_files = context.spark, in_condition("file_sha256", hashes)
    of_source = f"source = {sql_literal(contract.source)} and {of_files}"
    bronze = spark.table(contract.bronze_table).where(of_files)
    others = spark.table(contract.target).where(f"not ({of_source})")
    parsed = parse_rows(bronze, contract, table).persist(StorageLevel.MEMORY_AND_DISK)
    known = None if others.isEmpty() else others
    classified = classify_rows(parsed, contract, table, known)
    classified = classified.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        counts = {
            row["disposition"]: row["count"]
            for row in classified.groupBy("disposition").count().collect()
        }
        # Silver last: the classification reads it, so that its commit ends what is kept in memory.
        aside = _quarantine_rows(classified, contract).drop("total_cny")
        replace_rows(
            aside.withColumnRenamed("total_cny_of_row", "total_cny"), QUARANTINE, of_source
        )
        conformed = classified.where(F.col("disposition") == CONFORMED)
        replace_rows(conformed, contract.target, of_source)
    finally:
        classified.unpersist()
        parsed.unpersist()
    marks = [(contract.source, sha256, contract_version(contract)) for sha256 in hashes]
    declared = table_declaration(context.catalog, CONFORMED_FILE).columns
    schema = ", ".join(f"{name} {column.type}" for name, column in declared.items())
    replace_rows(spark.createDataFrame(marks, schema), CONFORMED_FILE, of_source)
    return sum(counts.values()), counts.get(CONFORMED, 0)


def run(context: JobContext) -> JobResult:
    """Conform every landed file that its contract's present version has not seen."""
    spark = context.spark
    for name in (QUARANTINE, CONFORMED_FILE, LANDED_FILE):
        create_table(spark, context.catalog, name)
    rows_in = rows_out = 0
    notes = []
    for contract in load_contracts(context.catalog).values():
        table = table_declaration(context.catalog, contract.target)
        create_table(spark, context.catalog, contract.target)
        if not table_exists(spark, quoted(contract.bronze_table)):
            continue
        hashes = files_to_conform(context, contract)
        if hashes:
            landed, conformed = _conform_source(context, contract, table, hashes)
            rows_in, rows_out = rows_in + landed, rows_out + conformed
            notes.append(
                f"{contract.source}: {len(hashes)} files, {landed:,} rows, "
                f"{landed - conformed:,} set aside"
            )
    return JobResult(rows_in, rows_out, tuple(notes))
