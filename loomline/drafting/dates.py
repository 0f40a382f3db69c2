"""Find the Spark date patterns that read all of some texts, and read a text by such a pattern.

The patterns are those of Spark's `try_to_timestamp`; what `read_moment` reads, Spark reads as the
same moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import product

MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
)}  # fmt: skip
YEARS = range(1900, 2101)
EPOCHS = {"epoch_seconds": 10, "epoch_milliseconds": 13}
EPOCH_YEARS = range(2000, 2041)

# In the order of preference: of two patterns that read the same texts the stricter comes first.
DATE_PATTERNS = (
    "yyyy-MM-dd", "yyyy/MM/dd", "yyyy.MM.dd", "yyyyMMdd", "yyyy-M-d", "yyyy/M/d", "yyyy.M.d",
    "yyyy年MM月dd日", "yyyy年M月d日",
    "dd/MM/yyyy", "MM/dd/yyyy", "d/M/yyyy", "M/d/yyyy", "dd.MM.yyyy", "d.M.yyyy", "dd-MM-yyyy",
    "MM-dd-yyyy", "d-M-yyyy", "M-d-yyyy", "dd/MM/yy", "MM/dd/yy", "d/M/yy", "M/d/yy", "dd.MM.yy",
    "d.M.yy", "dd-MM-yy", "dd-MMM-yyyy", "d-MMM-yyyy", "dd-MMM-yy", "d-MMM-yy", "dd MMM yyyy",
    "d MMM yyyy", "MMM d, yyyy", "MMM dd, yyyy",
)  # fmt: skip
MONTH_PATTERNS = ("yyyy-MM", "yyyy/MM", "yyyy/M", "yyyy年M月", "yyyyMM")
TIME_PATTERNS = (
    "HH:mm:ss", "HH:mm", "H:mm:ss", "H:mm", "HH:mm:ss.SSS", "HH:mm:ss.SSSSSS", "hh:mm:ss a",
    "h:mm:ss a", "hh:mm a", "h:mm a",
)  # fmt: skip
ZONE_PATTERNS = ("", "XXX", "X", " XXX", " X")
COMPACT_PATTERNS = ("yyyyMMddHHmmss", "yyyyMMddHHmm", "yyyyMMdd'T'HHmmss", "yyyyMMdd HHmmss")

_LETTERS = {
    "yyyy": r"(?P<year>\d{4})",
    "yy": r"(?P<short_year>\d{2})",
    "MMM": r"(?P<month_name>[A-Za-z]{3})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "dd": r"(?P<day>\d{2})",
    "d": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{2})",
    "H": r"(?P<hour>\d{1,2})",
    "hh": r"(?P<half_hour>\d{2})",
    "h": r"(?P<half_hour>\d{1,2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
    "a": r"(?P<half>[AaPp][Mm])",
    "XXX": r"(?P<zone>Z|[+-]\d{2}:\d{2})",
    "X": r"(?P<zone>Z|[+-]\d{2}(?:\d{2})?)",
}
_PIECE = re.compile(r"'([^']*)'|(([A-Za-z])\3*)|(.)", re.DOTALL)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = []
    for quoted, letters, letter, other in _PIECE.findall(pattern):
        if letter == "S":
            parts.append(rf"(?P<fraction>\d{{1,{len(letters)}}})")
        elif letters:
            parts.append(_LETTERS[letters])
        else:
            parts.append(re.escape(quoted or other))
    return re.compile("".join(parts), re.ASCII)


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def read_moment(text: str, pattern: str) -> datetime | None:
    """The moment of a text by a pattern, with a zone where the text says one; None if it has none.

    Parts that the pattern lacks are the first of their kind: day 1, midnight.
    """
    if pattern in EPOCHS:
        if not (text.isascii() and text.isdigit() and len(text) == EPOCHS[pattern]):
            return None
        unit = 1000 if pattern == "epoch_milliseconds" else 1
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text) / unit)
        return moment if moment.year in EPOCH_YEARS else None
    found = _compiled(pattern).fullmatch(text)
    if found is None:
        return None
    part = found.groupdict()
    year = int(part.get("year") or 2000 + int(part.get("short_year") or 0))
    month = int(part.get("month") or MONTHS.get((part.get("month_name") or "").lower(), 0))
    hour = int(part.get("hour") or 0)
    if part.get("half_hour") is not None:
        if not 1 <= int(part["half_hour"]) <= 12:
            return None
        hour = int(part["half_hour"]) % 12 + (12 if part["half"].lower() == "pm" else 0)
    try:
        return datetime(
            year,
            month,
            int(part.get("day") or 1),
            hour,
            int(part.get("minute") or 0),
            int(part.get("second") or 0),
            int((part.get("fraction") or "").ljust(6, "0")),
            tzinfo=_zone(part["zone"]) if part.get("zone") else None,
        )
    except ValueError:
        return None


@cache
def every_pattern() -> tuple[str, ...]:
    """Every pattern that may be proposed, in the order of preference."""
    moments = tuple(
        f"{day}{gap}{time}{zone}"
        for day, gap, time, zone in product(
            DATE_PATTERNS, (" ", "'T'"), TIME_PATTERNS, ZONE_PATTERNS
        )
    )
    return (*DATE_PATTERNS, *MONTH_PATTERNS, *COMPACT_PATTERNS, *moments, *EPOCHS)


def has_time(pattern: str) -> bool:
    """Whether a pattern says a time of day."""
    return pattern in EPOCHS or any(letter in pattern for letter in "Hh")


def _reads(text: str, pattern: str) -> bool:
    moment = read_moment(text, pattern)
    return moment is not None and moment.year in YEARS


def find_patterns(texts: Iterable[str]) -> list[str]:
    """The patterns each of which reads all the texts, the preferred one first."""
    distinct = list(dict.fromkeys(texts))
    left = list(every_pattern())
    for text in distinct:
        left = [pattern for pattern in left if _reads(text, pattern)]
        if not left:
            break
    return left if distinct else []


def find_mixed_patterns(texts: Sequence[str], most: int = 3) -> list[str]:
    """Few patterns that together read all the texts, each alone some; none if there are none.

    Day and month are never taken both ways round: where a text reads otherwise by two of them
    there are none.
    """
    left = list(dict.fromkeys(texts))
    chosen: list[str] = []
    while left and len(chosen) < most:
        by_first = [pattern for pattern in every_pattern() if _reads(left[0], pattern)]
        if not by_first:
            return []
        best = max(by_first, key=lambda pattern: sum(_reads(text, pattern) for text in left))
        chosen.append(best)
        left = [text for text in left if not _reads(text, best)]
    if left:
        return []
    for text in dict.fromkeys(texts):
        readings = {read_moment(text, pattern) for pattern in chosen} - {None}
        if len(readings) > 1:
            return []
    return chosen


def ambiguous_with(texts: Iterable[str], chosen: str, patterns: Sequence[str]) -> str:
    """A pattern that reads the texts as other moments than the chosen one; empty if none does."""
    distinct = list(dict.fromkeys(texts))
    for pattern in patterns:
        if any(read_moment(text, pattern) != read_moment(text, chosen) for text in distinct):
            return pattern
    return ""
