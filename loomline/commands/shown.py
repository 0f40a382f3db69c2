"""Show rows to a person or a program: as a table, CSV or JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TextIO

from pyspark.sql import DataFrame, Row
from rich.console import Console
from rich.table import Table

console = Console()


class OutputFormat(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def plain(value: object) -> object:
    """A cell with rows inside it turned into dicts and lists, so that it prints as JSON."""
    if isinstance(value, Row):
        return {name: plain(item) for name, item in value.asDict().items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def as_text(value: object) -> str:
    """A cell as text; a missing value is empty."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Print rows as a table; text is shown as it is, never read as markup."""
    table = Table(title=title or None, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*[as_text(value).replace("[", r"\[") for value in row])
    console.print(table)


def print_rows(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    output: OutputFormat,
    out: TextIO = sys.stdout,
) -> None:
    """Print rows; as CSV and as JSON lines one after the other, so that they may be many."""
    if output is OutputFormat.TABLE:
        shown = list(rows)
        print_table(columns, shown)
        console.print(f"{len(shown):,} rows")
    elif output is OutputFormat.CSV:
        writer = csv.writer(out)
        writer.writerow(columns)
        writer.writerows([as_text(value) for value in row] for row in rows)
    else:
        for row in rows:
            content = dict(zip(columns, map(plain, row), strict=True))
            out.write(json.dumps(content, ensure_ascii=False, default=str) + "\n")


def print_frame(frame: DataFrame, output: OutputFormat, out: TextIO = sys.stdout) -> None:
    """Print the rows of a frame."""
    print_rows(frame.columns, frame.toLocalIterator(), output, out)
