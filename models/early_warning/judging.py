"""Figures of test predictions, with intervals by a bootstrap over enterprises.

All rows of an enterprise are drawn together, so that every figure is one of sums by enterprise.
`weights` is (samples, enterprises), how often each enterprise stands in each sample; `place` is
(rows,), the enterprise of each row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.arrays import Floats
from models.early_warning.firm_dates import Booleans, Integers
from models.evaluations.resampling import unit_weights
from models.metrics import Estimate, percentiles

Statistic = Callable[[Floats], Floats]


def estimate(statistic: Statistic, enterprises: int, seed: int) -> Estimate:
    """A figure with its interval; samples of which it can't be told are left out of the latter."""
    value = statistic(np.ones((1, enterprises)))[0]
    samples = statistic(unit_weights(enterprises, seed))
    return percentiles(value, samples[np.isfinite(samples)])


def difference(one: Statistic, other: Statistic) -> Statistic:
    """One figure less another, sample by sample."""
    return lambda weights: one(weights) - other(weights)


def ratio_of_sums(numerator: Floats, denominator: Floats) -> Statistic:
    """A sum over enterprises by another, both given by enterprise, (enterprises,)."""

    def statistic(weights: Floats) -> Floats:
        whole = weights @ denominator
        return np.divide(
            weights @ numerator, whole, out=np.full(len(weights), np.nan), where=whole > 0
        )

    return statistic


def mean_of(values: Floats, place: Integers, enterprises: int) -> Statistic:
    """The mean of rows' values, (rows,)."""
    return ratio_of_sums(
        np.bincount(place, values, enterprises).astype(float),
        np.bincount(place, minlength=enterprises).astype(float),
    )


@dataclass(frozen=True, eq=False)
class _Wins:
    """Of how many pairs of a bad and a good row the bad one is above, by their enterprises.

    `wins` is (bad enterprises, enterprises); a tie counts half.
    """

    bad_places: Integers
    wins: Floats


def _wins(outcome: Floats, predicted: Floats, place: Integers, enterprises: int) -> _Wins:
    bad, good = outcome == 1, outcome == 0
    above = (predicted[bad][:, None] > predicted[good][None, :]).astype(float)
    above += 0.5 * (predicted[bad][:, None] == predicted[good][None, :])
    bad_places, bad_at = np.unique(place[bad], return_inverse=True)
    wins = np.zeros((len(bad_places), enterprises))
    for row, at in zip(above, bad_at, strict=True):
        wins[at] += np.bincount(place[good], row, enterprises)
    return _Wins(bad_places, wins)


def area_under_curve(
    outcome: Floats, predicted: Floats, place: Integers, enterprises: int
) -> Statistic:
    """Area under the ROC curve: the chance that a bad row is above a good one.

    That of `models.metrics.area_under_curve` with each row's weight being its enterprise's.
    """
    found = _wins(outcome, predicted, place, enterprises)
    bad = np.bincount(place, outcome, enterprises)
    good = np.bincount(place, 1 - outcome, enterprises)

    def statistic(weights: Floats) -> Floats:
        pairs = (weights @ bad) * (weights @ good)
        won = ((weights[:, found.bad_places] @ found.wins) * weights).sum(axis=1)
        return np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)

    return statistic


def share_of(is_so: Booleans, among: Booleans, place: Integers, enterprises: int) -> Statistic:
    """The share of rows for which something is so among some of the rows, (rows,) each."""
    return mean_of(is_so[among].astype(float), place[among], enterprises)
