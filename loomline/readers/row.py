"""What a reader gives: the columns that a file has, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class SourceRow(NamedTuple):
    """A row of a file as it stood.

    `cells` follow the header; a row with a `problem` may have fewer or more of them.
    """

    line_number: int
    raw_text: str
    cells: Sequence[str | None]
    problem: str | None


@dataclass(frozen=True)
class SourceRows:
    """The header of a file and, read as they are asked for, its rows."""

    header: list[str]
    rows: Iterator[SourceRow]


def cell_count_problem(header: list[str], cells: Sequence[str | None]) -> str | None:
    """The problem of a row that has not as many cells as the header, else None."""
    if len(cells) == len(header):
        return None
    return f"row: {len(cells)} cells where the header has {len(header)}"
