"""How many rules fire, which defaults they caught, and how long before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loomline.evidence.counts import ratio
from loomline.evidence.history import Booleans, Floats, History, Scope
from loomline.evidence.intervals import exact_share

DAY = np.timedelta64(1, "D")
QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, eq=False)
class Hits:
    """How often rules fire, each (rules,), with or without a known outcome.

    `evaluated_count` and `fired_count` are of enterprise-dates.
    """

    enterprise_count: Floats
    fired_enterprise_count: Floats
    evaluated_count: Floats
    fired_count: Floats
    hit_ratio: Floats


@dataclass(frozen=True, eq=False)
class EarlyWarnings:
    """Of the defaulted enterprises that were looked at within a year before: those warned of.

    Each is (rules,). The bounds of the share are exact. `days_ahead` are from the first firing
    within that year to the default: quartiles over the enterprises that were caught, NaN where
    there is none.
    """

    defaulted_enterprise_count: Floats
    caught_enterprise_count: Floats
    caught_ratio: Floats
    caught_lower: Floats
    caught_upper: Floats
    days_ahead_lower_quartile: Floats
    days_ahead_median: Floats
    days_ahead_upper_quartile: Floats


def hits(fired: Booleans, scope: Scope, history: History) -> Hits:
    """Hits of firings (rules, enterprises, dates)."""
    looked = scope.by_enterprise(history.evaluated)
    counts = np.count_nonzero(fired, axis=2)
    evaluated, fired_count = looked.sum(axis=1), counts.sum(axis=1).astype(float)
    return Hits(
        np.count_nonzero(looked, axis=1).astype(float),
        np.count_nonzero(counts, axis=1).astype(float),
        evaluated,
        fired_count,
        ratio(fired_count, evaluated),
    )


def early_warnings(fired: Booleans, scope: Scope, history: History) -> EarlyWarnings:
    """Early warnings of firings (rules, enterprises, dates)."""
    defaulted = history.look_back.any(axis=1)
    look_back = history.look_back[defaulted]
    was_looked_at = scope.by_enterprise(history.look_back)[:, defaulted] > 0
    warned = fired[:, defaulted] & look_back
    is_caught = warned.any(axis=2)
    first = history.as_of_dates[warned.argmax(axis=2)]
    days = np.where(is_caught, (history.default_dates[defaulted] - first) / DAY, np.nan)
    caught = np.count_nonzero(is_caught, axis=1).astype(float)
    defaults = np.count_nonzero(was_looked_at, axis=1).astype(float)
    quartiles = np.full((len(QUARTILES), len(fired)), np.nan)
    if (some := caught > 0).any():
        quartiles[:, some] = np.nanquantile(days[some], QUARTILES, axis=1)
    return EarlyWarnings(
        defaults, caught, ratio(caught, defaults), *exact_share(caught, defaults), *quartiles
    )
