"""`loomline source`: the contracts, and what a contract makes of a file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.classifying import CONFORMED, classify_rows
from loomline.commands.draft import draft
from loomline.commands.shown import console, print_table
from loomline.contracts.catalogue import (
    column_declarations,
    contract_for,
    find_contract,
    load_contracts,
    readers_of,
)
from loomline.contracts.model import ColumnMapping, Contract, RowUnit
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.parsing import parse_rows
from loomline.settings import load_settings
from loomline.staging import StagedFile, copy_unchanged, stage_file
from loomline.tables import Table, table_declaration

app = typer.Typer(help="Source contracts (catalog/sources/*.yml).", no_args_is_help=True)
app.command()(draft)
SHOWN_ROWS, SHOWN_CONFORMED = 5, 3


@app.command("list")
def list_sources() -> None:
    """List the sources with their files and canonical tables."""
    contracts = load_contracts(load_settings().catalog).values()
    rows = [
        (
            c.source,
            ", ".join(c.files or (f"rows of {c.rows_of}",)),
            c.file_format.type,
            c.target,
            c.owner,
        )
        for c in contracts
    ]
    print_table(("source", "files", "format", "table", "owner"), rows)


@app.command()
def show(name: Annotated[str, typer.Argument(help="Name of the source.")]) -> None:
    """Show a contract in full, with the types and units that its table declares."""
    catalog = load_settings().catalog
    contract = find_contract(catalog, name)
    table = table_declaration(catalog, contract.target)
    hidden = {"columns", "working_columns", "rules"}
    head = contract.model_dump(mode="json", exclude=hidden, exclude_none=True)
    console.print(yaml.safe_dump(head, allow_unicode=True, sort_keys=False), markup=False)
    declarations = column_declarations(contract, table)
    rows = []
    for column, mapping in (contract.working_columns | contract.columns).items():
        declared = declarations[column]
        codes = ", ".join(f"{raw} -> {code}" for raw, code in (mapping.codes or {}).items())
        how = codes or " or ".join(mapping.formats) or _units(mapping, declared.unit)
        rows.append((column, _origin(mapping), declared.type, declared.unit, how))
    print_table(("column", "from", "type", "unit", "codes, formats or units"), rows, "columns")
    rules = [(rule.name, rule.sql, rule.reason) for rule in contract.rules]
    print_table(("rule", "must hold", "reason in quarantine"), rules, "rules")


def _origin(mapping: ColumnMapping) -> str:
    if mapping.joined is not None:
        return " and ".join(mapping.joined)
    if mapping.from_columns is not None:
        return " or ".join(mapping.from_columns)
    return mapping.sql or f"always {mapping.constant!r}"


def _units(mapping: ColumnMapping, unit: str) -> str:
    if isinstance(mapping.unit, RowUnit):
        return ", ".join(f"{name} -> {into}" for name, into in mapping.unit.into.items())
    return f"{mapping.unit} -> {unit}" if mapping.unit not in (None, unit) else ""


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
        ensure_engine(settings)
        bronze = open_session(settings).read.parquet(str(staged.path))
        parsed = parse_rows(bronze, contract, table, readers_of(contracts, contract))
        rows = classify_rows(parsed, contract, table)
        _print_check(rows, staged, contract, table)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _print_check(rows: DataFrame, staged: StagedFile, contract: Contract, table: Table) -> None:
    print(f"{staged.source_file}: contract {contract.source}, table {contract.target}")
    columns = f"{len(staged.header)} columns, " if staged.header else ""
    print(f"  {columns}{staged.row_count:,} rows")
    if staged.unmapped_columns:
        print(f"  not used by the contract: {', '.join(staged.unmapped_columns)}")
    total = F.sum(contract.control_total) if contract.control_total else F.lit(None)
    counts = rows.groupBy("disposition").agg(F.count("*").alias("rows"), total.alias("total"))
    print_table(("", "rows", contract.control_total or ""), counts.orderBy("disposition").collect())
    aside = rows.where(F.col("disposition") != CONFORMED)
    # Two steps: Spark takes no explode within another function.
    each = aside.select(F.explode("reasons").alias("reason"), "line_number")
    reason = F.regexp_extract("reason", r"^([^:]+: [^':]*)", 1)
    reasons = each.withColumn("reason", reason).groupBy("reason")
    counted = reasons.agg(F.count("*").alias("rows"), F.min("line_number").alias("first_line"))
    print_table(("reason", "rows", "first line"), counted.orderBy(F.desc("rows")).collect())
    examples = aside.select("line_number", "reasons", F.substring("raw_text", 1, 120))
    examples = examples.orderBy("line_number").limit(SHOWN_ROWS)
    print_table(("line", "reasons", "raw text"), examples.collect(), "first rows set aside")
    shown = [name for name in table.columns if name not in ("source", "source_file", "file_sha256")]
    first = rows.where(F.col("disposition") == CONFORMED).orderBy("line_number")
    found = first.select(*shown).limit(SHOWN_CONFORMED).collect()
    # A row is a column here: canonical tables are wider than screens.
    turned = [(name, *(row[name] for row in found)) for name in shown]
    print_table(("column", *(f"line {row.line_number}" for row in found)), turned, "first rows")
