"""Load every contract, check it against its canonical table, and find the contract of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from loomline.contracts.model import ColumnMapping, Contract, JsonLinesFormat, RowUnit
from loomline.declarations import catalogue_error, digest, read_declaration
from loomline.errors import CatalogueError, LoomlineError
from loomline.tables import Column, Table, load_tables
from loomline.units import conversion

# Written by the conform job for every row, never by a contract's mapping.
PROVENANCE_COLUMNS = ("source", "source_file", "file_sha256", "line_number", "item_number")
MOMENT_COLUMNS = ("event_at", "known_at")
SUPERSEDED = "superseded_at"


def business_columns(table: Table) -> list[str]:
    """The columns that a contract maps: all but the moments and the row's provenance."""
    own = (*MOMENT_COLUMNS, SUPERSEDED, *PROVENANCE_COLUMNS)
    return [name for name in table.columns if name not in own]


def column_declarations(contract: Contract, table: Table) -> dict[str, Column]:
    """The columns of the canonical table, and the contract's working columns."""
    working = {
        name: Column(
            type=str(mapping.type),
            unit=mapping.unit if isinstance(mapping.unit, str) else "",
            description="A working column.",
        )
        for name, mapping in contract.working_columns.items()
    }
    return working | table.columns


def _check_mapping(
    path: Path, where: tuple[str, str], mapping: ColumnMapping, declared: Column
) -> None:
    is_moment = declared.type in ("date", "timestamp")
    if mapping.type is not None and mapping.type != declared.type:
        message = f"the table declares the type {declared.type}, not {mapping.type}"
        raise catalogue_error(path, (*where, "type"), message)
    if mapping.formats and not is_moment:
        raise catalogue_error(path, (*where, "formats"), f"{declared.type} takes no formats")
    if is_moment and mapping.is_of_file and not mapping.formats:
        raise catalogue_error(path, where, f"say the formats of a {declared.type}")
    units = {}
    if isinstance(mapping.unit, RowUnit):
        units = mapping.unit.into
    elif mapping.unit is not None:
        units = {mapping.unit: declared.unit}
    for unit, into in units.items():
        if not into:
            raise catalogue_error(path, (*where, "unit"), "the table declares no unit")
        try:
            conversion(unit, into)
        except ValueError as error:
            raise catalogue_error(path, (*where, "unit"), str(error)) from error


def _check_columns(path: Path, contract: Contract, table: Table) -> None:
    allowed = business_columns(table)
    for name in contract.columns:
        if name not in allowed:
            message = f"{contract.target} has no column {name}; it has {', '.join(allowed)}"
            raise catalogue_error(path, ("columns", name), message)
    for name in contract.working_columns:
        if name in table.columns:
            message = f"is a column of {contract.target}: map it under columns"
            raise catalogue_error(path, ("working_columns", name), message)
    declarations = column_declarations(contract, table)
    for part in ("working_columns", "columns"):
        for name, mapping in getattr(contract, part).items():
            _check_mapping(path, (part, name), mapping, declarations[name])
    for name in allowed:
        if table.columns[name].required and name not in contract.columns:
            message = f"{contract.target} requires the column {name}, which is not mapped"
            raise catalogue_error(path, ("columns",), message)


def _check_format(path: Path, contract: Contract) -> None:
    is_json = isinstance(contract.file_format, JsonLinesFormat)
    if contract.items is not None and not is_json:
        raise catalogue_error(path, ("items",), "only JSON has items; a table has unpivot")
    if contract.unpivot is not None and is_json:
        raise catalogue_error(path, ("unpivot",), "JSON has items")


def _check_references(path: Path, contract: Contract, table: Table) -> None:
    for position, name in enumerate(contract.key):
        if name not in contract.columns:
            raise catalogue_error(path, ("key", position), f"{name} is not a mapped column")
    declarations = column_declarations(contract, table)
    mapped = contract.working_columns | contract.columns
    for moment in MOMENT_COLUMNS:
        column = getattr(contract, moment).column
        if column is None:
            continue
        if column not in mapped:
            raise catalogue_error(path, (moment, "column"), f"{column} is not a mapped column")
        if declarations[column].type not in ("date", "timestamp"):
            message = f"{column} is a {declarations[column].type}, not a date or timestamp"
            raise catalogue_error(path, (moment, "column"), message)
    total = contract.control_total
    if total is not None and (
        total not in contract.columns
        or not contract.columns[total].is_of_file
        or not table.columns[total].type.startswith("decimal")
    ):
        message = f"{total} is not a decimal column mapped from a column of the file"
        raise catalogue_error(path, ("control_total",), message)


def _read_contract(path: Path) -> Contract:
    contract = read_declaration(path, Contract)
    if path.stem != contract.source:
        raise catalogue_error(path, ("source",), f"the file must be named {contract.source}.yml")
    return contract


def _with_format(path: Path, contract: Contract, contracts: dict[str, Contract]) -> Contract:
    """The contract with the format of the source whose rows it reads."""
    if contract.rows_of is None:
        return contract
    other = contracts.get(contract.rows_of)
    if other is None or other.format is None:
        message = f"{contract.rows_of} is not a source with files of its own"
        raise catalogue_error(path, ("rows_of",), message)
    return contract.model_copy(update={"format": other.format})


def load_contracts(catalog: Path) -> dict[str, Contract]:
    """Every contract by the name of its source, each checked against its canonical table.

    Raises:
        CatalogueError: naming file, line and key.
    """
    paths = {path.stem: path for path in sorted((catalog / "sources").glob("*.yml"))}
    contracts = {source: _read_contract(path) for source, path in paths.items()}
    tables = load_tables(catalog)
    for source, path in paths.items():
        contract = contracts[source] = _with_format(path, contracts[source], contracts)
        if contract.target not in tables:
            raise catalogue_error(path, ("target",), f"the table {contract.target} is not declared")
        table = tables[contract.target]
        _check_format(path, contract)
        _check_columns(path, contract, table)
        _check_references(path, contract, table)
    return contracts


def sources_of_files(catalog: Path) -> list[str]:
    """The sources that come as files alone, and not as messages too."""
    contracts = load_contracts(catalog).values()
    return [contract.source for contract in contracts if contract.kafka_topic is None]


def readers_of(contracts: Mapping[str, Contract], contract: Contract) -> list[Contract]:
    """The other contracts that read the same landed rows."""
    return [
        other
        for other in contracts.values()
        if other.landed_as == contract.landed_as and other.source != contract.source
    ]


def find_contract(catalog: Path, source: str) -> Contract:
    """The contract of a source; the error lists the sources that there are."""
    contracts = load_contracts(catalog)
    if source not in contracts:
        raise LoomlineError(
            f"There is no source {source!r}.", f"Sources are: {', '.join(contracts)}."
        )
    return contracts[source]


def contract_version(contract: Contract, others: Sequence[Contract] = ()) -> str:
    """A short hash that changes whenever the contract would make something else of a file.

    `others` are the contracts that read the same rows: theirs are the rows that it leaves.
    """
    content = contract.model_dump_json(exclude={"description", "owner"})
    content += "".join(other.source + other.model_dump_json(include={"where"}) for other in others)
    return digest(content)


def format_version(contract: Contract) -> str:
    """A short hash that changes whenever a file would be read otherwise into bronze."""
    return digest(contract.model_dump_json(include={"format"}))


def contracts_for(contracts: dict[str, Contract], path: Path) -> list[Contract]:
    """The contracts whose `files` patterns match the end of the path."""
    return [
        contract
        for contract in contracts.values()
        if any(path.match(pattern) for pattern in contract.files or ())
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
