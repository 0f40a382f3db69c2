"""The report as an XLSX workbook: a sheet a table, numbers as numbers, nothing that runs."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reports.kinds import is_missing, signed
from reports.page import source_line
from reports.parts import Column, Table
from reports.report import Report

# Excel holds 32,767 characters in a cell; xlsxwriter would leave a longer text out.
LONGEST_CELL = 32_000
HEADER_HEIGHT = 48
CONTENTS, SOURCES = "Contents", "Sources"


def cell_text(value: str) -> str:
    """A text as a cell can hold it: no control characters but the line break, not too long."""
    kept = "".join(sign for sign in value if sign == "\n" or sign.isprintable() or sign == "\t")
    return kept if len(kept) <= LONGEST_CELL else kept[: LONGEST_CELL - 1] + "…"


def reasons_text(reasons: list[dict[str, Any]] | None) -> str:
    """Reasons as lines of a cell."""
    return "\n".join(
        f"{signed(reason['points'], 1)}  {reason['reason_en']}  {reason['reason_zh']}"
        for reason in reasons or []
    )


def heading(column: Column) -> str:
    """A column's heading: English, Chinese and the unit, a line each."""
    words = [column.heading.english, column.heading.chinese, column.kind.sheet_unit]
    return "\n".join(word for word in words if word)


class _Book:
    """A workbook being written, with its formats."""

    def __init__(self, path: Path, report: Report) -> None:
        # The options keep `write` from ever making a formula, a link or a number out of a text.
        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self.workbook = Workbook(str(path), options)
        # The file's own date is the as-of date, so that the same content gives the same bytes.
        created = datetime.combine(report.as_of_date, time.min)
        title = f"{report.heading} {report.as_of_date}"
        self.workbook.set_properties({"title": title, "created": created})
        self.formats: dict[str, Format] = {}
        self.head = self.workbook.add_format(
            {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1}
        )
        self.text = self.text_format(text_wrap=False)
        self.wrapped = self.text_format(text_wrap=True)

    def text_format(self, text_wrap: bool) -> Format:
        """A text format; the quote prefix keeps `=...` a text even when a person edits the cell."""
        made = self.workbook.add_format(
            {"valign": "top", "text_wrap": text_wrap, "num_format": "@"}
        )
        made.set_quote_prefix()
        return made

    def number_format(self, sheet_format: str) -> Format:
        """The format of that number format, made once."""
        if sheet_format not in self.formats:
            self.formats[sheet_format] = self.workbook.add_format(
                {"num_format": sheet_format, "valign": "top"}
            )
        return self.formats[sheet_format]

    def sheet(self, name: str, headings: list[str], widths: list[int], rows: int) -> Worksheet:
        """A sheet with a frozen, filtered header."""
        sheet = self.workbook.add_worksheet(name)
        sheet.set_row(0, HEADER_HEIGHT)
        for place, (text, width) in enumerate(zip(headings, widths, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, text, self.head)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(rows, 1), len(headings) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def write(self, sheet: Worksheet, row: int, place: int, column: Column, value: Any) -> None:
        """One typed cell."""
        kind = column.kind
        if column.reasons:
            sheet.write_string(row, place, cell_text(reasons_text(value)), self.wrapped)
        elif is_missing(value):
            sheet.write_blank(row, place, None, self.text)
        elif isinstance(value, bool):
            sheet.write_string(row, place, kind.text(value), self.text)
        elif isinstance(value, int | float | Decimal):
            sheet.write_number(row, place, value, self.number_format(kind.sheet_format))
        elif isinstance(value, date):
            sheet.write_datetime(row, place, value, self.number_format(kind.sheet_format))
        else:
            text_format = self.wrapped if kind.is_long else self.text
            sheet.write_string(row, place, cell_text(str(kind.decoded(value))), text_format)


def write_workbook(report: Report, path: Path) -> None:
    """Write the workbook: contents, a sheet a table, and the SQL of every table."""
    book = _Book(path, report)
    with book.workbook:
        _write_contents(book, report)
        for _, table in report.tables:
            _write_table(book, table)
        _write_sources(book, report)


def _write_contents(book: _Book, report: Report) -> None:
    headings = ["Sheet\n工作表", "Section\n部分", "Table\n表格", "Rows\n行数", "From\n来源"]
    sheet = book.sheet(CONTENTS, headings, [24, 40, 60, 10, 90], len(report.tables))
    link = book.workbook.add_format({"font_color": "#17607a", "underline": 1, "valign": "top"})
    for row, (section, table) in enumerate(report.tables, start=1):
        sheet.write_url(row, 0, f"internal:'{table.sheet}'!A1", link, table.sheet)
        for place, words in ((1, section.title), (2, table.title)):
            sheet.write_string(row, place, f"{words.english} {words.chinese}", book.text)
        sheet.write_number(row, 3, len(table.answer.rows), book.number_format("#,##0"))
        sheet.write_string(row, 4, source_line(table.answer), book.wrapped)
    end = len(report.tables) + 2
    title = f"{report.title.english} {report.title.chinese} {report.subject}".strip()
    sheet.write_string(end, 0, cell_text(f"{title} {report.as_of_date}"), book.text)
    generated = report.generated_at.isoformat(timespec="seconds")
    sheet.write_string(end + 1, 0, f"Generated at 生成时间 {generated}", book.text)


def _write_table(book: _Book, table: Table) -> None:
    widths = [column.kind.width for column in table.columns]
    headings = [heading(column) for column in table.columns]
    sheet = book.sheet(table.sheet, headings, widths, len(table.answer.rows))
    if not table.answer.rows:
        sheet.write_string(1, 0, f"{table.empty.english} {table.empty.chinese}", book.text)
    for number, values in enumerate(table.answer.rows, start=1):
        for place, column in enumerate(table.columns):
            book.write(sheet, number, place, column, values[column.name])


def _write_sources(book: _Book, report: Report) -> None:
    headings = ["Sheet\n工作表", "Tables and versions\n来源表与版本", "SQL"]
    sheet = book.sheet(SOURCES, headings, [24, 60, 110], len(report.tables))
    for row, (_, table) in enumerate(report.tables, start=1):
        sheet.write_string(row, 0, table.sheet, book.text)
        sheet.write_string(row, 1, source_line(table.answer), book.wrapped)
        sheet.write_string(row, 2, cell_text(table.answer.sql), book.wrapped)
