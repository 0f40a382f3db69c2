"""What conform must make of trial files: a slow and obvious second implementation in plain Python.

It shares nothing with the code under test but the trial contract, which it spells out by hand.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from tests.integration.trial import COLUMNS

BLANKS = " \t\r\n\u00a0\u3000\ufeff"
CHINA = timezone(timedelta(hours=8))
STATUS = {"有效": "valid", "作废": "voided"}

Content = tuple[str, str, str, date, Decimal, Decimal, Decimal, str]


@dataclass
class Expected:
    """Rows by (file, line): what stands in silver, and which are doubled or set aside."""

    conformed: dict[tuple[str, int], Content] = field(default_factory=dict)
    duplicate: set[tuple[str, int]] = field(default_factory=set)
    quarantined: set[tuple[str, int]] = field(default_factory=set)
    totals: dict[tuple[str, int], Decimal] = field(default_factory=dict)


def amount(text: str, thousands: bool = False) -> Decimal | None:
    """An amount written plainly, with at most two decimals and sixteen digits before them."""
    if thousands and re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", text):
        text = text.replace(",", "")
    found = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]+))?", text)
    if found is None or len(found[2]) > 16:
        return None
    decimals = found[3] or ""
    if decimals[2:].strip("0"):
        return None
    return Decimal(f"{found[1]}{found[2]}.{decimals[:2] or '0'}")


def day(text: str) -> date | None:
    """A date as 2020-02-29 or 2020/2/29."""
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    found = found or re.fullmatch(r"([0-9]{4})/([0-9]+)/([0-9]+)", text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except (ValueError, OverflowError):
        return None


def known_at(issued: date) -> datetime:
    """The end of the day of issue in China, in UTC."""
    end = datetime(issued.year, issued.month, issued.day, tzinfo=CHINA) + timedelta(days=1)
    return end.astimezone(UTC)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Cells with the line on which their row starts."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, line = [], 1
    for cells in reader:
        if cells:
            rows.append((line, cells))
        line = reader.line_num + 1
    return rows


def _content(cells: dict[str, str]) -> Content | None:
    firm, buyer, number = cells["firm"], cells["buyer"], cells["number"]
    if not (firm and buyer and number):
        return None
    if len(firm) > 20 or len(buyer) > 1000 or len(number) > 1000:
        return None
    issued = day(cells["day"])
    net, total = amount(cells["net"]), amount(cells["total"])
    tax, status = amount(cells["tax"], thousands=True), STATUS.get(cells["state"])
    if issued is None or net is None or tax is None or total is None or status is None:
        return None
    if abs(net + tax - total) > Decimal("0.01"):
        return None
    if issued < date(1994, 1, 1) or issued > datetime.now(CHINA).date():
        return None
    return firm, buyer, number, issued, net, tax, total, status


def expected_of(files: dict[str, str]) -> Expected:
    """What must become of the files, given as name to text, landed in the order of their names."""
    expected = Expected()
    first: dict[tuple[str, str, str, date], Content] = {}
    for name in sorted(files):
        (_, header), *rows = _rows(files[name])
        for line, cells in rows:
            place = (name, line)
            named = {key: value.strip(BLANKS) for key, value in zip(header, cells, strict=False)}
            total = amount(named.get("total", ""))
            if total is not None:
                expected.totals[place] = total
            is_whole = len(cells) == len(header)
            content = _content({key: named[key] for key in COLUMNS}) if is_whole else None
            if content is None:
                expected.quarantined.add(place)
                continue
            stands = first.setdefault(content[:4], content)
            if stands is content:
                expected.conformed[place] = content
            elif stands == content:
                expected.duplicate.add(place)
            else:
                expected.quarantined.add(place)
    return expected
