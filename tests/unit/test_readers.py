"""Readers: every value as it stood, and a whole file refused in one plain sentence."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from loomline.contracts.model import Contract, CsvFormat
from loomline.errors import FileRefused
from loomline.readers import plain
from loomline.readers.file import check_header, read_rows
from loomline.readers.row import SourceRow
from loomline.readers.text import read_csv

MAPPED = ("firm", "amount")


def contract(**file_format: Any) -> Contract:
    """A contract that needs the columns `firm` and `amount`."""
    return Contract.model_validate(
        {
            "source": "trial",
            "description": "A trial.",
            "owner": "tests",
            "files": ["*"],
            "format": file_format,
            "target": "silver.trial",
            "time_zone": "UTC",
            "columns": {name: {"from": name} for name in MAPPED},
            "event_at": {"landed": True},
            "known_at": {"landed": True},
        }
    )


def read(path: Path, **file_format: Any) -> tuple[list[str], list[SourceRow]]:
    """The header and the rows of a file, the header checked as landing does."""
    trial = contract(**file_format)
    opened = read_rows(path, path.name, trial)
    check_header(path.name, opened.header, trial)
    return opened.header, list(opened.rows())


def read_text(tmp_path: Path, text: str, **file_format: Any) -> list[SourceRow]:
    path = tmp_path / "trial.txt"
    path.write_bytes(text.encode())
    return read(path, **({"type": "csv"} | file_format))[1]


def refusal(path: Path, **file_format: Any) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(path, **file_format)
    assert path.name in caught.value.message
    assert caught.value.remedy
    return caught.value


def test_a_quoted_cell_may_hold_breaks_and_the_next_row_knows_its_line(tmp_path: Path) -> None:
    rows = read_text(tmp_path, 'firm,amount\r\n"a\r\n""b""",1\r\nc,2\r\n')
    assert rows[0] == SourceRow(2, '"a\r\n""b""",1', ['a\r\n"b"', "1"], None)
    assert rows[1] == SourceRow(4, "c,2", ["c", "2"], None)


def test_a_header_over_two_lines_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text('firm,amount,"long\nname"\na,1,x\n')
    header, rows = read(path, type="csv")
    assert header[2] == "long\nname"
    assert rows[0].line_number == 3


def test_lines_above_the_header_are_passed_over(tmp_path: Path) -> None:
    rows = read_text(tmp_path, "Export of today\n\nfirm,amount\na,1\n", header_row=3)
    assert rows == [SourceRow(4, "a,1", ["a", "1"], None)]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert len(read_text(tmp_path, "\ufefffirm,amount\na,1\n")) == 1


def test_blank_lines_are_no_rows_but_count_as_lines(tmp_path: Path) -> None:
    rows = read_text(tmp_path, "firm,amount\n\na,1\n\n\nb,2\n\n")
    assert [row.line_number for row in rows] == [3, 6]


def test_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    assert read_text(tmp_path, "firm,amount\n") == []
    assert read_text(tmp_path, "firm,amount") == []


def test_values_keep_their_blanks(tmp_path: Path) -> None:
    assert read_text(tmp_path, "firm,amount\n a\t,\u3000 1\n")[0].cells == [" a\t", "\u3000 1"]


def test_too_few_and_too_many_cells_are_a_problem_of_the_row(tmp_path: Path) -> None:
    rows = read_text(tmp_path, "firm,amount\na\na,1,2\n")
    assert [row.problem for row in rows] == [
        "row: 1 cells where the header has 2",
        "row: 3 cells where the header has 2",
    ]
    assert [row.raw_text for row in rows] == ["a", "a,1,2"]


def test_an_unclosed_quote_swallows_the_rest_into_one_row_with_all_of_its_text(
    tmp_path: Path,
) -> None:
    rows = read_text(tmp_path, 'firm,amount\na,1\n"b,2\nc,3\n')
    assert [row.problem is None for row in rows] == [True, False]
    assert rows[1].raw_text == '"b,2\nc,3'


