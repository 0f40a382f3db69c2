"""Figures of test predictions, with intervals by a bootstrap over units, such as enterprises.

All rows of a unit are drawn together, so that every figure is one of sums by unit. `weights` is
(samples, units), how often each unit stands in each sample; `place` is (rows,), the unit of each
row.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from models.arrays import Booleans, Floats, Integers

Statistic = Callable[[Floats], Floats]
# As many samples at a time as keep the memory small.
SAMPLES_AT_ONCE = 50


def count_units(unit: npt.NDArray[np.object_]) -> int:
    """How many units the rows are of, whose names are (rows,)."""
    return len(np.unique(unit.astype(str)))


def difference(one: Statistic, other: Statistic) -> Statistic:
    """One figure less another, sample by sample."""
    return lambda weights: one(weights) - other(weights)


def ratio_of_sums(numerator: Floats, denominator: Floats) -> Statistic:
    """A sum over units by another, both given by unit, (units,)."""

    def statistic(weights: Floats) -> Floats:
        whole = weights @ denominator
        return np.divide(
            weights @ numerator, whole, out=np.full(len(weights), np.nan), where=whole > 0
        )

    return statistic


def mean_of(values: Floats, place: Integers, units: int) -> Statistic:
    """The mean of rows' values, (rows,)."""
    return ratio_of_sums(
        np.bincount(place, values, units).astype(float),
        np.bincount(place, minlength=units).astype(float),
    )


def area_under_curve(outcome: Floats, predicted: Floats, place: Integers) -> Statistic:
    """Area under the ROC curve: the chance that a bad row is above a good one, a tie being half.

    That of `models.metrics.area_under_curve` with each row's weight being its unit's, by ranks
    instead of pairs, of which there would be too many.
    """
    order = np.argsort(predicted, kind="stable")
    ranked = predicted[order]
    # Where a new prediction begins: rows with one prediction can't be told apart.
    starts = np.flatnonzero(np.append(True, np.diff(ranked) > 0))
    is_bad, unit = outcome[order], place[order]

    def of_samples(weights: Floats) -> Floats:
        of_row = weights[:, unit]
        bad = np.add.reduceat(of_row * is_bad, starts, axis=1)
        good = np.add.reduceat(of_row * (1 - is_bad), starts, axis=1)
        below = np.cumsum(good, axis=1) - good
        won = (bad * (below + good / 2)).sum(axis=1)
        pairs = bad.sum(axis=1) * good.sum(axis=1)
        return np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)

    def statistic(weights: Floats) -> Floats:
        parts = range(0, len(weights), SAMPLES_AT_ONCE)
        return np.concatenate([of_samples(weights[at : at + SAMPLES_AT_ONCE]) for at in parts])

    return statistic


def share_of(is_so: Booleans, among: Booleans, place: Integers, units: int) -> Statistic:
    """The share of rows for which something is so among some of the rows, (rows,) each."""
    return mean_of(is_so[among].astype(float), place[among], units)
