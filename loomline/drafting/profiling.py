"""Say of a column what its texts are: their type, how they are written, what is blank."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loomline.drafting.cells import (
    DECIMAL,
    DECIMAL_COMMA,
    DOUBLE,
    GROUPED,
    INTEGER,
    MISSING,
    YES_NO,
    stripped,
)
from loomline.drafting.dates import (
    ambiguous_with,
    find_mixed_patterns,
    find_patterns,
    has_time,
    read_moment,
)
from loomline.drafting.shape import Shape

Kind = Literal[
    "empty", "integer", "decimal", "double", "date", "timestamp", "yes_no", "codes", "text"
]
NUMBERS: tuple[Kind, ...] = ("integer", "decimal", "double")
MOST_CODES = 12
LONGEST_CODE = 24
MOST_DISTINCT = 2000
EXAMPLES = 3
NEARLY = 0.95
GUESSED_FROM = 20
# Written as a number, but a month or an instant where its name says so.
NUMERIC_PATTERNS = ("yyyyMM", "epoch_seconds", "epoch_milliseconds")


@dataclass(frozen=True)
class Profile:
    """What the texts of a column are.

    Counts are of the rows read; `formats` are Spark patterns that read every text that is no
    missing value; for a number they are what it may be read as besides. `precision` and `scale`
    are of the largest number of digits seen. `codes` are all the distinct texts, where they are
    few. `nearly` says in words what all but a few of the texts are.
    """

    name: str
    kind: Kind
    rows: int
    blanks: int
    distinct: int
    longest: int = 0
    formats: tuple[str, ...] = ()
    ambiguous: str = ""
    precision: int = 0
    scale: int = 0
    thousands_separator: str = ""
    missing_values: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    nearly: str = ""

    @property
    def is_number(self) -> bool:
        """Whether every text is a number."""
        return self.kind in NUMBERS

    @property
    def blank_share(self) -> float:
        """Blank texts of all rows, 0 to 1."""
        return self.blanks / self.rows if self.rows else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether no two rows have the same text, and none is blank."""
        return self.rows > 1 and self.distinct == self.rows


def _digits(texts: Sequence[str]) -> tuple[int, int]:
    whole = max(len(text.lstrip("-").split(".")[0].lstrip("0") or "0") for text in texts)
    scale = max(len(text.split(".")[1]) if "." in text else 0 for text in texts)
    return whole + scale, scale


def _all(pattern: re.Pattern[str], texts: Sequence[str]) -> bool:
    return all(pattern.fullmatch(text) is not None for text in texts)


def _is_identifier(texts: Sequence[str]) -> bool:
    """Whether digits are a code: with zeros before them, or too many for a number."""
    return any(len(text) > 1 and text[0] == "0" and "." not in text for text in texts)


def _typed(texts: Sequence[str]) -> dict[str, object] | None:
    """The kind of distinct texts and how they are written; None where they are just text."""
    is_whole = _all(INTEGER, texts)
    patterns = find_patterns(texts)
    moments = [pattern for pattern in patterns if pattern not in NUMERIC_PATTERNS]
    if moments:
        kind = "timestamp" if has_time(moments[0]) else "date"
        other = ambiguous_with(texts, moments[0], moments)
        return {"kind": kind, "formats": (moments[0],), "ambiguous": other}
    if is_whole and not _is_identifier(texts):
        precision, _ = _digits(texts)
        return {"kind": "integer", "formats": tuple(patterns[:1]), "precision": precision}
    if _all(re.compile(f"{INTEGER.pattern}|{DECIMAL.pattern}"), texts) and not _is_identifier(
        texts
    ):
        precision, scale = _digits(texts)
        return {"kind": "decimal", "precision": precision, "scale": scale}
    if _all(DOUBLE, texts) and not _is_identifier(texts):
        return {"kind": "double"}
    either = re.compile(f"{GROUPED.pattern}|{DECIMAL.pattern}|{INTEGER.pattern}")
    if _all(either, texts) and not _is_identifier(texts):
        precision, scale = _digits([text.replace(",", "") for text in texts])
        grouped = {"thousands_separator": ",", "precision": precision, "scale": scale}
        return {"kind": "decimal" if scale else "integer", **grouped}
    mixed = find_mixed_patterns(texts)
    if mixed and not is_whole:
        kind = "timestamp" if any(map(has_time, mixed)) else "date"
        return {"kind": kind, "formats": tuple(mixed)}
    return None


