"""Whom an enterprise is compared with, and its rank among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loomline.families.ranks import LEAST_OTHERS, rank_among_trades

Floats = NDArray[np.float64]
# The peers of an enterprise whose trade is not known, or has too few enterprises to rank among.
EVERYBODY = "all"


def peer_groups(trades: Sequence[str]) -> list[str]:
    """The group of each enterprise: its trade, or `all` where fewer than 5 others are of it.

    `trades` are codes, empty where the trade is not known. The peers of `all` are all enterprises.
    """
    sizes = Counter(trades)
    return [
        trade if trade and sizes[trade] > LEAST_OTHERS else EVERYBODY  # an own place, and 5 others
        for trade in trades
    ]


def peer_ranks(values: Floats, groups: Sequence[str]) -> Floats:
    """Ranks from 0 to 1 of values (names, enterprises) among the enterprises' peers.

    A rank is the share of the peers with a value that are lower, equal ones counting half. NaN
    without a value, or where fewer than 5 peers have one.
    """
    names = sorted(set(groups) - {EVERYBODY})
    place_of = {name: place for place, name in enumerate(names)}
    places = np.array([place_of.get(group, -1) for group in groups], dtype=np.int64)
    ranks = rank_among_trades(values, places)
    if (places < 0).any():
        among_all = rank_among_trades(values, np.zeros(len(places), dtype=np.int64))
        ranks[:, places < 0] = among_all[:, places < 0]
    return ranks
