"""Intervals by a bootstrap over units (engines, files, machines), and runs that repeat exactly.

Rows of one unit are alike, so units are drawn and all rows of a drawn unit come with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.arrays import Floats
from models.metrics import CONFIDENCE, Estimate

SAMPLES = 2000

P = ParamSpec("P")
R = TypeVar("R")


def drawn_counts(units: int, seed: int, samples: int = SAMPLES) -> Floats:
    """How often each unit stands in each bootstrap sample, (samples, units)."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(units, np.full(units, 1 / units), size=samples).astype(float)


def interval(statistic: Callable[[Floats], Floats], units: int, seed: int) -> Estimate:
    """A figure with its 95 % percentile interval.

    `statistic` takes weights (samples, units) and gives the figure of every sample, (samples,).
    """
    value = statistic(np.ones((1, units)))[0]
    resampled = statistic(drawn_counts(units, seed))
    tail = 100 * (1 - CONFIDENCE) / 2
    lower, upper = np.percentile(resampled, [tail, 100 - tail])
    return Estimate(float(value), float(lower), float(upper))


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """The same function, whose sums don't depend on how many processors share them."""

    def limited(*arguments: P.args, **named: P.kwargs) -> R:
        with threadpool_limits(limits=1):
            return function(*arguments, **named)

    return limited
