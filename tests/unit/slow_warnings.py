"""Levels, states of warnings and the watch list once more, one firm at a time, in plain Python.

A history is a list of as-of dates with the level of one indicator at one enterprise, oldest first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from loomline.indicators.catalogue import DeclaredIndicator
from loomline.indicators.model import Indicator, Points, WatchPolicy

History = Sequence[tuple[date, str]]
BAD = ("amber", "red")


@dataclass(frozen=True)
class SlowState:
    """What is known of a warning as of the last date of its history."""

    since: date | None
    last_bad: date | None
    cleared: date | None
    counts: bool
    weight: float


def slow_level(indicator: Indicator, watched: float, trade: str) -> str:
    """The level of a value."""
    if math.isnan(watched):
        return "cannot_say"
    own = indicator.by_trade.get(trade)
    amber, red = (own.amber, own.red) if own else (indicator.amber, indicator.red)
    if indicator.bad == "high":
        return "red" if watched >= red else "amber" if watched >= amber else "none"
    return "red" if watched <= red else "amber" if watched <= amber else "none"


def slow_state(history: History, indicator: Indicator, points: Points) -> SlowState:
    """Walk from day to day; on a day without an as-of date nothing becomes known.

    What fades is kept as a list of events, each a day and what the warning weighed then.
    """
    said = dict(history)
    worth = {"amber": points.amber, "red": points.red}
    since = last_bad = cleared = None
    level_before = "none"
    counted_before = False
    faded: list[tuple[date, float]] = []
    day = history[0][0]
    while True:
        if day in said:
            level = said[day]
            if level in BAD:
                since = since or day
                last_bad = day
            elif level_before in BAD and counted_before:
                faded.append((day, worth[level_before]))
            if level == "none":
                if counted_before:
                    cleared = day
                since = last_bad = None
            counts = (
                since is not None
                and last_bad is not None
                and last_bad - since >= timedelta(days=indicator.persistence_days)
            )
            if counts:
                cleared = None
            level_before, counted_before = level, counts
        if day == history[-1][0]:
            break
        day += timedelta(days=1)
    left = [
        weight * 0.5 ** ((day - when).days / indicator.half_life_days) for when, weight in faded
    ]
    stands = worth[level_before] if level_before in BAD and counted_before else 0.0
    # What has faded to less than a thousandth of a point is gone.
    fading = max(left, default=0.0)
    weight = max(stands, fading if fading >= 0.001 else 0.0)
    return SlowState(since, last_bad, cleared, counted_before, weight)


def slow_status(
    declared: Sequence[DeclaredIndicator],
    policy: WatchPolicy,
    said: Sequence[bool],
    weights: Sequence[float],
) -> tuple[str, float]:
    """The status and the weight of one enterprise."""
    total, heavy_domains = 0.0, 0
    telling = {
        one.domain
        for one, is_said, weight in zip(declared, said, weights, strict=True)
        if is_said or weight
    }
    for domain in {one.domain for one in declared}:
        own = sorted(
            (w for one, w in zip(declared, weights, strict=True) if one.domain == domain),
            reverse=True,
        )
        total += sum(own[: policy.strongest_per_domain])
        heavy_domains += own[0] >= policy.points.red
    total = round(total / max(len(telling) + policy.calm_domains, 1), 9)
    alone = {
        one.indicator.red_alone
        for one, weight in zip(declared, weights, strict=True)
        if weight >= policy.points.red / 2
    }
    if "escalated" in alone:
        return "escalated", total
    if total >= policy.escalate_from and heavy_domains >= policy.escalate_domains:
        return "escalated", total
    return ("watch" if "watch" in alone or total >= policy.watch_from else "none"), total