def test_a_field_of_a_megabyte_is_read_whole(tmp_path: Path) -> None:
    long = "x" * (1 << 20)
    rows = read_text(tmp_path, f"firm,amount\n{long},1\nb,2\n")
    assert rows[0].cells[0] == long
    assert len(rows) == 2


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=2), max_size=20)
)
def test_what_a_csv_writer_wrote_is_read_back_with_all_of_its_text(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([list(MAPPED), *table])
    folder = tmp_path_factory.mktemp("csv")
    rows = read_text(folder, text.getvalue())
    assert [row.cells for row in rows] == table
    # Every byte below the header stands in the raw texts, but for the line ends between rows.
    below = text.getvalue().removeprefix("firm,amount\r\n")
    assert "".join(f"{row.raw_text}\r\n" for row in rows) == below


@pytest.mark.parametrize(
    ("file_format", "content"),
    [
        ({"type": "csv"}, b""),
        ({"type": "csv"}, b"\n"),
        ({"type": "csv", "compression": "gzip"}, gzip.compress(b"", mtime=0)),
        ({"type": "arff"}, b""),
        ({"type": "arff"}, b"@relation x\n@attribute firm string\n"),
    ],
)
def test_an_empty_file_is_refused(
    tmp_path: Path, file_format: dict[str, Any], content: bytes
) -> None:
    path = tmp_path / "trial"
    path.write_bytes(content)
    assert "is empty" in refusal(path, **file_format).message


@pytest.mark.parametrize(
    ("encoding", "compression"), [("utf-8", "none"), ("utf-8", "gzip"), ("ascii", "none")]
)
def test_a_wrong_encoding_is_refused_with_the_byte(
    tmp_path: Path, encoding: str, compression: str
) -> None:
    content = "firm,amount\n织造,1\n".encode("gbk")
    path = tmp_path / "trial.csv"
    path.write_bytes(gzip.compress(content) if compression == "gzip" else content)
    message = refusal(path, type="csv", encoding=encoding, compression=compression).message
    assert f"is not {encoding} text: byte 0x" in message


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.99])
def test_a_truncated_gzip_is_refused(tmp_path: Path, kept: float) -> None:
    text = "firm,amount\n" + "".join(f'"{n}", {n * 7919}\n' for n in range(5000))
    packed = gzip.compress(text.encode())
    path = tmp_path / "trial.gz"
    path.write_bytes(packed[: int(len(packed) * kept)])
    assert "ends in the middle" in refusal(path, type="csv", compression="gzip").message


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"firm,amount\n" + bytes(range(32, 127)) * 200))
    packed[40] ^= 0xFF
    path = tmp_path / "trial.gz"
    path.write_bytes(packed)
    refusal(path, type="csv", compression="gzip")


def test_plain_text_that_is_said_to_be_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text("firm,amount\na,1\n")
    assert "can't be read" in refusal(path, type="csv", compression="gzip").message


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text("firm,colour\na,red\n")
    assert "lacks 'amount'; it has 'firm', 'colour'." in refusal(path, type="csv").message


def test_a_renamed_column_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text("firm,amounts\na,1\n")
    assert "('amounts' looks like 'amount')" in refusal(path, type="csv").message


def test_an_added_column_is_returned_as_unused() -> None:
    added = ["firm", "remark", "amount"]
    assert check_header("trial.csv", added, contract(type="csv")) == ["remark"]


def test_a_column_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text("firm,amount,amount\na,1,2\n")
    assert "'amount' more than once" in refusal(path, type="csv").message


def test_arff_attributes_name_the_columns(tmp_path: Path) -> None:
    text = "% remark\n@RELATION x\n@attribute 'firm' {a,b}\n@attribute amount numeric\n\n@data\n"
    text += "% remark\na,1.50\n'b, c',?\n"
    rows = read_text(tmp_path, text, type="arff")
    assert [row.cells for row in rows] == [["a", "1.50"], ["b, c", "?"]]
    assert [row.line_number for row in rows] == [8, 9]


