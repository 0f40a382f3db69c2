"""Reader of JSON lines as they stand: nothing of a line is looked at until it is conformed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from loomline.contracts.model import JsonLinesFormat
from loomline.readers.plain import line_block
from loomline.readers.row import RowBlock
from loomline.readers.text import open_text

CHUNK_BYTES = 8 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _chunks(path: Path, file_format: JsonLinesFormat) -> Iterator[bytes]:
    """The bytes of the text as UTF-8."""
    if file_format.encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        with open_text(path, file_format.encoding, file_format.compression) as text:
            while chunk := text.read(CHUNK_BYTES):
                yield chunk.encode()
        return
    with gzip.open(path) if file_format.compression == "gzip" else path.open("rb") as file:
        while raw := file.read(CHUNK_BYTES):
            yield raw


def _whole_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, cut behind a line's end each time."""
    rest = BYTE_ORDER_MARK
    for chunk in chunks:
        head, end, tail = (rest + chunk).rpartition(b"\n")
        if end:
            yield (head + end).removeprefix(BYTE_ORDER_MARK)
        rest = tail
    if rest.removeprefix(BYTE_ORDER_MARK):
        yield rest.removeprefix(BYTE_ORDER_MARK) + b"\n"


def read_lines(path: Path, file_format: JsonLinesFormat) -> Iterator[RowBlock]:
    """The lines of a file as rows without cells, which come later; blank lines are left out.

    Raises:
        UnicodeDecodeError: a line is not text of the format's encoding.
    """
    first = 1
    for block in _whole_lines(_chunks(path, file_format)):
        block.decode()
        numbers, lines = line_block(block, first)
        size = len(lines)
        no_cells = np.zeros(size, dtype=np.int32), pa.array([], pa.string())
        yield RowBlock(numbers, lines, *no_cells, pa.nulls(size, pa.string()))
        first += block.count(b"\n")
