"""`loomline source`: the contracts, and what a contract makes of a file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.commands.shown import console, print_table
from loomline.conforming import CONFORMED, classify_rows, parse_rows
from loomline.contracts.catalogue import contract_for, find_contract, load_contracts
from loomline.contracts.model import Contract
from loomline.engine.server import start_engine
from loomline.engine.session import open_session
from loomline.settings import load_settings
from loomline.staging import StagedFile, copy_unchanged, stage_file
from loomline.tables import Table, table_declaration

app = typer.Typer(help="Source contracts (catalog/sources/*.yml).", no_args_is_help=True)
SHOWN_ROWS = 5


@app.command("list")
def list_sources() -> None:
    """List the sources with their files and canonical tables."""
    contracts = load_contracts(load_settings().catalog).values()
    rows = [(c.source, ", ".join(c.files), c.format.type, c.target, c.owner) for c in contracts]
    print_table(("source", "files", "format", "table", "owner"), rows)


@app.command()
def show(name: Annotated[str, typer.Argument(help="Name of the source.")]) -> None:
    """Show a contract in full, with the types and units that its table declares."""
    catalog = load_settings().catalog
    contract = find_contract(catalog, name)
    table = table_declaration(catalog, contract.target)
    head = contract.model_dump(mode="json", exclude={"columns", "rules"}, exclude_none=True)
    console.print(yaml.safe_dump(head, allow_unicode=True, sort_keys=False), markup=False)
    rows = []
    for column, mapping in contract.columns.items():
        declared = table.columns[column]
        origin = mapping.from_column or mapping.sql or f"always {mapping.constant!r}"
        codes = ", ".join(f"{raw} -> {code}" for raw, code in (mapping.codes or {}).items())
        how = codes or " or ".join(mapping.formats)
        rows.append((column, origin, declared.type, declared.unit, how))
    print_table(("column", "from", "type", "unit", "codes or formats"), rows, "columns")
    rules = [(rule.name, rule.sql, rule.reason) for rule in contract.rules]
    print_table(("rule", "must hold", "reason in quarantine"), rules, "rules")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The file to look at; nothing is landed.")],
    source: Annotated[
        str, typer.Option(help="Contract to use; by default the one whose `files` match.")
    ] = "",
) -> None:
    """Show what a contract makes of a file: counts, reasons, first rows. Nothing is written."""
    settings = load_settings()
    contracts = load_contracts(settings.catalog)
    if source:
        contract = find_contract(settings.catalog, source)
    else:
        contract = contract_for(contracts, file.absolute())
    table = table_declaration(settings.catalog, contract.target)
    folder = settings.home / "lake" / "check"
    try:
        staged = stage_file(copy_unchanged(file, folder), file.name, contract, folder / "rows")
        if not settings.spark_remote:
            start_engine(settings)
        bronze = open_session(settings).read.parquet(str(staged.path))
        rows = classify_rows(parse_rows(bronze, contract, table), contract, table)
        _print_check(rows, staged, contract, table)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _print_check(rows: DataFrame, staged: StagedFile, contract: Contract, table: Table) -> None:
    print(f"{staged.source_file}: contract {contract.source}, table {contract.target}")
    print(f"  {len(staged.header)} columns, {staged.row_count:,} rows")
    if staged.unmapped_columns:
        print(f"  not used by the contract: {', '.join(staged.unmapped_columns)}")
    total = F.sum(contract.control_total) if contract.control_total else F.lit(None)
    counts = rows.groupBy("disposition").agg(F.count("*").alias("rows"), total.alias("total"))
    print_table(("", "rows", contract.control_total or ""), counts.orderBy("disposition").collect())
    aside = rows.where(F.col("disposition") != CONFORMED)
    reason = F.regexp_extract(F.explode("reasons"), r"^([^:]+: [^':]*)", 1).alias("reason")
    reasons = aside.select(reason, "line_number").groupBy("reason")
    counted = reasons.agg(F.count("*").alias("rows"), F.min("line_number").alias("first_line"))
    print_table(("reason", "rows", "first line"), counted.orderBy(F.desc("rows")).collect())
    examples = aside.select("line_number", "reasons", F.substring("raw_text", 1, 120))
    examples = examples.orderBy("line_number").limit(SHOWN_ROWS)
    print_table(("line", "reasons", "raw text"), examples.collect(), "first rows set aside")
    shown = [name for name in table.columns if name not in ("source", "source_file", "file_sha256")]
    first = rows.where(F.col("disposition") == CONFORMED).orderBy("line_number")
    print_table(shown, first.select(*shown).limit(SHOWN_ROWS).collect(), "first conformed rows")
