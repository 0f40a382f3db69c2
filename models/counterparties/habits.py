"""How much faster or slower than the portfolio each pair comes to its end.

Method and sources: docs/counterparty-models.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaincinv, gammaln

from models.arrays import Floats
from models.counterparties.curve import Curve
from models.counterparties.pairs import ELSEWHERE, OWNER, PAIR, Integers, Pairs, narrowest
from models.metrics import CONFIDENCE

LEAST_STRENGTH, GREATEST_STRENGTH = 0.1, 10_000.0


def strength(ended: Floats, expected: Floats) -> float:
    """How many expected ends the parent of a level counts as, against its members' own.

    The gamma prior with mean 1 and this shape and rate that makes the ended items of the members,
    (members,) each with the expected ones, most likely. A level with fewer than two members of whom
    something was expected follows its parent: the greatest strength.
    """
    is_seen = expected > 0
    ended, expected = ended[is_seen], expected[is_seen]
    if len(ended) < 2:
        return GREATEST_STRENGTH

    def loss(log_shape: float) -> float:
        shape = exp(log_shape)
        likelihood = (
            gammaln(shape + ended)
            - gammaln(shape)
            + shape * log_shape
            - (shape + ended) * np.log(shape + expected)
        )
        return -float(likelihood.sum())

    bounds = (log(LEAST_STRENGTH), log(GREATEST_STRENGTH))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4})
    return exp(float(found.x))


@dataclass(frozen=True)
class Habits:
    """The habit of each pair, (pairs,) each.

    A pair ends at `factor` of the wider levels times its own factor, which has a gamma
    distribution with `shape` and `rate`. `level` is the narrowest with a past of its own, of
    `count` ended items.
    """

    factor: Floats
    shape: Floats
    rate: Floats
    level: Integers
    count: Integers


def habits(pairs: Pairs, ended: Floats, expected: Floats) -> Habits:
    """The habits of pairs by their (pairs,) ended items and those that the portfolio expects."""
    factor = np.ones(pairs.count)
    of_owner = pairs.of_owner(ended)
    for level, of_level in ((OWNER, pairs.of_owner), (ELSEWHERE, pairs.elsewhere)):
        # Of the items of others, their own owners' factors say what was to be expected.
        own, likely = of_level(ended), of_level(expected * factor)
        members = pairs.members(level)
        pull = strength(own[members], likely[members])
        factor = factor * (own + pull) / (likely + pull)
    likely = expected * factor
    pull = strength(ended[pairs.members(PAIR)], likely[pairs.members(PAIR)])
    every = np.full(pairs.count, ended.sum())
    narrowest_level, count = narrowest(np.stack([every, of_owner, pairs.elsewhere(ended), ended]))
    return Habits(factor, ended + pull, likely + pull, narrowest_level, count)


def remaining(of: Habits, curve: Curve, known_days: Integers, days: int | Integers) -> Floats:
    """Probability of more than `days` days, given more than `known_days`, (pairs,).

    `of` has a row for each of them. NaN where no item was watched that long, 1 where it is known.
    """
    more = np.maximum(curve.until(np.maximum(days, known_days)) - curve.until(known_days), 0)
    found = (of.rate / (of.rate + of.factor * more)) ** of.shape
    is_known = np.asarray(days) <= known_days
    return np.where(is_known, 1.0, np.where(np.asarray(days) <= curve.last_day, found, np.nan))


def remaining_interval(
    of: Habits, curve: Curve, known_days: Integers, days: int
) -> tuple[Floats, Floats]:
    """The ends of the 95 % interval of `remaining` as a habit, (pairs,) each."""
    more = np.maximum(curve.until(np.maximum(days, known_days)) - curve.until(known_days), 0)
    tail = (1 - CONFIDENCE) / 2
    ends = []
    for quantile in (1 - tail, tail):
        own = gammaincinv(of.shape, quantile) / of.rate
        end = np.exp(-own * of.factor * more)
        is_seen = (days <= known_days) | (days <= curve.last_day)
        ends.append(np.where(is_seen, end, np.nan))
    return ends[0], ends[1]


def day_reached(of: Habits, curve: Curve, known_days: Integers, part_left: float) -> Floats:
    """The first day after `known_days` on which at most `part_left` is to be expected, (pairs,).

    NaN where no item was watched that long.
    """
    more = of.rate / of.factor * (part_left ** (-1 / of.shape) - 1)
    # A hair less, so that a day that reaches it exactly does not miss it by rounding.
    wanted = (curve.until(known_days) + more) * (1 - 1e-12)
    place = np.searchsorted(curve.cumulative, wanted, side="left")
    is_seen = place < len(curve.cumulative)
    return np.where(is_seen, curve.first_day - 1.0 + place, np.nan)


def rows_of(of: Habits, pair: Integers) -> Habits:
    """The habits of (rows,) numbers of pairs."""
    return Habits(of.factor[pair], of.shape[pair], of.rate[pair], of.level[pair], of.count[pair])
