"""All features of all enterprises as of a date, in one pass over the measures of a daily state.

A value is NaN, never infinite, where

- less than nine tenths of a window that it needs lie within the enterprise's history in the tables
  of its measures (the missing tenth counts as days without any);
- what it divides by is not above 0: a total, an earlier window, the denominator of a ratio;
- it speaks of active days, as every level does, and there is none;
- it is a rank and the enterprise's trade is not known, or fewer than 5 others of it have a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from loomline.families.model import Feature
from loomline.families.ranks import rank_among_trades
from loomline.families.reductions import Calendar, MeasureWindows, share_of
from loomline.families.state import DailyState, Floats
from loomline.families.vocabulary import COMPARISONS, YEAR_DAYS, Kind

# Enterprises that are worked on at once: their days of one measure fit into the processor's cache.
BLOCK = 128
# Ranked features that are held twice at once.
RANKED_AT_ONCE = 256
ValueAt = Callable[[int], Floats]
# What counts of a measure in ratios, by its name and kind, the window and where that ends.
Amounts = dict[tuple[str, Kind, int, int], Floats]


def _compared(feature: Feature, at: ValueAt) -> Floats:
    """The feature before it is ranked; `at` gives the window that ends so many days back."""
    window = feature.window_days
    change = COMPARISONS[feature.comparison].change
    if change == "none":
        return at(0)
    if change == "season":
        now = _against(feature, at(0), at(window))
        then = _against(feature, at(YEAR_DAYS), at(YEAR_DAYS + window))
        # A relative change of -1 is a ratio of 0: nothing can be said of what goes beyond it.
        is_relative = feature.change == "relative"
        return share_of(1 + now, 1 + then) - 1 if is_relative else now - then
    return _against(feature, at(0), at(window if change == "previous" else YEAR_DAYS))


def _against(feature: Feature, now: Floats, then: Floats) -> Floats:
    return share_of(now, then) - 1 if feature.change == "relative" else now - then


def _offsets(feature: Feature) -> tuple[int, ...]:
    """The ends of the windows that a feature needs, in days before the as-of date."""
    window = feature.window_days
    return {
        "none": (0,),
        "previous": (0, window),
        "last_year": (0, YEAR_DAYS),
        "season": (0, window, YEAR_DAYS, YEAR_DAYS + window),
    }[COMPARISONS[feature.comparison].change]


def ranked_places(features: Sequence[Feature]) -> list[list[int]]:
    """The positions of ranked features, some at a time: their values are held twice at once."""
    ranked = [at for at, one in enumerate(features) if COMPARISONS[one.comparison].is_ranked]
    starts = range(0, len(ranked), RANKED_AT_ONCE)
    return [ranked[start : start + RANKED_AT_ONCE] for start in starts]


def window_values(features: Sequence[Feature], state: DailyState) -> Floats:
    """Values of features (enterprises, features), NaN where missing.

    Raises:
        ValueError: the state lacks a measure, or a daily value is not a number or 1e15 or more.
    """
    values = unranked_values(features, state)
    for some in ranked_places(features):
        values[some] = rank_among_trades(values[some], state.trades)
    return values.T


def unranked_values(features: Sequence[Feature], state: DailyState) -> Floats:
    """Values of features (features, enterprises), and of ranked ones what is to be ranked.

    The array of a measure is asked for once, so that `state.values` may read them one by one.
    Values are the same whichever features and enterprises are computed together.

    Raises:
        ValueError: the state lacks a measure, or a daily value is not a number or 1e15 or more.
    """
    count = len(state.enterprise_ids)
    values = np.full((len(features), count), np.nan)
    plain: dict[str, list[int]] = defaultdict(list)
    divided: dict[str, set[tuple[Kind, int, int]]] = defaultdict(set)
    for at, feature in enumerate(features):
        if feature.aggregation != "ratio":
            plain[feature.measures[0]].append(at)
            continue
        for measure, kind in zip(feature.measures, feature.kinds, strict=True):
            of_kind = {(kind, feature.window_days, offset) for offset in _offsets(feature)}
            divided[measure] |= of_kind
    amounts: Amounts = {
        (measure, *part): np.empty(count) for measure, parts in divided.items() for part in parts
    }
    calendar = Calendar.ending(state.as_of_date)
    for measure in dict.fromkeys([*plain, *divided]):
        days, history = state.values_of(measure), state.history_days[measure]
        for start in range(0, count, BLOCK):
            rows = slice(start, start + BLOCK)
            windows_of = MeasureWindows(days[rows], history[rows], calendar)
            for at in plain[measure]:
                values[at, rows] = _compared(features[at], _plain_at(features[at], windows_of))
            for kind, window, offset in divided[measure]:
                found = windows_of.amount_parts(kind, window, offset)
                covered = windows_of.covered(found, window, offset)
                amounts[measure, kind, window, offset][rows] = covered
    for at, feature in enumerate(features):
        if feature.aggregation == "ratio":
            values[at] = _compared(feature, _ratio_at(feature, amounts))
    return values


def _plain_at(feature: Feature, windows: MeasureWindows) -> ValueAt:
    def at(offset: int) -> Floats:
        if feature.aggregation == "ratio":
            raise ValueError(f"{feature.name} is a ratio of two measures.")
        return windows.value(feature.aggregation, feature.window_days, offset)

    return at


def _ratio_at(feature: Feature, amounts: Amounts) -> ValueAt:
    (top, bottom), (top_kind, bottom_kind) = feature.measures, feature.kinds
    window = feature.window_days
    # What stands, by what flows on a mean day.
    days = window if top_kind != "flow" and bottom_kind == "flow" else 1

    def at(offset: int) -> Floats:
        part = amounts[top, top_kind, window, offset]
        return days * share_of(part, amounts[bottom, bottom_kind, window, offset])

    return at
