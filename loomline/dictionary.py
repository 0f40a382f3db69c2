"""The data dictionary: every table and column, from the declarations and the dbt models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from loomline.declarations import read_declaration
from loomline.tables import SchemaTables, Table

Cells = tuple[str, ...]

HEAD = """# Data dictionary

Written by `loomline dictionary` from `catalog/tables/` and the dbt models; do not edit it by hand.
Times are UTC. Money is decimal. A unit stands with the column that has one.
"""


def _cell(text: object) -> str:
    return " ".join(str(text or "").split()).replace("|", "\\|")


def _rows_as_markdown(head: Cells, rows: Sequence[Cells]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(_cell(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _declared_table(name: str, table: Table) -> str:
    rows = [
        (
            column,
            declared.type,
            declared.unit,
            "no" if declared.required else "yes",
            declared.description,
        )
        for column, declared in table.columns.items()
    ]
    head = ("column", "type", "unit", "may be null", "meaning")
    key = f" Key: {', '.join(table.key)}." if table.key else ""
    return (
        f"### {name}\n\n{_cell(table.description)} {_cell(table.grain)}{key}\n\n"
        f"{_rows_as_markdown(head, rows)}"
    )


def _mart_models(dbt_folder: Path) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = []
    for path in sorted((dbt_folder / "models" / "marts").rglob("*.yml")):
        models += yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    return sorted(models, key=lambda model: str(model["name"]))


def _mart_table(model: dict[str, Any]) -> str:
    rows = [
        (column["name"], column.get("data_type", ""), column.get("description", ""))
        for column in model.get("columns", [])
    ]
    return (
        f"### marts.{model['name']}\n\n{_cell(model['description'])}\n\n"
        f"{_rows_as_markdown(('column', 'type', 'meaning'), rows)}"
    )


def dictionary_text(catalog: Path, dbt_folder: Path) -> str:
    """The dictionary as Markdown."""
    parts = [HEAD]
    for path in sorted((catalog / "tables").glob("*.yml")):
        schema = read_declaration(path, SchemaTables)
        parts.append(f"## {schema.schema_name}\n\n{_cell(schema.description)}\n")
        parts += [
            _declared_table(f"{schema.schema_name}.{name}", table)
            for name, table in schema.tables.items()
        ]
    parts.append("## marts\n\nWhat banks, dashboards and reports read; built by dbt.\n")
    parts += [_mart_table(model) for model in _mart_models(dbt_folder)]
    return "\n".join(parts)


def write_dictionary(catalog: Path, dbt_folder: Path, out: Path) -> None:
    """Write the dictionary to a file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(dictionary_text(catalog, dbt_folder), encoding="utf-8")
