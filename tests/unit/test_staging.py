"""Staging: an unchanged copy or nothing, and rows in the shape of bronze."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq
import pytest

from loomline.contracts.catalogue import find_contract
from loomline.errors import FileRefused
from loomline.readers import plain
from loomline.readers.row import SourceRow, in_blocks
from loomline.staging import bronze_batch, copy_unchanged, read_chunks, stage_file

# Of a file of some thousand rows, so that there are several.
CHUNK = 100_000
HEADER = "企业编号;发票号码;开票日期;购方编号;金额;税额;价税合计;状态;备注"
ROW = "S001;1;2020/01/02;K0001;100.00;13.00;113.00;正常;"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.csv"
    path.write_bytes(b"a line\n" * 400_000)
    return path


def _between_chunks(change: Callable[[], object]) -> Callable[[BinaryIO], Iterator[bytes]]:
    """Chunks as they are read, with one change to the file after the first of them."""

    def chunks(file: BinaryIO) -> Iterator[bytes]:
        for number, chunk in enumerate(read_chunks(file)):
            if number == 1:
                change()
            yield chunk

    return chunks


def test_a_copy_is_named_by_its_bytes_and_cannot_be_written(source: Path, tmp_path: Path) -> None:
    copy = copy_unchanged(source, tmp_path / "landing")
    assert copy.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert copy.path.name == copy.sha256
    assert copy.path.read_bytes() == source.read_bytes()
    assert copy.size_bytes == source.stat().st_size
    assert copy.path.stat().st_mode & 0o222 == 0


def test_the_same_content_is_copied_to_the_same_place(source: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin.csv"
    twin.write_bytes(source.read_bytes())
    landing = tmp_path / "landing"
    assert copy_unchanged(source, landing) == copy_unchanged(twin, landing)
    assert len(list(landing.iterdir())) == 1


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"one more\n")


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"A LINE\n")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def _truncate(path: Path) -> None:
    os.truncate(path, 10)


def _replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def _remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [_append, _overwrite, _truncate, _replace, _remove])
def test_a_file_that_changes_while_it_is_read_leaves_nothing(
    source: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    landing = tmp_path / "landing"
    with pytest.raises(FileRefused) as caught:
        copy_unchanged(source, landing, _between_chunks(lambda: change(source)))
    assert str(source) in caught.value.message
    assert list(landing.iterdir()) == []


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="can't be copied"):
        copy_unchanged(tmp_path / "missing.csv", tmp_path / "landing")


def test_rows_keep_every_value_and_the_raw_text_of_ragged_ones() -> None:
    rows = [
        SourceRow(2, "a,1", ["a", "1"], None),
        SourceRow(3, "b", ["b"], "row: 1 cells where the header has 2"),
        SourceRow(4, "c,2,3", ["c", "2", "3"], "row: 3 cells where the header has 2"),
        SourceRow(5, "{}", [], "row: is not JSON"),
        SourceRow(6, "d", ["d", None], None),
    ]
    (block,) = in_blocks(rows)
    landed_at = datetime(2020, 2, 29, tzinfo=UTC)
    table = bronze_batch(block, ["firm", "amount"], "f" * 64, "trial.csv", landed_at).to_pylist()
    assert [dict(row["fields"]) for row in table] == [
        {"firm": "a", "amount": "1"},
        {"firm": "b"},
        {"firm": "c", "amount": "2"},
        {},
        {"firm": "d", "amount": None},
    ]
    for row, given in zip(table, rows, strict=True):
        assert (row["line_number"], row["raw_text"]) == (given.line_number, given.raw_text)
        assert row["problem"] == given.problem
        assert (row["source_file"], row["landed_at"]) == ("trial.csv", landed_at)


def test_a_staged_file_holds_every_row_over_many_batches(
    tmp_path: Path, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "CHUNK_CHARACTERS", CHUNK)
    source = tmp_path / "sample_sales_trial.csv"
    count = 10_007
    source.write_bytes("\n".join([HEADER, *[ROW] * count]).encode("gbk"))
    copy = copy_unchanged(source, tmp_path / "landing")
    staged = stage_file(copy, source.name, find_contract(catalog, "sample_sales"), tmp_path / "s")
    lines = pq.read_table(staged.path, columns=["line_number"])["line_number"].to_pylist()
    assert lines == list(range(2, count + 2))
    assert staged.row_count == count
    assert pq.ParquetFile(staged.path).num_row_groups > 1
    assert staged.unmapped_columns == ("备注",)


def test_a_file_refused_in_the_middle_leaves_no_rows(tmp_path: Path, catalog: Path) -> None:
    line = '{"firm": "a", "supplier": "b", "no": "1", "issued_at": "x", "received_at": "y", '
    line += '"net": 1, "tax": 1, "gross": 2, "state": "ok"}\n'
    packed = gzip.compress(line.encode() * 100)
    source = tmp_path / "sample_purchases.jsonl.gz"
    source.write_bytes(packed[:-4])
    copy = copy_unchanged(source, tmp_path / "landing")
    contract = find_contract(catalog, "sample_purchases")
    with pytest.raises(FileRefused, match="ends in the middle"):
        stage_file(copy, source.name, contract, tmp_path / "staging")
    assert list(tmp_path.glob("staging/*")) == []


def test_a_csv_refused_after_a_batch_of_rows_leaves_no_rows(
    tmp_path: Path, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "CHUNK_CHARACTERS", CHUNK)
    source = tmp_path / "sample_sales_trial.csv"
    text = "\n".join([HEADER, *[ROW] * 10_000]).encode("gbk")
    source.write_bytes(text + b"\n\xff\xff\n")
    copy = copy_unchanged(source, tmp_path / "landing")
    contract = find_contract(catalog, "sample_sales")
    with pytest.raises(FileRefused, match="is not gbk text"):
        stage_file(copy, source.name, contract, tmp_path / "staging")
    assert list((tmp_path / "staging").iterdir()) == []
