"""Guess the fields of fixed-width records from what is constant in each place of all records.

Two numbers that stand side by side with nothing that changes between them can't be told apart:
what comes out is a guess, and the draft says so.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from loomline.contracts.model import FixedWidthFormat
from loomline.drafting.dates import read_moment
from loomline.drafting.sample import ROW_LIMIT, Sample, SampleText
from loomline.drafting.shape import Shape
from loomline.readers.text import read_fixed_width

LOOKED_AT = 2000
SHORTEST_RECORD = 12
DATE_YEARS = range(1990, 2041)
COUNT_DIGITS = 4


@dataclass(frozen=True)
class Trailer:
    """A last line that counts the records: its prefix, and the place of the count (from 1)."""

    prefix: str
    first: int
    last: int


def _kind(character: str) -> str:
    if character.isdigit() and character.isascii():
        return "digit"
    if character.isspace():
        return "blank"
    return "letter" if character.isascii() and character.isalpha() else "other"


def find_trailer(lines: Sequence[str]) -> Trailer | None:
    """The trailer of records, if the last line begins otherwise than all others and counts them."""
    *records, last = lines
    for length in (2, 1, 3):
        prefix = last[:length]
        if any(line.startswith(prefix) for line in records):
            continue
        for width in range(len(last) - length, COUNT_DIGITS - 1, -1):
            digits = last[length : length + width]
            if digits.isdigit() and int(digits) == len(records):
                return Trailer(prefix, length + 1, length + width)
    return None


def _dates(lines: Sequence[str], length: int) -> list[int]:
    """The places (from 0) at which all records have eight digits that are a date."""
    found: list[int] = []
    for place in range(length - 7):
        if found and place < found[-1] + 8:
            continue
        moments = (read_moment(line[place : place + 8], "yyyyMMdd") for line in lines)
        if all(moment is not None and moment.year in DATE_YEARS for moment in moments):
            found.append(place)
    return found


def _may_begin(before: Sequence[str], here: Sequence[str]) -> bool:
    """Whether a field seems to begin where the characters of all records are `here`."""
    kinds = {_kind(character) for character in here} - {"blank"}
    kinds_before = {_kind(character) for character in before} - {"blank"}
    if kinds and kinds != kinds_before:
        return True
    was_constant, is_constant = len(set(before)) == 1, len(set(here)) == 1
    if kinds == {"digit"}:
        return set(here) == {"0"} and not was_constant
    return kinds == {"letter"} and was_constant and not is_constant


def field_starts(lines: Sequence[str], length: int) -> list[int]:
    """The places (from 0) at which fields seem to begin, within the first `length` characters.

    A field begins where the kind of character changes, behind blanks, at a date and behind it,
    where a number is padded with zeros, and where letters cease to be the same in all records.
    """
    dates = _dates(lines, length)
    within = {place + step for place in dates for step in range(1, 8)}
    starts = {0, *dates, *(place + 8 for place in dates)}
    columns = [[line[place] for line in lines] for place in range(length)]
    for place in range(1, length):
        if place not in within and _may_begin(columns[place - 1], columns[place]):
            starts.add(place)
    return sorted(start for start in starts if start < length)


def _lengths(lines: Sequence[str]) -> tuple[int, bool]:
    """How many characters all records have, and whether each ends there."""
    shortest = min(map(len, lines))
    return shortest, all(len(line) == shortest for line in lines)


def _tail_start(lines: Sequence[str], shortest: int) -> int:
    """Where the last field begins, in records whose ends differ."""
    starts = []
    for line in lines:
        kinds = [list(group) for _, group in groupby(line, key=lambda c: _kind(c) == "other")]
        starts.append(len(line) - len(kinds[-1]))
    usual, count = Counter(starts).most_common(1)[0]
    return usual if count > len(lines) / 2 and usual < shortest else shortest


def sniff_fixed_width(sample: Sample, text: SampleText) -> Shape | None:
    """The shape of records with fields at constant places; None where lines are no such records."""
    lines = [line for line in text.lines() if line]
    trailer = find_trailer(lines) if sample.is_whole and len(lines) > 1 else None
    records = lines[:-1] if trailer is not None else lines
    looked_at = records[:LOOKED_AT]
    if not looked_at:
        return None
    shortest, is_even = _lengths(looked_at)
    if shortest < SHORTEST_RECORD:
        return None
    length = shortest if is_even else _tail_start(looked_at, shortest)
    starts = field_starts(looked_at, length)
    if len(starts) < 2:
        return None
    ends: list[int | None] = [*starts[1:], length]
    places = [(start + 1, end) for start, end in zip(starts, ends, strict=True)]
    if not is_even:
        places.append((length + 1, None))
    fields = {f"from_{first}_to_{last or 'end'}": (first, last) for first, last in places}
    given: dict[str, object] = {"type": "fixed_width", "encoding": text.encoding, "fields": fields}
    given["compression"] = sample.compression
    body = "\n".join(records[:ROW_LIMIT])
    plain = FixedWidthFormat.model_validate(given)
    opened = read_fixed_width(io.StringIO(body), sample.path.name, plain)
    rows = [row.cells for row in opened.rows() if row.problem is None]
    doubts = [f"the fields are guessed from {len(looked_at)} records: look for the sender's layout"]
    if trailer is not None:
        given["trailer_prefix"] = trailer.prefix
        given["trailer_count"] = (trailer.first, trailer.last)
        doubts.append("the last line seems to count the records")
    return Shape(
        format=FixedWidthFormat.model_validate(given),
        header=opened.header,
        rows=rows,
        is_whole=sample.is_whole and len(rows) < ROW_LIMIT,
        has_names=False,
        doubts=tuple(doubts),
    )
