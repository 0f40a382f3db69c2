"""Propose the parts of a contract that stand beside its columns: name, files, key, moments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loomline.contracts.catalogue import MOMENT_COLUMNS, business_columns
from loomline.drafting.dates import read_moment
from loomline.drafting.matching import Match, TableMatch
from loomline.drafting.profiling import Profile
from loomline.tables import Table

# Dates as they stand in names of files, the longest first.
FILE_DATES = (
    (r"\d{4}-\d{2}-\d{2}", "yyyy-MM-dd"),
    (r"\d{14}", "yyyyMMddHHmmss"),
    (r"\d{8}", "yyyyMMdd"),
    (r"\d{4}-\d{2}", "yyyy-MM"),
    (r"\d{6}", "yyyyMM"),
)
FILE_YEARS = range(1990, 2101)
# Words of dates that say when the row itself happened, the best first.
HAPPENED = ("order", "issue", "production", "payment", "posting", "published", "report", "count",
            "repayment", "drawdown", "received", "period", "month", "filed", "device", "read",
            "started", "returned", "interval", "shipped", "list", "event")  # fmt: skip
TOTALS = ("total", "gross", "net", "amount", "balance", "energy", "value", "quantity", "wages")
PLAIN_WORD = re.compile(r"[a-z][a-z_]+")
_CODES = re.compile(r"[a-z_]+(?:, [a-z_]+)* or [a-z_]+\b")


@dataclass(frozen=True)
class FileDate:
    """A date in a file's name: the pattern that finds it, its format, and how long a span it is."""

    pattern: str
    format: str
    days: int


def file_date(name: str) -> FileDate | None:
    """The last date in the name of a file; None where there is none."""
    for digits, form in FILE_DATES:
        for found in reversed(list(re.finditer(rf"(?<!\d){digits}(?!\d)", name))):
            moment = read_moment(found[0], form)
            if moment is None or moment.year not in FILE_YEARS:
                continue
            before, after = name[: found.start()][-1:], name[found.end() :]
            pattern = rf"{re.escape(before)}({digits}){re.escape(after)}$"
            if re.findall(pattern, name) == [found[0]]:
                return FileDate(pattern, form, 31 if "dd" not in form else 1)
    return None


def file_pattern(path: Path) -> str:
    """A pattern of files like this one: its folder, and its name with any digits for a date."""
    found = file_date(path.name)
    name = path.name
    if found is not None:
        match = re.search(found.pattern, name)
        assert match is not None
        name = name[: match.start(1)] + "*" + name[match.end(1) :]
    name = re.sub(r"([\[\]?])", r"[\1]", name)
    folder = re.sub(r"([\[\]?*])", r"[\1]", path.absolute().parent.name)
    return f"{folder}/{name}" if folder else name


def source_name(path: Path, table: str) -> str:
    """A name for the source from the name of its file; from its table where that has no letters."""
    stem = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    plain = re.sub(r"[^a-z0-9]+", "_", stem.lower())
    plain = re.sub(r"(_?\d{4,})+_?", "_", f"_{plain}").strip("_")
    plain = re.sub(r"^[0-9_]+", "", plain)
    folder = re.sub(r"[^a-z0-9]+", "_", path.absolute().parent.name.lower()).strip("_")
    if len(plain) < 3:
        plain = "_".join(part for part in (folder, table.removeprefix("silver.")) if part)
    return re.sub(r"^[0-9_]+", "", plain) or table.removeprefix("silver.")


def _order(name: str, words: Sequence[str]) -> int:
    return next((place for place, word in enumerate(words) if word in name.split("_")), len(words))


def event_column(table: Table, matches: dict[str, Match]) -> str | None:
    """The matched date or time that says when the row happened; None where none is matched."""
    dated = [name for name in matches if table.columns[name].type in ("date", "timestamp")]
    if not dated:
        return None

    def rank(name: str) -> tuple[bool, bool, int]:
        return (name not in table.key, not table.columns[name].required, _order(name, HAPPENED))

    return min(dated, key=rank)


def event_source(match: TableMatch) -> Profile | None:
    """The file's one date that is matched to no column; None where there is none or more."""
    used = {found.place for found in match.matches.values()}
    dated = [p for place, p in enumerate(match.profiles) if p.formats and place not in used]
    return dated[0] if len(dated) == 1 else None


def control_total(table: Table, match: TableMatch) -> str | None:
    """The matched decimal column that a reconciliation is worth most on; None without one."""
    amounts = [
        name
        for name, found in match.matches.items()
        if table.columns[name].type.startswith("decimal") and match.profiles[found.place].is_number
        if not name.endswith(("_ratio", "price")) and "price" not in name
    ]
    if not amounts:
        return None
    return min(amounts, key=lambda name: (not table.columns[name].required, _order(name, TOTALS)))


def allowed_codes(description: str) -> tuple[str, ...]:
    """The codes that a canonical column's description lists, such as `valid or voided`."""
    found = _CODES.match(re.sub(r"\s*\([^)]*\)", "", description))
    return tuple(re.split(r", | or ", found[0])) if found else ()


def required_missing(table: Table, matches: dict[str, Match]) -> list[str]:
    """The columns that the table requires and that no column of the file is matched to."""
    return [
        name
        for name in business_columns(table)
        if table.columns[name].required and name not in matches and name not in MOMENT_COLUMNS
    ]


def repeated_keys(match: TableMatch, key: Sequence[str]) -> int | None:
    """How many rows have the key of an earlier one; None unless the whole key is matched."""
    if not key or any(name not in match.matches for name in key):
        return None
    places = [match.matches[name].place for name in key]
    seen = {tuple(row[place] for place in places) for row in match.shape.rows}
    return len(match.shape.rows) - len(seen)
