"""The watch list: from what warnings weigh to a status for each enterprise, with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loomline.enterprise_inputs import Floats
from loomline.indicators.catalogue import DeclaredIndicator
from loomline.indicators.model import Status, WatchPolicy

# By the code of the status.
STATUSES: tuple[Status, ...] = ("none", "watch", "escalated")
# A warning that weighs less, in points, is no reason any more.
LEAST_REASON = 0.1


@dataclass(frozen=True, eq=False)
class WatchList:
    """The status of each enterprise (enterprises,), as codes of `STATUSES`, and its whole weight.

    `reason_rows` are positions of indicators, the heaviest first, of one enterprise after the
    other: those of enterprise n stand from `reason_offsets[n]` up to `reason_offsets[n + 1]`.
    """

    statuses: NDArray[np.int8]
    weights: Floats
    reason_rows: NDArray[np.int64]
    reason_offsets: NDArray[np.int64]


def _domain_weights(
    declared: Sequence[DeclaredIndicator], policy: WatchPolicy, weights: Floats
) -> tuple[Floats, Floats]:
    """By domain and enterprise: the sum of the strongest warnings, and the strongest one."""
    domains = np.array([one.domain for one in declared])
    sums, strongest = [], []
    for domain in np.unique(domains):
        of_domain = np.sort(weights[domains == domain], axis=0)[::-1]
        sums.append(of_domain[: policy.strongest_per_domain].sum(axis=0))
        strongest.append(of_domain[0])
    return np.array(sums), np.array(strongest)


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
    declared: Sequence[DeclaredIndicator], policy: WatchPolicy, weights: Floats
) -> WatchList:
    """The watch list of what warnings weigh (indicators, enterprises)."""
    sums, strongest = _domain_weights(declared, policy, weights)
    total = sums.sum(axis=0)
    is_wide = (strongest >= policy.points.red).sum(axis=0) >= policy.escalate_domains
    by_weight = np.where(
        (total >= policy.escalate_from) & is_wide, 2, np.where(total >= policy.watch_from, 1, 0)
    )
    statuses = np.maximum(by_weight, _alone(declared, policy, weights)).astype(np.int8)
    enterprises, rows = np.nonzero(weights.T >= LEAST_REASON)
    order = np.lexsort((rows, -weights[rows, enterprises], enterprises))
    offsets = np.searchsorted(enterprises, np.arange(weights.shape[1] + 1))
    return WatchList(statuses, total, rows[order], offsets)
