"""How much features repeat one another: correlations of ranks, and the dimensions they span.

Ranks and not values are compared: amounts are so skewed that one large firm would make two features
agree, or hide that they do, and what reads features (trees, thresholds, comparisons with peers)
reads their order. A feature is ranked once among all enterprises that have it, equal ones at their
mean; two features are compared on the enterprises that have both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from loomline.families.state import Floats, Integers

LEAST_COMMON = 30
# Features whose correlations with all others are held at once.
_BLOCK = 256


@dataclass(frozen=True, eq=False)
class Redundancy:
    """What each feature shares with the others.

    `has_data` says which features have values of at least 30 enterprises that are not all the same;
    only these are compared. `closest` is the position of the feature with the highest correlation,
    without its sign, which is `highest`; -1 and NaN where there is none. All are (features,).
    `dimensions` is the participation ratio of the spectrum of the correlation matrix.
    """

    has_data: np.ndarray[tuple[int], np.dtype[np.bool_]]
    closest: Integers
    highest: Floats
    dimensions: float


def _ranks(values: Floats) -> Floats:
    """Ranks of each column among its values, from 0 to 1 about their mean; NaN where missing."""
    ranks = rankdata(values, axis=0, nan_policy="omit")
    ranks = np.where(np.isnan(values), np.nan, ranks)
    count = np.count_nonzero(~np.isnan(values), axis=0)
    return ranks / np.maximum(count, 1) - 0.5


def _correlations(ranks: Floats) -> Iterator[tuple[slice, Floats]]:
    """Correlations of some features with all (some, features), NaN where they have none."""
    there = (~np.isnan(ranks)).astype(np.float64)
    filled = np.nan_to_num(ranks)
    squares = np.square(filled)
    for start in range(0, ranks.shape[1], _BLOCK):
        some = slice(start, start + _BLOCK)
        common = there[:, some].T @ there
        own, other = filled[:, some].T @ there, there[:, some].T @ filled
        together = filled[:, some].T @ filled - own * other / np.maximum(common, 1)
        own_spread = squares[:, some].T @ there - np.square(own) / np.maximum(common, 1)
        other_spread = there[:, some].T @ squares - np.square(other) / np.maximum(common, 1)
        spread = np.sqrt(np.maximum(own_spread, 0) * np.maximum(other_spread, 0))
        is_told = (common >= LEAST_COMMON) & (spread > 1e-9)
        yield some, np.divide(together, spread, out=np.full(spread.shape, np.nan), where=is_told)


def redundancy(values: Floats) -> Redundancy:
    """What features share, from values (enterprises, features), NaN where missing.

    Two features without 30 enterprises in common count as uncorrelated. The participation ratio of
    a spectrum l is (sum of l)² / sum of l² (Bell and Dean, 1970); the eigenvalues of a correlation
    matrix sum up to the number of features, and their squares to the sum of its squares.
    """
    count = np.count_nonzero(~np.isnan(values), axis=0)
    spread = np.nanmax(values, axis=0, initial=-np.inf) > np.nanmin(values, axis=0, initial=np.inf)
    has_data = (count >= LEAST_COMMON) & spread
    places = np.flatnonzero(has_data)
    closest = np.full(values.shape[1], -1, dtype=np.int64)
    highest = np.full(values.shape[1], np.nan)
    squares = 0.0
    for some, correlations in _correlations(_ranks(values[:, places])):
        size = np.abs(np.nan_to_num(correlations))
        squares += float(np.square(size).sum())
        size[np.arange(len(size)), np.arange(some.start, some.start + len(size))] = -1
        best = size.argmax(axis=1)
        closest[places[some]] = places[best]
        highest[places[some]] = size[np.arange(len(size)), best]
    closest[has_data & ~(highest > 0)] = -1
    highest[closest < 0] = np.nan
    dimensions = len(places) ** 2 / squares if squares else 0.0
    return Redundancy(has_data, closest, highest, dimensions)
