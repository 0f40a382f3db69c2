"""Apostrophes are the quote of delimited text, or letters of it; a draft tells them apart."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

import pytest

from loomline.drafting.sample import read_sample
from loomline.drafting.sniffing import sniff

HEADER = ["code", "amount", "day", "name"]
# DuckDB's sniffer takes the apostrophe for the quote of each of these.
MISLEADING = {
    "the last line is between two": [
        *([f"a{n}", f"{n}.50", f"2024-03-0{n}", "b"] for n in range(1, 4)),
        ["'", "0.00", "2000-01-01", "'"],
    ],
    "some begin a cell, some end one": [
        ["'DD", "6525.72", "2019-03-14", "d"],
        ["bb''1'", "0.00", "1995-04-03", "e"],
        ["'c'", "7.00", "1996-04-03", "f"],
        ["'''", "-276.03", "2022-08-28", "g"],
        ["'", "0.00", "2001-07-01", "h"],
    ],
}


def write(path: Path, rows: list[list[str]], quote: str, quoting: Literal[0, 1, 2] = 0) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quotechar=quote, quoting=quoting).writerows(rows)


@pytest.mark.parametrize("name", MISLEADING)
def test_lone_apostrophes_are_letters(name: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write(path, [HEADER, *MISLEADING[name]], quote='"')
    (shape,) = sniff(read_sample(path))
    assert shape.header == HEADER
    assert [list(row) for row in shape.rows] == MISLEADING[name]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_ALL])
@pytest.mark.parametrize("every", [1, 3, 100])
def test_apostrophes_around_cells_are_quotes(
    every: int, quoting: Literal[0, 1, 2], tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    rows = [[f"a{n}", f"{n}.50", "2024-03-01", "b" if n % every else "c, d"] for n in range(1, 12)]
    write(path, [HEADER, *rows], quote="'", quoting=quoting)
    (shape,) = sniff(read_sample(path))
    assert shape.header == HEADER
    assert [list(row) for row in shape.rows] == rows


def test_apostrophes_around_one_column_below_a_bare_header_are_quotes(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    lines = [",".join(HEADER), *(f"'a{n}',{n}.50,2024-03-01,b" for n in range(1, 9))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (shape,) = sniff(read_sample(path))
    assert [row[0] for row in shape.rows] == [f"a{n}" for n in range(1, 9)]
