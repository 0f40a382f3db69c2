"""Load every contract, check it against its canonical table, and find the contract of a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from loomline.contracts.model import Contract
from loomline.declarations import catalogue_error, read_declaration
from loomline.errors import CatalogueError, LoomlineError
from loomline.tables import Table, load_tables

# Written by the conform job for every row, never by a contract's mapping.
PROVENANCE_COLUMNS = ("source", "source_file", "file_sha256", "line_number")
MOMENT_COLUMNS = ("event_at", "known_at")


def business_columns(table: Table) -> list[str]:
    """The columns that a contract maps: all but the moments and the row's provenance."""
    own = (*MOMENT_COLUMNS, *PROVENANCE_COLUMNS)
    return [name for name in table.columns if name not in own]


def _check_columns(path: Path, contract: Contract, table: Table) -> None:
    allowed = business_columns(table)
    for name, mapping in contract.columns.items():
        where = ("columns", name)
        if name not in allowed:
            raise catalogue_error(
                path, where, f"{contract.target} has no column {name}; it has {', '.join(allowed)}"
            )
        declared = table.columns[name]
        if mapping.type is not None and mapping.type != declared.type:
            message = f"{contract.target} declares the type {declared.type}, not {mapping.type}"
            raise catalogue_error(path, (*where, "type"), message)
        if mapping.unit is not None and mapping.unit != declared.unit:
            message = f"{contract.target} declares the unit {declared.unit or 'none'}"
            raise catalogue_error(path, (*where, "unit"), message)
        is_moment = declared.type in ("date", "timestamp")
        if mapping.formats and not is_moment:
            raise catalogue_error(path, (*where, "formats"), f"{declared.type} takes no formats")
        if is_moment and mapping.from_column and not mapping.formats:
            raise catalogue_error(path, where, f"say the formats of a {declared.type}")
    for name in allowed:
        if table.columns[name].required and name not in contract.columns:
            message = f"{contract.target} requires the column {name}, which is not mapped"
            raise catalogue_error(path, ("columns",), message)


def _check_references(path: Path, contract: Contract, table: Table) -> None:
    for position, name in enumerate(contract.key):
        if name not in contract.columns:
            raise catalogue_error(path, ("key", position), f"{name} is not a mapped column")
    for moment in MOMENT_COLUMNS:
        column = getattr(contract, moment).column
        if column is None:
            continue
        if column not in contract.columns:
            raise catalogue_error(path, (moment, "column"), f"{column} is not a mapped column")
        if table.columns[column].type not in ("date", "timestamp"):
            message = f"{column} is a {table.columns[column].type}, not a date or timestamp"
            raise catalogue_error(path, (moment, "column"), message)
    total = contract.control_total
    if total is not None and (
        total not in contract.columns
        or contract.columns[total].from_column is None
        or not table.columns[total].type.startswith("decimal")
    ):
        message = f"{total} is not a decimal column mapped from a column of the file"
        raise catalogue_error(path, ("control_total",), message)


def read_contract(path: Path, catalog: Path) -> Contract:
    """Read one contract and check it against the declaration of its canonical table.

    Raises:
        CatalogueError: naming file, line and key.
    """
    contract = read_declaration(path, Contract)
    if path.stem != contract.source:
        raise catalogue_error(path, ("source",), f"the file must be named {contract.source}.yml")
    tables = load_tables(catalog)
    if contract.target not in tables:
        raise catalogue_error(path, ("target",), f"the table {contract.target} is not declared")
    table = tables[contract.target]
    _check_columns(path, contract, table)
    _check_references(path, contract, table)
    return contract


def load_contracts(catalog: Path) -> dict[str, Contract]:
    """Every contract by the name of its source."""
    paths = sorted((catalog / "sources").glob("*.yml"))
    contracts = [read_contract(path, catalog) for path in paths]
    return {contract.source: contract for contract in contracts}


def find_contract(catalog: Path, source: str) -> Contract:
    """The contract of a source; the error lists the sources that there are."""
    contracts = load_contracts(catalog)
    if source not in contracts:
        raise LoomlineError(
            f"There is no source {source!r}.", f"Sources are: {', '.join(contracts)}."
        )
    return contracts[source]


def contract_version(contract: Contract) -> str:
    """A short hash that changes whenever the contract would make something else of a file."""
    content = contract.model_dump_json(exclude={"description", "owner"})
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def contracts_for(contracts: dict[str, Contract], path: Path) -> list[Contract]:
    """The contracts whose `files` patterns match the end of the path."""
    return [
        contract
        for contract in contracts.values()
        if any(path.match(pattern) for pattern in contract.files)
    ]


def contract_for(contracts: dict[str, Contract], path: Path) -> Contract:
    """The one contract of a file.

    Raises:
        CatalogueError: none matches, or more than one does.
    """
    found = contracts_for(contracts, path)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(contract.source for contract in found)
        raise CatalogueError(f"{path} matches more than one contract: {names}. Say --source.")
    raise CatalogueError(f"{path} matches no contract. Add one (docs/sources.md), or say --source.")
