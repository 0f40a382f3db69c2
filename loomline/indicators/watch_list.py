"""The watch list: from what warnings weigh to a status for each enterprise, with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loomline.enterprise_inputs import Floats
from loomline.indicators.catalogue import DeclaredIndicator
from loomline.indicators.model import Status, WatchPolicy

Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]

# By the code of the status.
STATUSES: tuple[Status, ...] = ("none", "watch", "escalated")
# A warning that weighs less, in points, is no reason any more.
LEAST_REASON = 0.1


@dataclass(frozen=True, eq=False)
class WatchList:
    """The status of each enterprise (enterprises,), as codes of `STATUSES`, and its weight.

    `reason_rows` are positions of indicators, the heaviest first, of one enterprise after the
    other: those of enterprise n stand from `reason_offsets[n]` up to `reason_offsets[n + 1]`.
    """

    statuses: NDArray[np.int8]
    weights: Floats
    reason_rows: Integers
    reason_offsets: Integers


def _by_domain(
    declared: Sequence[DeclaredIndicator], policy: WatchPolicy, said: Bools, weights: Floats
) -> tuple[Floats, Integers]:
    """For each enterprise the mean weight of its domains, and how many have a red warning."""
    domains = np.array([one.domain for one in declared])
    sums, counts, red = (np.zeros(weights.shape[1]) for _ in range(3))
    for domain in np.unique(domains):
        own = domains == domain
        strongest = np.sort(weights[own], axis=0)[::-1]
        sums += strongest[: policy.strongest_per_domain].sum(axis=0)
        counts += (said[own] | (weights[own] > 0)).any(axis=0)
        red += strongest[0] >= policy.points.red
    # Rounded, because a sum that is the bound but for its last digit has reached it.
    means = np.round(sums / np.maximum(counts + policy.calm_domains, 1), 9)
    return means, red.astype(np.int64)


def _alone(
    declared: Sequence[DeclaredIndicator], policy: WatchPolicy, weights: Floats
) -> NDArray[np.int8]:
    """The status that single grave warnings give, until half a red one's weight is gone."""
    found = np.zeros(weights.shape[1], dtype=np.int8)
    for row, one in enumerate(declared):
        if one.indicator.red_alone is not None:
            is_grave = weights[row] >= policy.points.red / 2
            given = STATUSES.index(one.indicator.red_alone)
            found = np.where(is_grave, np.maximum(found, given), found).astype(np.int8)
    return found


def watch_list(
    declared: Sequence[DeclaredIndicator], policy: WatchPolicy, said: Bools, weights: Floats
) -> WatchList:
    """The watch list of what warnings weigh, and of which can be said (indicators, enterprises)."""
    means, red_domains = _by_domain(declared, policy, said, weights)
    is_wide = red_domains >= policy.escalate_domains
    by_weight = np.where(
        (means >= policy.escalate_from) & is_wide, 2, np.where(means >= policy.watch_from, 1, 0)
    )
    statuses = np.maximum(by_weight, _alone(declared, policy, weights)).astype(np.int8)
    enterprises, rows = np.nonzero(weights.T >= LEAST_REASON)
    order = np.lexsort((rows, -weights[rows, enterprises], enterprises))
    offsets = np.searchsorted(enterprises, np.arange(weights.shape[1] + 1))
    return WatchList(statuses, means, rows[order], offsets)
