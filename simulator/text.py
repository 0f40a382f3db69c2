"""Rows of text from columns of numbers, a whole day at once, by Arrow's string functions."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.calendar import dates_of
from simulator.randomness import Integers

# An Arrow array of strings, or one string that stands in every row; Arrow itself is untyped.
Texts: TypeAlias = Any

MINUTES_A_DAY = 1440


def listed(texts: Sequence[str]) -> pa.Array:
    """An array of strings."""
    return pa.array(texts, pa.string())


def chosen(texts: pa.Array, index: Integers) -> pa.Array:
    """The string at each index."""
    return texts.take(pa.array(index))


def whole(values: Integers) -> pa.Array:
    """Whole numbers as they are."""
    return pa.array(values).cast(pa.string())


def padded(values: Integers, width: int) -> pa.Array:
    """Whole numbers with zeros in front."""
    return pc.utf8_lpad(whole(values), width, "0")


def decimal(values: Integers, places: int) -> pa.Array:
    """Numbers given in units of the last place: 1234 with two places is 12.34."""
    # Arrow's decimals are integers of sixteen bytes, the lower eight first.
    wide = np.empty((len(values), 2), dtype="<i8")
    wide[:, 0], wide[:, 1] = values, values >> 63
    kind = pa.decimal128(38, places)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(wide)]).cast(pa.string())


def dates(days: Integers, pattern: str = "%Y-%m-%d") -> pa.Array:
    """Dates of simulated days; `pattern` as strftime has it, %-m and %-d without a leading zero."""
    unique, place = np.unique(days, return_inverse=True)
    shown = [when.strftime(pattern) for when in dates_of(unique).astype(object)]
    return chosen(listed(shown), place)


def moments(day: Integers, second: Integers, pattern: str = "%Y-%m-%d %H:%M:%S") -> pa.Array:
    """Local moments: seconds after the midnight that begins a day; they may lie beyond it."""
    at = dates_of(day).astype("datetime64[s]") + second
    unique, place = np.unique(at, return_inverse=True)
    shown = pc.strftime(pa.array(unique).cast(pa.timestamp("s")), format=pattern)
    return chosen(shown, place)


def quoted(texts: pa.Array) -> pa.Array:
    """Strings in double quotes, for a CSV cell that may hold a comma."""
    return pc.binary_join_element_wise('"', texts, '"', "")


def table(columns: Sequence[Texts], separator: str, header: Sequence[str] | None = None) -> bytes:
    """Lines of columns with a separator between them, after a header if there is one."""
    head = b"" if header is None else (separator.join(header) + "\n").encode()
    return head + concatenated(pc.binary_join_element_wise(*columns, separator), "\n")


def lines(parts: Sequence[Texts]) -> bytes:
    """Lines made of parts one after the other."""
    return concatenated(pc.binary_join_element_wise(*parts, ""), "\n")


def concatenated(rows: pa.Array, end: str) -> bytes:
    """All rows one after the other, each with an end."""
    if isinstance(rows, pa.ChunkedArray):
        rows = rows.combine_chunks()
    if not len(rows):
        return b""
    ended = pc.binary_join_element_wise(rows, end, "")
    offsets = np.frombuffer(ended.buffers()[1], dtype=np.int32)
    first, last = offsets[ended.offset], offsets[ended.offset + len(ended)]
    return ended.buffers()[2][first:last].to_pybytes()


def zipped(content: bytes) -> bytes:
    """Gzip without a moment in it, so that the same content gives the same bytes."""
    return gzip.compress(content, compresslevel=4, mtime=0)
