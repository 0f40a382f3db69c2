"""The declared tables of the lake: `catalog/tables/*.yml`, a schema in one file or several.

A declaration is the only place where a table's columns, types, units and grain are written. Jobs
create tables from it, contracts are checked against it, and the data dictionary is printed from it.
The mart tables are declared in dbt and not here.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

from pydantic import Field

from loomline.declarations import Declaration, read_declaration
from loomline.errors import CatalogueError

# One table a source, all of this one shape.
BRONZE_SHAPE = "bronze.source_row"


class Column(Declaration):
    """A column: its Spark SQL type, whether it may be null, its unit and what it means."""

    type: str
    required: bool = False
    unit: str = ""
    description: str = Field(min_length=1)


class Retention(Declaration):
    """For how many days after the day of a column a table keeps its rows."""

    days: int = Field(gt=0)
    column: str


class Table(Declaration):
    """A table: what a row is, the columns that name a row, and the columns in order.

    `has_shared_columns` is false for a table whose rows come from no row of a source. A table that
    `keeps_changes` tells which rows came and went between two of its versions. Its files are
    clustered by the columns of `cluster_by` when it is compacted. Delta refuses to change or remove
    a row of one that is `append_only`. One that
    `keeps_versions` can be read as it was for ten years.
    """

    description: str = Field(min_length=1)
    grain: str = Field(min_length=1)
    key: tuple[str, ...] = ()
    partition_by: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = Field(default=(), max_length=4)
    retention: Retention | None = None
    has_shared_columns: bool = True
    keeps_changes: bool = False
    append_only: bool = False
    keeps_versions: bool = False
    columns: dict[str, Column]

    @property
    def ends_rows(self) -> bool:
        """Whether later versions end its rows; not those that are let go, which must be erased."""
        return "superseded_at" in self.columns and self.retention is None


class SchemaTables(Declaration):
    """Tables of one schema, such as `silver`.

    `shared_columns` end the tables of the schema, in whichever file they are declared;
    `keeps_changes` is that of the tables of the file.
    """

    schema_name: str = Field(alias="schema")
    description: str
    shared_columns: dict[str, Column] = Field(default_factory=dict)
    keeps_changes: bool = False
    tables: dict[str, Table]


@cache
def load_tables(catalog: Path) -> dict[str, Table]:
    """Every declared table by its full name, `schema.table`."""
    tables: dict[str, Table] = {}
    paths = sorted((catalog / "tables").glob("*.yml"))
    schemas = [read_declaration(path, SchemaTables) for path in paths]
    shared: dict[str, dict[str, Column]] = defaultdict(dict)
    for schema in schemas:
        shared[schema.schema_name] |= schema.shared_columns
    for schema in schemas:
        for name, table in schema.tables.items():
            columns = dict(table.columns)
            if table.has_shared_columns:
                columns |= shared[schema.schema_name]
            keeps_changes = table.keeps_changes or schema.keeps_changes
            update = {"columns": columns, "keeps_changes": keeps_changes}
            tables[f"{schema.schema_name}.{name}"] = table.model_copy(update=update)
    if not tables:
        raise CatalogueError(f"No table is declared in {catalog / 'tables'}.")
    return tables


def table_declaration(catalog: Path, name: str) -> Table:
    """The declaration of a table; every `bronze.<source>` has the shape of a source row."""
    tables = load_tables(catalog)
    if name in tables:
        return tables[name]
    if name.startswith("bronze."):
        return tables[BRONZE_SHAPE]
    raise CatalogueError(f"The table {name} is not declared in {catalog / 'tables'}.")
