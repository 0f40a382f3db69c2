"""Monthly values of enterprises as arrays (enterprises, months), oldest first; NaN is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# What is said of peers needs this many others of the trade.
LEAST_PEERS = 5
# A source reaches a trade when so many of its enterprises are in it.
COVERED_SHARE = 0.7


def grid(places: Integers, months: Integers, values: Floats, shape: tuple[int, int]) -> Floats:
    """Values at (enterprise, month) as an array of `shape`; all are (values,), each pair once.

    Months outside of the shape are left out.
    """
    found = np.full(shape, np.nan)
    within = (months >= 0) & (months < shape[1])
    found[places[within], months[within]] = values[within]
    return found


def summed(values: Floats, months: int, needs_all: bool) -> Floats:
    """Each month's sum with those of the `months` - 1 before it; NaN where the month is missing.

    One of those before it that is missing makes the sum missing if it `needs_all`, else it adds 0.
    """
    if months == 1:
        return values
    before = np.full((len(values), months - 1), np.nan)
    windows = sliding_window_view(np.hstack([before, values]), months, axis=1)
    if needs_all:
        return windows.sum(axis=2)
    return np.where(np.isnan(values), np.nan, np.nansum(windows, axis=2))


def shifted(values: Floats, months: int) -> Floats:
    """The values of `months` months earlier; NaN where there are none."""
    if months == 0:
        return values
    return np.hstack([np.full((len(values), months), np.nan), values[:, :-months]])


def begun(values: Sequence[Floats]) -> list[Floats]:
    """Measures of one table, 0 instead of missing from the first month that has any of them on.

    A row of the table shows that the enterprise is in the source; before it nothing is known.
    """
    has_any = np.zeros(values[0].shape, dtype=np.bool_)
    for array in values:
        has_any |= np.isfinite(array)
    has_begun = np.cumsum(has_any, axis=1) > 0
    return [np.where(np.isnan(array) & has_begun, 0.0, array) for array in values]


def both_begun(measured: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Two sides, 0 in the months that have neither, from the first that has one on.

    A month that has one side alone keeps the other missing: its source does not know the month.
    """
    has_any = np.isfinite(measured) | np.isfinite(reference)
    is_silent = ~has_any & (np.cumsum(has_any, axis=1) > 0)
    return np.where(is_silent, 0.0, measured), np.where(is_silent, 0.0, reference)


def covered(values: Floats, groups: Integers) -> Floats:
    """0 for whoever is missing in a month in which most enterprises of its group have a value.

    `groups` are (enterprises,). A group needs more than LEAST_PEERS enterprises with a value.
    """
    filled = values.copy()
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        present = np.isfinite(values[members])
        enough = present.sum(axis=0) > LEAST_PEERS
        enough &= present.mean(axis=0) >= COVERED_SHARE
        filled[members] = np.where(enough & ~present, 0.0, values[members])
    return filled
