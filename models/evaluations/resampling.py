"""Bootstrap samples of things that belong together, and the intervals that come of them.

Rows of one engine, file, machine or firm are alike, and so are days in a row: they are drawn whole.
Samples of single rows, drawn within bad and good ones, are `models.metrics.bootstrap_weights`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import Floats
from models.metrics import Estimate, percentiles

SAMPLES = 2_000


def unit_weights(units: int, seed: int, samples: int = SAMPLES) -> Floats:
    """How often each unit stands in each sample of as many units, (samples, units)."""
    share = np.full(units, 1 / units)
    drawn = np.random.default_rng(seed).multinomial(units, share, size=samples)
    return np.asarray(drawn, dtype=float)


def group_weights(groups: npt.ArrayLike, seed: int, samples: int = SAMPLES) -> Floats:
    """How often each row stands in each sample of whole groups, (samples, rows).

    `groups` (rows,) names the group of each row.
    """
    codes, names = pd.factorize(np.asarray(groups))
    return unit_weights(len(names), seed, samples)[:, codes]


def block_weights(
    days: npt.NDArray[np.int64], block: int, seed: int, samples: int = SAMPLES
) -> Floats:
    """How often each row stands in each sample of blocks of days, (samples, rows).

    `days` (rows,) numbers the day of each row from 0 without a gap; `block` days follow one another
    (Politis and Romano, 1992). After the last day comes the first, so that every day is drawn
    equally often. The last block is cut where the sample is as long as the days are.
    """
    count = int(days.max()) + 1
    blocks = -(-count // block)
    starts = np.random.default_rng(seed).integers(count, size=(samples, blocks))
    drawn = (starts[:, :, None] + np.arange(block)) % count
    weights = np.zeros((samples, count))
    for sample, chosen in enumerate(drawn.reshape(samples, -1)[:, :count]):
        weights[sample] = np.bincount(chosen, minlength=count)
    return np.asarray(weights[:, days])


def unit_estimate(statistic: Callable[[Floats], Floats], units: int, seed: int) -> Estimate:
    """A figure of units with its interval.

    `statistic` takes weights (samples, units) and gives the figure of every sample, (samples,).
    Samples of which it can't be told are left out of the interval.
    """
    value = statistic(np.ones((1, units)))[0]
    samples = statistic(unit_weights(units, seed))
    return percentiles(value, samples[np.isfinite(samples)])
