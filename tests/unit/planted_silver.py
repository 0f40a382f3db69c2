"""Planted facts in a small database with the declared tables of silver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from loomline.tables import Table, load_tables

# By the name of a table without its schema.
Facts = Mapping[str, list[dict[str, Any]]]
DAY = date(2020, 2, 29)
DAY_END = datetime(2020, 2, 29, 16, tzinfo=UTC)
LATE = DAY_END + timedelta(seconds=1)
PROVENANCE = {
    **{"source": "planted", "source_file": "planted.txt", "file_sha256": "0" * 64},
    **{"line_number": 7, "item_number": 1},
}
TYPES = {"string": "varchar", "timestamp": "timestamptz"}


@cache
def _tables(catalog: Path) -> dict[str, Table]:
    return load_tables(catalog)


@contextmanager
def planted(
    catalog: Path, names: Iterable[str], facts: Facts, said_of_all: Mapping[str, Any]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with tables; a fact says what it does not say itself by `said_of_all`."""
    with duckdb.connect() as database:
        database.execute("set timezone = 'UTC'; create schema silver")
        for name in dict.fromkeys(names):
            columns = {
                column: "varchar" if one.type.startswith("array") else TYPES.get(one.type, one.type)
                for column, one in _tables(catalog)[name].columns.items()
            }
            listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            database.execute(f"create table {name} ({listed})")
            for fact in facts.get(name.removeprefix("silver."), []):
                row = {**said_of_all, **fact}
                assert set(row) <= set(columns), (name, set(row) - set(columns))
                places = ", ".join("?" * len(row))
                database.execute(
                    f"insert into {name} ({', '.join(row)}) values ({places})", list(row.values())
                )
        yield database


def link(system: str, code: str, enterprise: str, **changes: Any) -> dict[str, Any]:
    """A link of an enterprise's own code in a system."""
    return {
        **{"code_system": system, "owner_code": "*", "party_role": "enterprise"},
        **{"party_code": code, "enterprise_id": enterprise},
        **changes,
    }
