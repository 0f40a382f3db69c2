"""Shares of each pair, drawn towards those of its like by credibility (Bühlmann and Straub).

Method and sources: docs/counterparty-models.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from models.arrays import Floats
from models.counterparties.pairs import ELSEWHERE, OWNER, PAIR, Integers, Pairs, narrowest
from models.metrics import CONFIDENCE


@dataclass(frozen=True)
class Shares:
    """A share of each pair with its 95 % interval, (pairs,) each; NaN where nothing is known.

    `level` is the narrowest with a past of its own, of `count` observations.
    """

    value: Floats
    lower: Floats
    upper: Floats
    level: Integers
    count: Integers


def variance_within(pair: Integers, weight: Floats, share: Floats, count: int) -> float:
    """Variance of one observation of weight 1 within the `count` pairs; NaN where none has two.

    The arguments are (rows,): the number of the pair, a weight above 0, and the share.
    """
    weights = np.bincount(pair, weight, count)
    rows = np.bincount(pair, minlength=count)
    freedom = int((rows - 1).clip(min=0).sum())
    if not freedom:
        return float("nan")
    mean = np.bincount(pair, weight * share, count) / np.where(weights > 0, weights, 1)
    return float((weight * (share - mean[pair]) ** 2).sum() / freedom)


def variance_between(weight: Floats, share: Floats, parent: Floats, within: float) -> float:
    """Variance of members about what their parents say, (members,) each, by moments.

    0 where fewer than two members have a weight, or the variance within says it all.
    """
    is_seen = weight > 0
    weight, share, parent = weight[is_seen], share[is_seen], parent[is_seen]
    if len(weight) < 2 or np.isnan(within):
        return 0.0
    around = float((weight * (share - parent) ** 2).sum())
    return max((around - len(weight) * within) / float(weight.sum()), 0.0)


def shares(
    pairs: Pairs, pair: Integers, weight: Floats, amount: Floats, is_counted: Floats | None = None
) -> Shares:
    """The share that `amount` has of `weight`, by pair, drawn towards wider levels.

    Args:
        pairs: The pairs, some of which may have no observation.
        pair: The number of the pair of each observation, (rows,).
        weight: What each weighs, at least 0; only those above 0 say how observations differ.
        amount: The part of the weight, at least 0.
        is_counted: 1 for what counts as an observation, 0 for what does not; all without it.
    """
    of_weight, of_amount = pairs.sums(pair, weight), pairs.sums(pair, amount)
    counted = pairs.sums(pair, np.ones(len(pair)) if is_counted is None else is_counted)
    has_weight = weight > 0
    share = amount[has_weight] / weight[has_weight]
    within = variance_within(pair[has_weight], weight[has_weight], share, pairs.count)
    whole = of_weight.sum()
    value = np.full(pairs.count, of_amount.sum() / whole if whole > 0 else np.nan)
    error = np.full(pairs.count, within / whole if whole > 0 else np.nan)
    counts = [np.full(pairs.count, counted.sum())]
    for level, of_level in (
        (OWNER, pairs.of_owner),
        (ELSEWHERE, pairs.elsewhere),
        (PAIR, np.copy),
    ):
        own_weight, own_amount = of_level(of_weight), of_level(of_amount)
        own = own_amount / np.where(own_weight > 0, own_weight, 1)
        members = pairs.members(level)
        between = variance_between(own_weight[members], own[members], value[members], within)
        # Who has no weight is not trusted, even where observations never differ.
        weighed = own_weight * between
        nobody = np.zeros(pairs.count)
        trust = np.divide(weighed, weighed + within, out=nobody, where=weighed > 0)
        value = trust * own + (1 - trust) * value
        error = between * (1 - trust) + (1 - trust) ** 2 * error
        counts.append(of_level(counted))
    half = float(norm.ppf(0.5 + CONFIDENCE / 2)) * np.sqrt(error)
    narrowest_level, count = narrowest(np.stack(counts))
    # More may be taken back than was invoiced in the time that is looked at.
    value = np.clip(value, 0, 1)
    return Shares(
        value, np.clip(value - half, 0, 1), np.clip(value + half, 0, 1), narrowest_level, count
    )
