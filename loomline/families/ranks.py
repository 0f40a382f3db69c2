"""Ranks of enterprises among those of the same trade."""

from __future__ import annotations

import numpy as np

from loomline.families.state import Floats, Integers

LEAST_OTHERS = 5
# Features that are sorted at once; more would leave the processor's cache.
_CHUNK = 32


def _ranks(values: Floats) -> Floats:
    """Along each row (features, enterprises of a trade): the share of the others that are lower.

    Equal ones count half; 0 is the lowest and 1 the highest. NaN where the value is, and where
    fewer than 5 others have one.
    """
    count = values.shape[1]
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    place = np.arange(count)
    changes = ordered[:, 1:] != ordered[:, :-1]
    first = np.zeros(values.shape, dtype=np.int64)
    np.multiply(changes, place[1:], out=first[:, 1:])
    np.maximum.accumulate(first, axis=1, out=first)
    last = np.full(values.shape, count - 1, dtype=np.int64)
    last[:, :-1] = np.where(changes, place[:-1], count - 1)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    # NaN is sorted behind all others and equals nothing, itself neither.
    others = np.count_nonzero(~np.isnan(values), axis=1)[:, None] - 1
    shares = (first + last) / 2 / np.maximum(others, 1)
    shares[np.isnan(ordered) | (others < LEAST_OTHERS)] = np.nan
    ranks = np.empty_like(values)
    np.put_along_axis(ranks, order, shares, axis=1)
    return ranks


def rank_among_trades(values: Floats, trades: Integers) -> Floats:
    """Ranks of values (features, enterprises) within each trade, from 0 to 1, in their shape.

    The rank is the share of the other enterprises of the trade with a value that are lower, equal
    ones counting half. It is NaN without a value or a known trade, or where fewer than 5 others
    have a value.
    """
    ranks = np.full(values.shape, np.nan)
    for trade in np.unique(trades[trades >= 0]):
        members = np.flatnonzero(trades == trade)
        for start in range(0, len(values), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            ranks[chunk, members] = _ranks(values[chunk][:, members])
    return ranks
