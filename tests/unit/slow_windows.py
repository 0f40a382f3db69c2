"""The window algebra once more, one enterprise and one feature at a time, in plain Python.

Amounts are whole numbers of cents. A history is a list of the 730 days, oldest first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from loomline.families.model import Feature

NAN = math.nan
YEAR = 365


@dataclass(frozen=True)
class Firm:
    """An enterprise: its trade, how long its history is, and the cents of each measure by day."""

    trade: int
    history_days: int
    cents: dict[str, list[int]]


def share(part: float, whole: float) -> float:
    return part / whole if whole > 0 and not math.isnan(part) else NAN


def deviation(values: Sequence[int]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def slope(values: Sequence[int]) -> float:
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    top = sum((place - middle) * (value - mean) for place, value in enumerate(values))
    return top / sum((place - middle) ** 2 for place in range(len(values)))


def longest_run(days: Sequence[bool]) -> int:
    longest = run = 0
    for day in days:
        run = run + 1 if day else 0
        longest = max(longest, run)
    return longest


def window_of(firm: Firm, measure: str, window: int, offset: int) -> list[int] | None:
    """The days of a window, or None where less than nine tenths of it are in the history."""
    if (firm.history_days - offset) * 10 < window * 9:
        return None
    days = firm.cents[measure]
    return days[len(days) - offset - window : len(days) - offset]


def aggregate(name: str, values: list[int], last_day: date) -> float:
    """An aggregation of the days of a window that ends at `last_day`."""
    count, total = len(values), sum(values)
    active = [value for value in values if value]
    weeks = [sum(values[end - 7 : end]) for end in range(count, 6, -7)][::-1]
    silent = [not any(values[end - 7 : end]) for end in range(count, 6, -7)]
    dates = [last_day - timedelta(days=back) for back in reversed(range(count))]
    weekend = sum(v for v, day in zip(values, dates, strict=True) if day.isoweekday() > 5)
    month_end = sum(
        v
        for v, day in zip(values, dates, strict=True)
        if any((day + timedelta(days=ahead)).day == 1 for ahead in (1, 2, 3))
    )
    back = next((back for back in range(count) if values[-1 - back]), None)
    week_mean = sum(weeks) / len(weeks)
    return {
        "sum": lambda: total / 100,
        "active_mean": lambda: total / len(active) / 100 if active else NAN,
        "active_days": lambda: len(active),
        "active_share": lambda: len(active) / count,
        "deviation": lambda: deviation(values) / 100,
        "variation": lambda: share(deviation(values), total / count),
        "weekly_variation": lambda: share(deviation(weeks), week_mean),
        "largest_day": lambda: max(values) / 100,
        "largest_day_share": lambda: share(max(values), total),
        "last_value": lambda: active[-1] / 100 if active else NAN,
        "days_since_last": lambda: NAN if back is None else back,
        "longest_gap": lambda: longest_run([value == 0 for value in values]),
        "trend": lambda: share(slope(weeks), week_mean),
        "weakest_week": lambda: share(min(weeks), week_mean),
        "silent_week_share": lambda: sum(silent) / len(silent),
        "fall_from_peak": lambda: 1 - share(weeks[-1], max(weeks)),
        "weekend_share": lambda: share(weekend, total),
        "month_end_share": lambda: share(month_end, total),
        "closing": lambda: values[-1] / 100,
        "mean": lambda: total / count / 100,
        "lowest": lambda: min(values) / 100,
        "highest": lambda: max(values) / 100,
        "swing": lambda: share(max(values) - min(values), total / count),
        "below_highest": lambda: (max(values) - values[-1]) / 100,
        "above_lowest": lambda: (values[-1] - min(values)) / 100,
        "fall_from_highest": lambda: 1 - share(values[-1], max(values)),
        "drift": lambda: share(slope(weeks), week_mean),
        "standing_share": lambda: sum(value > 0 for value in values) / count,
        "longest_standing": lambda: longest_run([value > 0 for value in values]),
    }[name]()


def amount(kind: str, values: list[int]) -> float:
    """What counts of a measure in a ratio."""
    if kind == "flow":
        return sum(values)
    days = [value for value in values if value] if kind == "level" else values
    return sum(days) / len(days) if days else NAN


def at(feature: Feature, firm: Firm, as_of_date: date, offset: int) -> float:
    """The feature's value in the window that ends `offset` days before the date."""
    windows = [window_of(firm, name, feature.window_days, offset) for name in feature.measures]
    if windows[0] is None or windows[-1] is None:
        return NAN
    if feature.aggregation == "ratio":
        top, bottom = feature.kinds
        days = feature.window_days if top != "flow" and bottom == "flow" else 1
        return days * share(amount(top, windows[0]), amount(bottom, windows[1]))
    return float(aggregate(feature.aggregation, windows[0], as_of_date - timedelta(days=offset)))


def unranked(feature: Feature, firm: Firm, as_of_date: date) -> float:
    """The feature of an enterprise, before it is ranked."""

    def change(later: int, earlier: int) -> float:
        now = at(feature, firm, as_of_date, later)
        then = at(feature, firm, as_of_date, earlier)
        return share(now, then) - 1 if feature.change == "relative" else now - then

    window, comparison = feature.window_days, feature.comparison.removesuffix("_peers")
    if comparison in ("none", "peers"):
        return at(feature, firm, as_of_date, 0)
    if comparison == "previous":
        return change(0, window)
    if comparison == "last_year":
        return change(0, YEAR)
    now, then = change(0, window), change(YEAR, YEAR + window)
    return share(1 + now, 1 + then) - 1 if feature.change == "relative" else now - then


def rank(values: Sequence[float], trades: Sequence[int], one: int) -> float:
    """The share of the others of the trade that are lower, equal ones counting half."""
    others = [
        value
        for place, value in enumerate(values)
        if place != one and trades[place] == trades[one] and not math.isnan(value)
    ]
    if math.isnan(values[one]) or trades[one] < 0 or len(others) < 5:
        return NAN
    lower = sum((value < values[one]) + (value == values[one]) / 2 for value in others)
    return lower / len(others)
