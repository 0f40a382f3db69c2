"""The population stability index: how far shares in bins have moved from one group to another.

Sum over the bins of (a - b) ln(a / b) of the shares b before and a now (Siddiqi, 2006, "Credit risk
scorecards"). It is symmetric, 0 for equal shares, and the sum of both directions of the
Kullback-Leibler divergence.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

# What stands for an empty bin, whose share has no logarithm (Haldane, 1956).
EMPTY = 0.5
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def population_stability_index(before: Integers, now: Integers) -> float:
    """The index of things counted in the same bins, (bins,); an empty bin counts half a one.

    Bins that are empty both times add nothing.

    Raises:
        ValueError: nothing is counted before or now.
    """
    if not before.sum() or not now.sum():
        raise ValueError("Without counts there are no shares.")
    used = (before > 0) | (now > 0)
    shares_before = np.where(before > 0, before, EMPTY)[used] / before.sum()
    shares_now = np.where(now > 0, now, EMPTY)[used] / now.sum()
    return float(np.sum((shares_now - shares_before) * np.log(shares_now / shares_before)))


def chance_spread(before: int, now: int, shared: int = 0) -> float:
    """What one degree of freedom adds to the index of two groups of one population.

    1 / before + 1 / now for separate groups. A difference of two shares that have `shared` members
    in common has a variance that is 2 shared / (before now) less.
    """
    return max(1 / before + 1 / now - 2 * shared / (before * now), 0.0)


def chance_bound(bins: int, spread: float, level: float) -> float:
    """What the index stays below with this probability when nothing has shifted.

    Then it is about chi-squared with `bins` - 1 degrees of freedom, times the spread (Yurdakul,
    2018, "Statistical properties of population stability index", dissertation, Western Michigan
    University).
    """
    return float(chi2.ppf(level, bins - 1)) * spread if bins > 1 else 0.0


def bin_bounds(values: Floats, bins: int) -> Floats:
    """Bounds of bins with about as many of the values (rows,) in each; fewer where many are equal.

    Missing values don't count; without any other there is no bound. A value on a bound is in the
    upper bin. No bin of these values is empty.
    """
    told = values[~np.isnan(values)]
    if not len(told):
        return np.empty(0)
    inner = np.quantile(told, np.arange(1, bins) / bins, method="higher")
    return np.unique(inner[inner > told.min()])


def bin_places(values: Floats, bounds: Floats) -> Integers:
    """The bin of each value (rows,), from 0; the last, `len(bounds)` + 1, is of missing ones."""
    return np.where(np.isnan(values), len(bounds) + 1, np.digitize(values, bounds)).astype(np.int64)


def bin_counts(values: Floats, bounds: Floats) -> Integers:
    """How many values (rows,) are in each bin, (bounds + 2,), missing ones in the last."""
    return np.bincount(bin_places(values, bounds), minlength=len(bounds) + 2)
