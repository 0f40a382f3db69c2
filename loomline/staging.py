"""Bring a source file to the engine: an unchanged copy, its hash, and its rows as Parquet."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from loomline.contracts.model import Contract
from loomline.disk import is_disk_full
from loomline.errors import DiskFull, FileRefused
from loomline.readers.file import check_header, read_rows
from loomline.readers.row import RowBlock

CHUNK_BYTES = 1 << 20

BRONZE_ARROW = pa.schema(
    [
        pa.field("file_sha256", pa.string(), nullable=False),
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("line_number", pa.int64(), nullable=False),
        pa.field("raw_text", pa.string(), nullable=False),
        pa.field("fields", pa.map_(pa.string(), pa.string()), nullable=False),
        pa.field("problem", pa.string()),
        pa.field("landed_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)


@dataclass(frozen=True)
class LandedCopy:
    """An unchanged copy of a source file, named by the sha256 of its bytes."""

    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class StagedFile:
    """The rows of a landed copy as Parquet, in the shape of a bronze table."""

    path: Path
    source_file: str
    copy: LandedCopy
    header: tuple[str, ...]
    unmapped_columns: tuple[str, ...]
    row_count: int
    landed_at: datetime


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file in chunks of a megabyte."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


class _PartialCopy:
    """A copy in the making: hashed as it is written, and named by its hash once it is whole."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"partial-{os.getpid()}"
        self._digest = hashlib.sha256()
        self.size = 0

    def fill(self, chunks: Iterator[bytes]) -> None:
        try:
            with self._path.open("wb") as target:
                for chunk in chunks:
                    self._digest.update(chunk)
                    self.size += len(chunk)
                    target.write(chunk)
        except OSError as error:
            if is_disk_full(error):
                # No fault of the file, which would be refused for any other error.
                self.drop()
                raise DiskFull(f"There is no room for {self._path}.") from error
            raise

    def drop(self) -> None:
        self._path.unlink(missing_ok=True)

    def keep(self) -> LandedCopy:
        sha256 = self._digest.hexdigest()
        path = self._path.replace(self._path.with_name(sha256))
        path.chmod(0o444)
        return LandedCopy(path, sha256, self.size)


def copy_bytes(chunks: Iterator[bytes], folder: Path) -> LandedCopy:
    """Keep bytes in `folder` under their sha256; all of them or no file."""
    partial = _PartialCopy(folder)
    try:
        partial.fill(chunks)
    except BaseException:
        partial.drop()
        raise
    return partial.keep()


def copy_unchanged(
    path: Path, folder: Path, chunks: Callable[[BinaryIO], Iterator[bytes]] = read_chunks
) -> LandedCopy:
    """Copy a file into `folder` under its sha256, and be sure that it held still meanwhile.

    Everything that follows reads the copy, so that what was hashed is what was read.

    Raises:
        FileRefused: the file can't be opened, or its size or time changed during the copy.
        DiskFull: there is no room for the copy.
    """
    partial = _PartialCopy(folder)
    try:
        with path.open("rb") as source:
            before = os.fstat(source.fileno())
            partial.fill(chunks(source))
            after = path.stat()
    except OSError as error:
        partial.drop()
        raise FileRefused(
            f"{path} can't be copied: {error.strerror}.", "Check the file, its rights and the disk."
        ) from error
    seen_before = (before.st_ino, before.st_size, before.st_mtime_ns)
    seen_after = (after.st_ino, after.st_size, after.st_mtime_ns)
    if seen_before != seen_after or partial.size != after.st_size:
        partial.drop()
        raise FileRefused(
            f"{path} changed while it was read; nothing of it was landed.",
            "Wait until its writer is done and land it again.",
        )
    return partial.keep()


def bronze_batch(
    rows: RowBlock, header: list[str], file_sha256: str, source_file: str, landed: datetime
) -> pa.RecordBatch:
    """Rows in the shape of a bronze table; cells beyond the header are in the raw text only."""
    size, counts = len(rows.line_numbers), rows.cell_counts
    ends = np.cumsum(counts, dtype=np.int32)
    positions = np.arange(len(rows.cells), dtype=np.int32) - np.repeat(ends - counts, counts)
    has_name = positions < len(header)
    names = pa.DictionaryArray.from_arrays(
        pa.array(positions[has_name]), pa.array(header, pa.string())
    )
    kept = np.cumsum(np.minimum(counts, len(header)), dtype=np.int32)
    offsets = np.concatenate([[np.int32(0)], kept])
    columns = [
        pa.repeat(file_sha256, size),
        pa.repeat(source_file, size),
        rows.line_numbers,
        rows.raw_texts,
        pa.MapArray.from_arrays(
            offsets, names.dictionary_decode(), rows.cells.filter(pa.array(has_name))
        ),
        rows.problems,
        pa.repeat(pa.scalar(landed, pa.timestamp("us", tz="UTC")), size),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=BRONZE_ARROW)


def stage_file(copy: LandedCopy, source_file: str, contract: Contract, folder: Path) -> StagedFile:
    """Write the rows of a landed copy as Parquet into `folder`; all of them or no file.

    Raises:
        FileRefused: the file can't be read as its contract says.
    """
    landed_at, row_count = datetime.now(UTC), 0
    opened = read_rows(copy.path, source_file, contract)
    header, unmapped = opened.header, check_header(source_file, opened.header, contract)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{copy.sha256}.parquet"
    try:
        with pq.ParquetWriter(path, BRONZE_ARROW) as writer:
            for block in opened.blocks:
                batch = bronze_batch(block, header, copy.sha256, source_file, landed_at)
                row_count += batch.num_rows
                writer.write_batch(batch)
    except BaseException:
        path.unlink()
        raise
    return StagedFile(path, source_file, copy, tuple(header), tuple(unmapped), row_count, landed_at)
