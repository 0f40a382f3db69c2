"""Write the sample's files: the same seed gives the same bytes.

Sales come as semicolon-delimited GBK text with Chinese headers, in two files that overlap in
December 2019; purchases as gzipped JSON lines in local time; credit outcomes as a workbook.
"""

from __future__ import annotations

import csv
import gzip
import io
from datetime import datetime
from pathlib import Path

import numpy as np
import xlsxwriter

from loomline.sample.firms import make_firms
from loomline.sample.invoices import make_purchases, make_sales
from loomline.sample.planted import (
    planted_outcomes,
    planted_purchases,
    planted_sales,
    rename_to_troubles,
)
from loomline.sample.texts import (
    OUTCOME_COLUMNS,
    SALE_COLUMNS,
    OutcomeRow,
    SaleRow,
    outcome_rows,
    purchase_lines,
    sale_rows,
)

SEED = 20200229

SALES_FILE = "sample_sales_to_2019_12.csv"
LATER_SALES_FILE = "sample_sales_from_2019_12.csv"
PURCHASES_FILE = "sample_purchases.jsonl.gz"
OUTCOMES_FILE = "sample_credit_outcomes.xlsx"
OUTCOMES_SHEET = "信贷结果"

OVERLAP_BEGINS = np.datetime64("2019-12-01")
OVERLAP_ENDS = np.datetime64("2020-01-01")


def sales_text(rows: list[SaleRow]) -> str:
    """Rows of sales as delimited text, without a header."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _write_sales(path: Path, rows: list[SaleRow]) -> None:
    path.write_bytes(sales_text([list(SALE_COLUMNS), *rows]).encode("gbk"))


def _write_purchases(path: Path, lines: list[str]) -> None:
    # A fixed time and no name in the header: else each writing has other bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
        packed.write("".join(f"{line}\n" for line in lines).encode())


def _write_outcomes(path: Path, rows: list[OutcomeRow]) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime(2020, 2, 28)})
        sheet = book.add_worksheet(OUTCOMES_SHEET)
        day_format = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_string(0, 0, "信贷结果上报表（样例）")
        for column, name in enumerate(OUTCOME_COLUMNS):
            sheet.write_string(1, column, name)
        for number, row in enumerate(rows, start=2):
            for column, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(number, column, value, day_format)
                elif value.startswith("="):
                    sheet.write_formula(number, column, value)
                else:
                    sheet.write_string(number, column, value)


def write_sample(folder: Path, seed: int = SEED) -> list[Path]:
    """Write the four files of the sample into `folder` and return their paths."""
    rng = np.random.default_rng(seed)
    firms = make_firms(rng)
    sales = make_sales(rng, firms)
    purchases = make_purchases(rng, firms, sales)
    rows = sale_rows(rng, firms, sales)
    lines = purchase_lines(rng, firms, purchases)
    outcomes = outcome_rows(firms)
    rename_to_troubles(outcomes)

    early = int(np.searchsorted(sales.issued_at, OVERLAP_ENDS))
    late = int(np.searchsorted(sales.issued_at, OVERLAP_BEGINS))
    folder.mkdir(parents=True, exist_ok=True)
    paths = [
        folder / name for name in (SALES_FILE, LATER_SALES_FILE, PURCHASES_FILE, OUTCOMES_FILE)
    ]
    _write_sales(paths[0], [*rows[:early], *(planted.row for planted in planted_sales(rows))])
    _write_sales(paths[1], rows[late:])
    _write_purchases(paths[2], [*lines, *(planted.row for planted in planted_purchases(lines))])
    _write_outcomes(paths[3], [*outcomes, *(planted.row for planted in planted_outcomes(outcomes))])
    return paths
