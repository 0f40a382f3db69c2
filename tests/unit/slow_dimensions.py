"""Peer ranks and value dimensions once more, one enterprise at a time, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from loomline.dimensions.model import Dimension

LEAST_OTHERS = 5


def slow_peers(trades: Sequence[str], one: int) -> list[int]:
    """The places of an enterprise's peers, itself left out."""
    others = [place for place in range(len(trades)) if place != one]
    of_trade = [place for place in others if trades[place] == trades[one] != ""]
    return of_trade if len(of_trade) >= LEAST_OTHERS else others


def slow_rank(values: Sequence[float], peers: Sequence[int], one: int) -> float:
    """The share of the peers with a value that are lower, equal ones counting half."""
    there = [values[place] for place in peers if not math.isnan(values[place])]
    if math.isnan(values[one]) or len(there) < LEAST_OTHERS:
        return math.nan
    return sum((v < values[one]) + (v == values[one]) / 2 for v in there) / len(there)


def slow_combined(
    dimension: Dimension,
    values: Mapping[str, Sequence[float]],
    peers: Sequence[int],
    one: int,
) -> float:
    """The weighted mean of the ranks of an enterprise's inputs, NaN where too much is missing."""
    total = there = whole = 0.0
    for each in dimension.inputs:
        whole += each.weight
        rank = slow_rank(values[each.input], peers, one)
        if not math.isnan(rank):
            there += each.weight
            total += each.weight * (rank if each.better == "high" else 1 - rank)
    return round(total / there, 9) if there and there / whole >= dimension.least_share else math.nan


def slow_values(
    dimension: Dimension, values: Mapping[str, Sequence[float]], trades: Sequence[str]
) -> list[float]:
    """The dimension of every enterprise, from 0 to 100."""
    places = range(len(trades))
    peers = [slow_peers(trades, one) for one in places]
    # What an enterprise's peers have by the peers of its own.
    found = []
    for one in places:
        everybody = len(peers[one]) == len(trades) - 1
        combined = [
            slow_combined(
                dimension,
                values,
                [place for place in places if place != other] if everybody else peers[other],
                other,
            )
            if other in (one, *peers[one])
            else math.nan
            for other in places
        ]
        found.append(100 * slow_rank(combined, peers[one], one))
    return found
