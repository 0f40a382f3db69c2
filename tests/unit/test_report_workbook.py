"""The XLSX workbook of a report."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from reports.workbook import LONGEST_CELL, cell_text, write_workbook
from tests.unit.report_sample import COLUMNS, HOSTILE_NAMES, hostile_report


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.xlsx"
    write_workbook(hostile_report(), path)
    return path


@pytest.fixture(scope="module")
def book(path: Path) -> Workbook:
    return load_workbook(path)


def test_no_cell_is_a_formula(path: Path, book: Workbook) -> None:
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    with zipfile.ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert sheets
        assert not [name for name in sheets if b"<f>" in parts.read(name)]


def test_a_name_like_a_formula_is_a_quoted_text(book: Workbook) -> None:
    for row, name in enumerate(HOSTILE_NAMES[:4], start=2):
        cell = book["Rows"].cell(row, 1)
        assert cell.value == name
        assert cell.data_type == "s"
        assert cell.quotePrefix


def test_no_cell_links_out_of_the_workbook(path: Path) -> None:
    with zipfile.ZipFile(path) as parts:
        relations = [parts.read(name) for name in parts.namelist() if name.endswith(".rels")]
    assert not [text for text in relations if b"External" in text]


def test_every_row_is_there_and_numbers_are_numbers(book: Workbook) -> None:
    sheet = book["Rows"]
    assert sheet.max_row == len(HOSTILE_NAMES) + 1
    total, share, day = sheet["B2"], sheet["C3"], sheet["F2"]
    assert (total.value, total.number_format) == (1234567.89, "#,##0")
    assert (share.value, share.number_format) == (pytest.approx(1 / 12), "0.0%")
    assert day.value == datetime(2020, 2, 29)
    assert sheet["E2"].value == "yes 是"
    assert sheet["G2"].value.startswith("−12.3  =cmd")


def test_what_is_missing_is_an_empty_cell(book: Workbook) -> None:
    assert book["Rows"]["D2"].value is None
    assert book["Rows"]["D3"].value is None
    assert book["Rows"]["D4"].value == 0.5


def test_headings_are_bilingual_with_unit_frozen_and_filtered(book: Workbook) -> None:
    sheet = book["Rows"]
    assert sheet["B1"].value == "Total\n金额\nCNY 元"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:G{len(HOSTILE_NAMES) + 1}"
    assert sheet.column_dimensions["A"].width > COLUMNS[0].kind.width - 1


def test_contents_name_every_sheet_and_sources_its_sql(book: Workbook) -> None:
    assert book.sheetnames == ["Contents", "Rows", "None", "Sources"]
    assert [book["Contents"].cell(row, 1).value for row in (2, 3)] == ["Rows", "None"]
    assert book["Sources"]["C2"].value == "select '<b>' as name from marts.rows"
    assert book["None"]["A2"].value == "Nothing yet. 暂无。"


def test_a_text_too_long_for_a_cell_is_cut_and_not_lost(book: Workbook) -> None:
    long_name = book["Rows"].cell(len(HOSTILE_NAMES) + 1, 1).value
    assert len(long_name) == LONGEST_CELL
    assert long_name.endswith("…")


def test_a_cell_text_keeps_line_breaks_and_drops_control_characters() -> None:
    assert cell_text("a\nb\tc\x00\x07d") == "a\nb\tcd"
    assert cell_text("\t=1+1") == "\t=1+1"


def test_the_same_report_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.xlsx"
    write_workbook(hostile_report(), again)
    assert again.read_bytes() == path.read_bytes()
