"""Ranges that inputs never leave, whatever the data, by how they are computed."""

from __future__ import annotations

from math import inf

from loomline.families.model import Feature
from loomline.families.vocabulary import COMPARISONS
from loomline.known_inputs import KnownInput
from loomline.rules.intervals import Interval

SCORE_RANGES = {"default_probability": Interval(0, 1)}
# Aggregations that are a share of days or weeks, a number of days, or not below 0.
_SHARES = ("active_share", "silent_week_share", "standing_share")
_DAYS = ("active_days", "days_since_last", "longest_gap", "longest_standing")
_NOT_BELOW_0 = ("deviation", "variation", "weekly_variation", "fall_from_peak")


def range_of(known: KnownInput) -> Interval:
    """The range of an input; without ends where its arithmetic guarantees none."""
    if known.feature is None:
        return SCORE_RANGES.get(known.name, Interval())
    return _feature_range(known.feature)


def _feature_range(feature: Feature) -> Interval:
    comparison = COMPARISONS[feature.comparison]
    if comparison.is_ranked:
        return Interval(0, 1)
    if feature.aggregation in _SHARES:
        most = 1.0
    elif feature.aggregation in _DAYS:
        most = float(feature.window_days)
    elif feature.aggregation in _NOT_BELOW_0:
        most = inf
    else:
        return Interval()
    if comparison.change == "none":
        return Interval(0, most)
    if feature.change == "difference":
        reach = 2 * most if comparison.change == "season" else most
        return Interval(-reach, reach)
    return Interval() if comparison.change == "season" else Interval(-1, inf)
