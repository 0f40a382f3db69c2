"""Bootstrap samples of things that belong together: all rows of a firm, days in a row.

Both give (samples, rows): how often each row stands in each sample.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import Floats

SAMPLES = 2_000


def group_weights(groups: npt.ArrayLike, seed: int, samples: int = SAMPLES) -> Floats:
    """Samples of whole groups, as many as there are, drawn with replacement.

    `groups` (rows,) names the group of each row.
    """
    codes, names = pd.factorize(np.asarray(groups))
    share = np.full(len(names), 1 / len(names))
    drawn = np.random.default_rng(seed).multinomial(len(names), share, size=samples)
    return np.asarray(drawn[:, codes], dtype=float)


def block_weights(
    days: npt.NDArray[np.int64], block: int, seed: int, samples: int = SAMPLES
) -> Floats:
    """Samples of blocks of `block` days that follow one another (Politis and Romano, 1992).

    `days` (rows,) numbers the day of each row from 0 without a gap. After the last day comes the
    first, so that every day is drawn equally often. The last block is cut where the sample is as
    long as the days are.
    """
    count = int(days.max()) + 1
    blocks = -(-count // block)
    starts = np.random.default_rng(seed).integers(count, size=(samples, blocks))
    drawn = (starts[:, :, None] + np.arange(block)) % count
    weights = np.zeros((samples, count))
    for sample, chosen in enumerate(drawn.reshape(samples, -1)[:, :count]):
        weights[sample] = np.bincount(chosen, minlength=count)
    return np.asarray(weights[:, days])
