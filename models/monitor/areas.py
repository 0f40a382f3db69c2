"""The area under the ROC curve of firms counted by probability, for many samples at once.

A scorecard gives few different probabilities, so that counts at each are all that a sample of a
million firms has to say. Probabilities of models with many are taken in steps of 0.0001.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.arrays import Floats
from models.metrics import CONFIDENCE, Estimate

Counts: TypeAlias = npt.NDArray[np.int64]
DECIMALS = 4
# So many samples are held in memory at a time.
BATCH = 200

Draw = Callable[[np.random.Generator, int], tuple[Counts, Counts]]


@dataclass(frozen=True)
class Counted:
    """Firms at each probability, both (levels,) and the probabilities ascending.

    `place` is the level of each firm, (firms,).
    """

    pd_ratio: Floats
    firms: Counts
    place: Counts


def counted(pd_ratio: Floats) -> Counted:
    """Firms by their probability, in steps of 0.0001."""
    levels, place, firms = np.unique(
        np.round(pd_ratio, DECIMALS), return_inverse=True, return_counts=True
    )
    return Counted(levels, firms, place)


def area_of_counts(bad: Counts, good: Counts) -> Floats:
    """The area of each sample, (samples,), of bad and good firms (samples, levels), ascending.

    Pairs of a bad and a good firm of which the bad one has the higher probability, equal ones
    counting half, by all pairs. NaN for a sample without bad firms, or without good ones.
    """
    pairs = bad.sum(axis=1).astype(float) * good.sum(axis=1)
    below = np.cumsum(good, axis=1) - good / 2
    wins = (bad * below).sum(axis=1)
    return np.where(pairs > 0, wins / np.where(pairs > 0, pairs, 1.0), np.nan)


def mean_square(levels: Floats, bad: Counts, good: Counts) -> Floats:
    """The Brier score of each sample, (samples,), of bad and good firms (samples, levels)."""
    errors = bad @ (1 - levels) ** 2 + good @ levels**2
    return np.asarray(errors / (bad.sum(axis=1) + good.sum(axis=1)))


def _batches(samples: int) -> Iterator[int]:
    for start in range(0, samples, BATCH):
        yield min(BATCH, samples - start)


def sampled(levels: Floats, draw: Draw, samples: int, seed: int) -> tuple[Floats, Floats]:
    """The area and the Brier score of so many samples, (samples,) each.

    `draw` gives bad and good firms (samples, levels).
    """
    generator = np.random.default_rng(seed)
    areas, squares = [], []
    for size in _batches(samples):
        bad, good = draw(generator, size)
        areas.append(area_of_counts(bad, good))
        squares.append(mean_square(levels, bad, good))
    return np.concatenate(areas), np.concatenate(squares)


def with_interval(value: float, samples: Floats) -> Estimate:
    """A figure with the range of the central 95 % of its samples, those without one left out."""
    tail = 100 * (1 - CONFIDENCE) / 2
    lower, upper = np.nanpercentile(samples, [tail, 100 - tail])
    # A value in steps may lie outside the range of few equal samples by rounding.
    return Estimate(value, min(float(lower), value), max(float(upper), value))
