"""Readers of workbooks and Parquet files: each value as text, each row's raw text as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
from openpyxl import load_workbook

from loomline.contracts.model import XlsxFormat
from loomline.errors import FileRefused
from loomline.readers.row import SourceRow, SourceRows, cell_count_problem, in_blocks


def cell_text(value: object) -> str | None:
    """The text of a value of a workbook or Parquet file; None where there is none."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _raw_json(header: list[str], cells: list[str | None]) -> str:
    return json.dumps(dict(zip(header, cells, strict=False)), ensure_ascii=False)


def _sheet_header(rows: Iterator[tuple[object, ...]], header_row: int) -> list[str]:
    header: list[str] = []
    for _ in range(header_row):
        names = [(cell_text(cell) or "").strip() for cell in next(rows, ())]
        above = header + [""] * (len(names) - len(header))
        header = [name or above[position] for position, name in enumerate(names)]
    while header and not header[-1]:
        header.pop()
    return header


def read_xlsx(path: Path, file_format: XlsxFormat) -> SourceRows:
    """Read a sheet. A formula stays the text of the formula: it is never computed."""
    # Given as a stream: openpyxl judges a path by its ending, and a landed copy has none.
    workbook = load_workbook(path.open("rb"), read_only=True, data_only=False)
    if file_format.sheet not in workbook.sheetnames:
        raise FileRefused(
            f"{path.name} has no sheet {file_format.sheet!r}; "
            f"it has {', '.join(workbook.sheetnames)}.",
            "Correct the sheet in the contract.",
        )
    sheet_rows = workbook[file_format.sheet].iter_rows(values_only=True)
    header = _sheet_header(sheet_rows, file_format.header_row)

    def rows() -> Iterator[SourceRow]:
        for line_number, values in enumerate(sheet_rows, start=file_format.header_row + 1):
            cells = [cell_text(value) for value in values]
            while len(cells) > len(header) and cells[-1] is None:
                cells.pop()
            if any(cell is not None for cell in cells):
                cells += [None] * (len(header) - len(cells))
                problem = cell_count_problem(header, len(cells))
                yield SourceRow(line_number, _raw_json(header, cells), cells, problem)

    return SourceRows(header, in_blocks(rows()))


def read_parquet(path: Path) -> SourceRows:
    """Read a Parquet file batch by batch."""
    file = pq.ParquetFile(path)
    header = list(file.schema_arrow.names)

    def rows() -> Iterator[SourceRow]:
        line_number = 0
        for batch in file.iter_batches():
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                line_number += 1
                cells = [cell_text(value) for value in values]
                yield SourceRow(line_number, _raw_json(header, cells), cells, None)

    return SourceRows(header, in_blocks(rows()))