def _workbook(path: Path, rows: list[list[Any]]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Data"
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_formula_in_a_sheet_stays_its_text(tmp_path: Path) -> None:
    rows = [["firm", "amount"], ["=cmd()", "=1+1"], ["a", 2]]
    path = _workbook(tmp_path / "trial.xlsx", rows)
    read_back = read(path, type="xlsx", sheet="Data")[1]
    assert [row.cells for row in read_back] == [["=cmd()", "=1+1"], ["a", "2"]]
    assert read_back[0].raw_text == '{"firm": "=cmd()", "amount": "=1+1"}'


def test_a_blank_header_cell_takes_the_text_above(tmp_path: Path) -> None:
    rows = [["firm", "rates", None], [None, "amount", "other"], ["a", 1, None], [None, None, None]]
    path = _workbook(tmp_path / "trial.xlsx", rows)
    header, read_back = read(path, type="xlsx", sheet="Data", header_row=2)
    assert header == ["firm", "amount", "other"]
    assert [row.cells for row in read_back] == [["a", "1", None]]
    assert read_back[0].line_number == 3


def test_a_date_cell_is_an_iso_date(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", [["firm", "amount"], [datetime(2020, 2, 29), 0.5]])
    assert read(path, type="xlsx", sheet="Data")[1][0].cells == ["2020-02-29T00:00:00", "0.5"]


def test_a_missing_sheet_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "trial.xlsx", [["firm", "amount"]])
    assert "no sheet 'Sheet9'; it has Data." in refusal(path, type="xlsx", sheet="Sheet9").message


@pytest.mark.parametrize("kept", [0, 100, 3000])
def test_a_truncated_workbook_is_refused(tmp_path: Path, kept: int) -> None:
    path = _workbook(tmp_path / "trial.xlsx", [["firm", "amount"], ["a", 1]])
    path.write_bytes(path.read_bytes()[:kept])
    refusal(path, type="xlsx", sheet="Data")


def test_parquet_values_become_text(tmp_path: Path) -> None:
    path = tmp_path / "trial.parquet"
    columns = {
        "firm": ["a", None],
        "amount": [Decimal("1.10"), Decimal("-0.01")],
        "day": [date(2020, 2, 29), None],
    }
    pq.write_table(pa.table(columns), path)
    rows = read(path, type="parquet")[1]
    assert [row.cells for row in rows] == [["a", "1.10", "2020-02-29"], [None, "-0.01", None]]
    assert [row.line_number for row in rows] == [1, 2]


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trial.parquet"
    pq.write_table(pa.table({"firm": ["a"], "amount": [1]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    refusal(path, type="parquet")


@given(
    parts=st.lists(
        st.sampled_from(["a", "é", "中", " ", ",", '"', "\n", "\r\n", "\r"]), max_size=40
    ),
    size=st.integers(min_value=1, max_value=9),
)
def test_delimited_rows_are_those_of_pythons_own_reader_however_the_text_is_read(
    parts: list[str], size: int
) -> None:
    text = "".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "CHUNK_CHARACTERS", size)
        opened = read_csv(io.StringIO("x,y\n" + text, newline=""), CsvFormat(type="csv"))
        rows = list(opened.rows())
    expected = [cells for cells in csv.reader(io.StringIO(text, newline="")) if cells]
    assert [list(row.cells) for row in rows] == expected
    assert [row.problem is None for row in rows] == [len(cells) == 2 for cells in expected]
    # Each row is at its line, and begins as that line does.
    lines = ["", "", *io.StringIO(text, newline="")]
    for row in rows:
        assert row.raw_text.startswith(lines[row.line_number].rstrip("\r\n"))


@given(lines=st.lists(st.text(alphabet=["a", "中", " ", ","], max_size=6), max_size=12))
def test_lines_without_quotes_stand_as_they_are(lines: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "CHUNK_CHARACTERS", 5)
        text = io.StringIO("\n".join(["x,y", *lines]), newline="")
        rows = list(read_csv(text, CsvFormat(type="csv")).rows())
    numbered = [(number, line) for number, line in enumerate(lines, start=2) if line]
    assert [(row.line_number, row.raw_text) for row in rows] == numbered
