"""Job `conform`: bronze rows into canonical silver rows, or into quarantine with every reason.

Reads `bronze.*`; writes the silver tables that contracts name, `quality.quarantine`, and
`ops.conformed_file`.

Files are conformed once for each version of their contract; when a contract changes, so are those
of every source of its canonical table. The new files of a source are done together: quarantine and
silver each replace the rows of those files in one Delta commit, and the files are marked as
conformed last. A kill anywhere leaves unmarked files, which the rerun replaces with the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from loomline.conforming import CONFORMED, classify_rows, parse_rows, possible_rivals
from loomline.contracts.catalogue import contract_version, load_contracts
from loomline.contracts.model import Contract
from loomline.declarations import catalogue_error
from loomline.job import JobContext, JobResult
from loomline.lake import create_table, in_condition, remove_rows, replace_rows, sql_literal
from loomline.tables import Table, table_declaration

QUARANTINE = "quality.quarantine"
CONFORMED_FILE = "ops.conformed_file"
LANDED_FILE = "bronze.landed_file"


def files_to_conform(
    spark: SparkSession, contracts: dict[str, Contract]
) -> list[tuple[Contract, list[str]]]:
    """The landed files that the present version of their contract has not conformed, by hash."""
    versions = [(source, contract_version(contract)) for source, contract in contracts.items()]
    present = spark.createDataFrame(versions, "source string, contract_version string")
    done = spark.table(CONFORMED_FILE).join(present, ["source", "contract_version"], "semi")
    landed = spark.table(LANDED_FILE).select("source", "file_sha256")
    rows = landed.join(done, ["source", "file_sha256"], "anti").collect()
    waiting = defaultdict(list)
    for row in rows:
        waiting[row["source"]].append(row["file_sha256"])
    return [(contracts[x], sorted(waiting[x])) for x in contracts if x in waiting]


def reopen_targets(spark: SparkSession, contracts: dict[str, Contract]) -> None:
    """Where a contract has changed, let every source of its canonical table be conformed again.

    Rows of the others may have been set aside as repeats of rows that no longer stand. The marks of
    all of them go in one commit before any work, so that a kill leaves none of them out.
    """
    versions = {source: contract_version(contract) for source, contract in contracts.items()}
    marks = spark.table(CONFORMED_FILE).select("source", "contract_version").distinct().collect()
    targets = {
        contracts[mark["source"]].target
        for mark in marks
        if mark["source"] in contracts and versions[mark["source"]] != mark["contract_version"]
    }
    reopened = [source for source in contracts if contracts[source].target in targets]
    if reopened:
        remove_rows(spark, CONFORMED_FILE, in_condition("source", reopened))


def check_expressions(catalog: Path, contract: Contract, rows: DataFrame) -> None:
    """Raise a `CatalogueError` at the first SQL expression of a contract that does not hold.

    `rows` have the columns of the canonical table and `landed_at`.
    """
    path = catalog / "sources" / f"{contract.source}.yml"
    expressions: list[tuple[tuple[str | int, ...], str]] = [
        (("columns", name, "sql"), mapping.sql)
        for name, mapping in contract.columns.items()
        if mapping.sql is not None
    ]
    expressions += [(("rules", n, "sql"), rule.sql) for n, rule in enumerate(contract.rules)]
    for where, sql in expressions:
        try:
            _ = rows.select(F.expr(sql)).schema
        except ParseException as error:
            raise catalogue_error(path, where, f"is no SQL: {sql}") from error
        except AnalysisException as error:
            raise catalogue_error(path, where, f"does not hold: {error.getMessage()}") from error


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
    try:
        parsed = parse_rows(bronze, contract, table)
        _ = parsed.schema
    except AnalysisException:
        named = others.withColumn("landed_at", F.current_timestamp())
        check_expressions(context.catalog, contract, named)
        raise
    rivals = possible_rivals(others, parsed, contract.key or table.key)
    # Kept, since the classification reads silver and is read thrice, last by the write to silver.
    classified = classify_rows(parsed, contract, table, rivals).localCheckpoint()
    counts = {
        row["disposition"]: row["count"]
        for row in classified.groupBy("disposition").count().collect()
    }
    aside = _quarantine_rows(classified, contract).drop("total_cny")
    replace_rows(aside.withColumnRenamed("total_cny_of_row", "total_cny"), QUARANTINE, of_source)
    conformed = classified.where(F.col("disposition") == CONFORMED)
    replace_rows(conformed, contract.target, of_source)
    marks = [(contract.source, sha256, contract_version(contract)) for sha256 in hashes]
    declared = table_declaration(context.catalog, CONFORMED_FILE).columns
    schema = ", ".join(f"{name} {column.type}" for name, column in declared.items())
    replace_rows(spark.createDataFrame(marks, schema), CONFORMED_FILE, of_source)
    return sum(counts.values()), counts.get(CONFORMED, 0)


def run(context: JobContext) -> JobResult:
    """Conform every landed file that its contract's present version has not seen."""
    spark = context.spark
    contracts = load_contracts(context.catalog)
    targets = dict.fromkeys(contract.target for contract in contracts.values())
    for name in (QUARANTINE, CONFORMED_FILE, LANDED_FILE, *targets):
        create_table(spark, context.catalog, name)
    rows_in = rows_out = 0
    notes = []
    reopen_targets(spark, contracts)
    for contract, hashes in files_to_conform(spark, contracts):
        table = table_declaration(context.catalog, contract.target)
        landed, conformed = _conform_source(context, contract, table, hashes)
        rows_in, rows_out = rows_in + landed, rows_out + conformed
        notes.append(
            f"{contract.source}: {len(hashes)} files, {landed:,} rows, "
            f"{landed - conformed:,} set aside"
        )
    return JobResult(rows_in, rows_out, tuple(notes))
