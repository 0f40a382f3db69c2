"""What a reader gives: the columns that a file has, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BLOCK_ROWS = 50_000
# A block names the column of each cell: of very wide rows it takes fewer.
BLOCK_CELLS = 1_000_000


class SourceRow(NamedTuple):
    """A row of a file as it stood.

    `cells` follow the header; a row with a `problem` may have fewer or more of them.
    """

    line_number: int
    raw_text: str
    cells: Sequence[str | None]
    problem: str | None


class RowBlock(NamedTuple):
    """Some rows of a file as columns: for each its number of cells, and all cells one by one.

    `line_numbers` are int64, the others texts; `cells` and `problems` may have nulls.
    """

    line_numbers: pa.Array
    raw_texts: pa.Array
    cell_counts: NDArray[np.int32]
    cells: pa.Array
    problems: pa.Array

    def rows(self) -> Iterator[SourceRow]:
        """The rows one by one."""
        cells, end = self.cells.to_pylist(), 0
        for number, raw_text, count, problem in zip(
            self.line_numbers.to_pylist(),
            self.raw_texts.to_pylist(),
            self.cell_counts.tolist(),
            self.problems.to_pylist(),
            strict=True,
        ):
            start, end = end, end + count
            yield SourceRow(number, raw_text, cells[start:end], problem)


def _block(rows: list[SourceRow]) -> RowBlock:
    return RowBlock(
        pa.array([row.line_number for row in rows], pa.int64()),
        pa.array([row.raw_text for row in rows], pa.string()),
        np.array([len(row.cells) for row in rows], dtype=np.int32),
        pa.array([cell for row in rows for cell in row.cells], pa.string()),
        pa.array([row.problem for row in rows], pa.string()),
    )


def in_blocks(rows: Iterable[SourceRow]) -> Iterator[RowBlock]:
    """Rows as columns, many at a time."""
    some: list[SourceRow] = []
    cell_count = 0
    for row in rows:
        some.append(row)
        cell_count += len(row.cells)
        if len(some) == BLOCK_ROWS or cell_count >= BLOCK_CELLS:
            yield _block(some)
            some, cell_count = [], 0
    if some:
        yield _block(some)


@dataclass(frozen=True)
class SourceRows:
    """The header of a file and, read as they are asked for, its rows."""

    header: list[str]
    blocks: Iterator[RowBlock]

    def rows(self) -> Iterator[SourceRow]:
        """The rows one by one, which is slow for many."""
        for block in self.blocks:
            yield from block.rows()


def cell_count_problem(header: Sequence[str], cell_count: int) -> str | None:
    """The problem of a row that has not as many cells as the header, else None."""
    if cell_count == len(header):
        return None
    return f"row: {cell_count} cells where the header has {len(header)}"
