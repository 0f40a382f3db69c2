"""Delimited text without quotes: its lines are its rows, cut into cells many at a time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loomline.readers.row import RowBlock, cell_count_problem

CHUNK_CHARACTERS = 4 << 20
# A longer line is not looked at again with each chunk that is read of it.
LONGEST_LINE = 8 << 20
NEW_LINE = ord("\n")
# Arrow counts the bytes of texts in 31 bits.
LARGEST_TEXT = 2**31 - 1


def line_block(lines: bytes, first_line: int) -> tuple[pa.Array, pa.Array]:
    """Numbers (int64) and texts of whole lines, given as UTF-8; blank ones are left out.

    Raises:
        ArrowInvalid: there are more bytes than a column of texts can hold.
    """
    if len(lines) > LARGEST_TEXT:
        raise pa.ArrowInvalid(f"a line of {len(lines):,} bytes is too long")
    ends = np.flatnonzero(np.frombuffer(lines, dtype=np.uint8) == NEW_LINE) + 1
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    texts = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(lines))
    texts = pc.utf8_rtrim(texts, characters="\r\n")
    numbers = pa.array(np.arange(first_line, first_line + len(ends)))
    is_filled = pc.not_equal(texts, "")
    return numbers.filter(is_filled), texts.filter(is_filled)


def _is_plain(text: str, quote: str) -> bool:
    """Whether lines are rows: there is no quote, and no other line's end than the usual two."""
    return quote not in text and text.count("\r") == text.count("\r\n")


def _block(text: str, delimiter: str, header: Sequence[str], first_line: int) -> RowBlock:
    numbers, lines = line_block(text.encode(), first_line)
    cells = pc.split_pattern(lines, delimiter)
    counts = pc.list_value_length(cells).to_numpy(zero_copy_only=False).astype(np.int32)
    problems = np.full(len(counts), None, dtype=object)
    for count in np.unique(counts[counts != len(header)]):
        problems[counts == count] = cell_count_problem(header, int(count))
    return RowBlock(numbers, lines, counts, cells.flatten(), pa.array(problems, pa.string()))


def _left(begun: str, text: TextIO) -> Iterator[str]:
    """The lines of what has been read of a text, and of the rest of it."""
    if not begun.endswith("\n"):
        begun += text.readline()
    yield from io.StringIO(begun, newline="")
    yield from text


def plain_blocks(
    text: TextIO,
    delimiter: str,
    quote: str,
    header: Sequence[str],
    first_line: int,
    otherwise: Callable[[Iterator[str], int], Iterator[RowBlock]],
) -> Iterator[RowBlock]:
    """The rows of the rest of a text, `first_line` being the number of its next line.

    From the first part on that has a quote, whose rows may go over several lines, or a line of very
    many characters, they are what `otherwise` makes of its lines, given the number of the first.
    """
    rest = ""
    while chunk := text.read(CHUNK_CHARACTERS):
        read = rest + chunk
        # A return at the end may be half of a line's end.
        is_plain = _is_plain(read.removesuffix("\r"), quote)
        if not is_plain or len(rest) > LONGEST_LINE:
            yield from otherwise(_left(read, text), first_line)
            return
        end = read.rfind("\n") + 1
        if end:
            yield _block(read[:end], delimiter, header, first_line)
            first_line += read.count("\n")
        rest = read[end:]
    if rest.endswith("\r"):
        yield from otherwise(_left(rest, text), first_line)
    elif rest:
        yield _block(rest + "\n", delimiter, header, first_line)
