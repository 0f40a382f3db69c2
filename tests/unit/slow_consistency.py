"""A slow, obvious implementation of the judging of a check: loops over single values."""

from __future__ import annotations

import math
from statistics import NormalDist, median

import numpy as np

from loomline.consistency.model import Check

Row = list[float]
JUDGED = 12


def _is(value: float) -> bool:
    return not math.isnan(value)


def _sum(row: Row, month: int, months: int, form: str) -> float:
    if form == "share":
        there = [value for value in row[max(0, month - months + 1) : month + 1] if _is(value)]
        return sum(there) if month >= 0 and _is(row[month]) else math.nan
    if month - months + 1 < 0:
        return math.nan
    return sum(row[month - months + 1 : month + 1])


def _cover(rows: list[Row], trades: list[int]) -> list[Row]:
    filled = [list(row) for row in rows]
    for firm, row in enumerate(rows):
        peers = [other for place, other in enumerate(rows) if trades[place] == trades[firm]]
        for month in range(len(row)):
            there = sum(_is(other[month]) for other in peers)
            if not _is(row[month]) and there > 5 and there / len(peers) >= 0.7:
                filled[firm][month] = 0.0
    return filled


def positions(
    check: Check, measured: list[Row], reference: list[Row], trades: list[int]
) -> list[Row]:
    """Where the sides stand to one another, by enterprise and month; NaN for missing."""
    if check.absent_is_zero:
        measured, reference = _cover(measured, trades), _cover(reference, trades)
    found = []
    for mine, other in zip(measured, reference, strict=True):
        row = []
        for month in range(len(mine)):
            one = _sum(mine, month, check.months, check.form)
            two = _sum(other, month - check.lag_months, check.months, check.form)
            small = one < check.least_measured and two < check.least_reference
            if not (_is(one) and _is(two)):
                row.append(math.nan)
            elif check.form == "ratio":
                above = max(one, check.least_measured) / max(two, check.least_reference)
                row.append(math.nan if small else math.log(above))
            else:
                row.append(math.nan if two < check.least_reference else one / two)
        found.append(row)
    return found


def _usual(rows: list[Row], trades: list[int], firm: int, month: int) -> float:
    peers = [row[month] for place, row in enumerate(rows) if trades[place] == trades[firm]]
    told = [value for value in peers if _is(value)]
    return median(told) if len(told) > 5 else math.nan


def residuals(
    check: Check, measured: list[Row], reference: list[Row], trades: list[int], judged: list[bool]
) -> list[Row]:
    """Residuals of the last 12 months."""
    rows = positions(check, measured, reference, trades)
    last = len(rows[0]) - JUDGED
    for row in rows:
        for month in range(JUDGED):
            if not judged[month]:
                row[last + month] = math.nan
    usual = [
        [_usual(rows, trades, firm, month) for month in range(len(row))]
        for firm, row in enumerate(rows)
    ]
    found = []
    for row, of_peers in zip(rows, usual, strict=True):
        apart = [value - (u if _is(u) else 0.0) for value, u in zip(row, of_peers, strict=True)]
        kept = []
        for month in range(last, len(row)):
            if check.given is not None:
                level = math.log(check.given) if check.form == "ratio" else check.given
                kept.append(row[month] - level)
                continue
            if check.learned_from == "trade":
                kept.append(row[month] - of_peers[month])
                continue
            past = [value for value in apart[max(0, month - 12) : month] if _is(value)]
            kept.append(apart[month] - median(past) if len(past) >= 3 else math.nan)
        found.append(kept)
    return found


def tolerance(check: Check, rows: list[Row], trades: list[int], firm: int) -> float:
    """How far residuals of the trade go."""
    told = [
        abs(value)
        for place, row in enumerate(rows)
        if trades[place] == trades[firm]
        for value in row
        if _is(value)
    ]
    if not told:
        return math.nan
    if check.tolerance.beyond is None:
        return check.tolerance.least
    normal = NormalDist()
    times = normal.inv_cdf(1 - check.tolerance.beyond / 2) / normal.inv_cdf(0.95)
    return max(check.tolerance.least, float(np.quantile(told, 0.9)) * times)


def verdict(check: Check, residual: float, bound: float) -> str:
    """What the check says of one month."""
    if not _is(residual):
        return "cannot_say"
    if residual > bound and "excess" in check.contradicts:
        return "excess"
    if residual < -bound and "shortfall" in check.contradicts:
        return "shortfall"
    return "consistent"