def _few(counted: Counter[str]) -> dict[str, object] | None:
    """The kind of texts that repeat: a yes or no, or a short list of codes."""
    if {text.lower() for text in counted} <= set(YES_NO):
        return {"kind": "yes_no", "codes": tuple(counted)}
    is_short = len(counted) <= MOST_CODES and max(map(len, counted)) <= LONGEST_CODE
    if is_short and sum(counted.values()) >= 3 * len(counted):
        return {"kind": "codes", "codes": tuple(counted)}
    return None


def _nearly(counted: Counter[str]) -> str:
    """What nearly all of the texts are, in words, where the rest are few; else empty."""
    total = sum(counted.values())
    guesses = Counter(
        pattern
        for text, _ in counted.most_common(GUESSED_FROM)
        for pattern in find_patterns([text])
    )
    best = guesses.most_common(1)[0][0] if guesses else ""
    not_number = [text for text in counted if DOUBLE.fullmatch(text) is None]
    not_date = [text for text in counted if read_moment(text, best) is None] if best else []
    for what, wrong in (("numbers", not_number), (f"dates as {best}", not_date)):
        count = sum(counted[text] for text in wrong)
        if 0 < count <= (1 - NEARLY) * total:
            return f"all but {count} of {total} are {what}, such as {wrong[0][:30]!r}"
    return ""


def profile_column(name: str, cells: Sequence[str | None]) -> Profile:
    """What the texts of one column are. Blanks around a text do not count."""
    texts = [text for text in map(stripped, cells) if text]
    counted = Counter(texts)
    base: dict[str, object] = {
        "name": name,
        "rows": len(cells),
        "blanks": len(cells) - len(texts),
        "distinct": len(counted),
        "longest": max(map(len, counted), default=0),
        "examples": tuple(text for text in list(counted)[:EXAMPLES]),
    }
    if not counted:
        return Profile(**base, kind="empty")  # type: ignore[arg-type]
    distinct = list(counted)[:MOST_DISTINCT] + list(counted)[MOST_DISTINCT:][-MOST_DISTINCT:]
    found = _typed(distinct)
    if found is not None and len(distinct) < len(counted):
        found = _typed(list(counted))
    if found is None:
        kept = [text for text in counted if text.lower() not in MISSING]
        if kept and len(kept) < len(counted) and {t.lower() for t in counted} - set(YES_NO):
            found = _typed(kept)
            if found is not None:
                found["missing_values"] = tuple(t for t in counted if t.lower() in MISSING)
                base["examples"] = tuple(kept[:EXAMPLES])
    if found is None:
        found = _few(counted)
    if found is None:
        has_comma = any("," in text for text in counted) and not _is_identifier(list(counted))
        comma = re.compile(f"{DECIMAL_COMMA.pattern}|{INTEGER.pattern}")
        is_comma = has_comma and _all(comma, list(counted))
        said = "with a decimal comma, which no contract reads" if is_comma else ""
        found = {"kind": "text", "nearly": said or _nearly(counted)}
    return Profile(**(base | found))  # type: ignore[arg-type]


def profile_columns(shape: Shape) -> list[Profile]:
    """What the texts of each column of a shape are, in the order of its header."""
    return [
        profile_column(name, [row[place] for row in shape.rows])
        for place, name in enumerate(shape.header)
    ]
