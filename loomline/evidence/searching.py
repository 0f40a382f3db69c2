"""Thresholds of single features that stand out: found on half of the firms, tested on the others.

One date is looked at, on which an enterprise stands once, so that the exact tests hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

from loomline.evidence.counts import ratio
from loomline.evidence.history import Booleans, Floats, Integers
from loomline.evidence.intervals import exact_p_value, exact_share
from loomline.evidence.verdicts import LEVEL
from loomline.evidence.vocabulary import ABOVE, BELOW

# The shares of enterprises that a rule may be about, from either end of a feature.
TAILS = (0.02, 0.05, 0.1, 0.2)
DIGITS = 3
# Daily values are whole ten-thousandths: what is smaller is rounded as this is.
LEAST = 1e-9
# More alike than not: a threshold that says little beyond a rule that is there.
ALIKE = 0.5


@dataclass(frozen=True)
class Threshold:
    """A rule that could be: the feature's position, its direction, and the value.

    It fires for a value that is `above` or `below` the threshold, never for a missing one. The
    figures are of the enterprises that it was not found on.
    """

    feature: int
    direction: str
    value: float
    enterprise_count: int
    fired_count: int
    default_count: int
    caught_count: int
    precision_ratio: float
    base_ratio: float
    lift: float
    lift_lower: float
    lift_upper: float
    p_value: float
    q_value: float


def held_out(enterprise_ids: Sequence[str]) -> Booleans:
    """About half of the enterprises, (enterprises,), the same ones whenever it is asked."""
    digests = [hashlib.sha256(one.encode()).digest() for one in enterprise_ids]
    return np.array([digest[0] % 2 == 1 for digest in digests], dtype=bool)


def rounded(values: Floats) -> Floats:
    """Values to three digits, as a person would write a threshold; NaN stays."""
    size = np.maximum(np.abs(values), LEAST)
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(size)))
    return np.asarray(np.round(values * scale) / scale)


@dataclass(frozen=True, eq=False)
class _Candidates:
    """One threshold a feature, each (candidates,)."""

    feature: Integers
    is_above: Booleans
    value: Floats

    def fired(self, values: Floats) -> Booleans:
        """Whether they fire, (enterprises, candidates), on values (enterprises, features)."""
        chosen = values[:, self.feature]
        return np.where(self.is_above, chosen > self.value, chosen < self.value)

    def at(self, chosen: Booleans | Integers) -> _Candidates:
        """Some of them."""
        return _Candidates(self.feature[chosen], self.is_above[chosen], self.value[chosen])


def _exact(fired: Booleans, defaulted: Booleans) -> tuple[Floats, Floats, Floats]:
    """Fired, caught and p-value of firings (enterprises, candidates), each (candidates,)."""
    count, caught = (np.count_nonzero(x, axis=0).astype(float) for x in (fired, fired[defaulted]))
    defaults, total = float(defaulted.sum()), float(len(defaulted))
    return count, caught, exact_p_value(caught, count, np.array(defaults), np.array(total))


def _search(values: Floats, defaulted: Booleans) -> _Candidates:
    """Of each feature the tail in which defaults are least likely to be there by chance."""
    features = np.flatnonzero(np.isfinite(values).any(axis=0))
    every: list[tuple[Floats, _Candidates]] = []
    for is_above in (True, False):
        levels = [1 - tail if is_above else tail for tail in TAILS]
        for thresholds in np.nanquantile(values[:, features], levels, axis=0):
            tail = _Candidates(features, np.full(len(features), is_above), rounded(thresholds))
            every.append((_exact(tail.fired(values), defaulted)[2], tail))
    p_values = np.stack([p_value for p_value, _ in every])
    best, place = p_values.argmin(axis=0), np.arange(len(features))
    is_above = np.stack([tail.is_above for _, tail in every])[best, place]
    value = np.stack([tail.value for _, tail in every])[best, place]
    return _Candidates(features, is_above, value).at(p_values[best, place] <= LEVEL)


def _jaccard(one: Booleans, others: Booleans) -> Floats:
    """How alike firings (enterprises,) are to others, (others, enterprises): (others,)."""
    both, either = (one & others).sum(axis=1), (one | others).sum(axis=1)
    return np.nan_to_num(ratio(both.astype(float), either.astype(float)))


def standing_out(
    enterprise_ids: Sequence[str], values: Floats, defaulted: Booleans, rules_fired: Booleans
) -> list[Threshold]:
    """The thresholds that hold on enterprises which they were not found on, the surest first.

    `values` is (enterprises, features), NaN where missing, `defaulted` (enterprises,) and
    `rules_fired` (rules, enterprises), all on one date. Of each feature the best tail of one half
    is tested on the other half, once; of all that are tested those are given whose false discovery
    rate is at most 5 % (Benjamini and Hochberg, 1995) and whose lift has an interval above 1. One
    that fires on mostly the same enterprises as a rule, or as a surer one of them, is left out.
    """
    is_held_out = held_out(enterprise_ids)
    if not defaulted[~is_held_out].any() or not defaulted[is_held_out].any():
        return []
    found = _search(values[~is_held_out], defaulted[~is_held_out])
    if not len(found.feature):
        return []
    tested = defaulted[is_held_out]
    fired, caught, p_values = _exact(found.fired(values[is_held_out]), tested)
    q_values = false_discovery_control(p_values, method="bh")
    precision, base = ratio(caught, fired), float(tested.mean())
    lower, upper = (end / base for end in exact_share(caught, fired))
    everywhere, others = found.fired(values).T, rules_fired
    chosen: list[Threshold] = []
    for place in np.argsort(p_values, kind="stable"):
        is_sure = q_values[place] <= LEVEL and lower[place] > 1
        if not is_sure or (_jaccard(everywhere[place], others) > ALIKE).any():
            continue
        others = np.concatenate([others, everywhere[place][None]])
        chosen.append(
            Threshold(
                feature=int(found.feature[place]),
                direction=ABOVE if found.is_above[place] else BELOW,
                value=float(found.value[place]),
                enterprise_count=len(tested),
                fired_count=int(fired[place]),
                default_count=int(tested.sum()),
                caught_count=int(caught[place]),
                precision_ratio=float(precision[place]),
                base_ratio=base,
                lift=float(precision[place] / base),
                lift_lower=float(lower[place]),
                lift_upper=float(upper[place]),
                p_value=float(p_values[place]),
                q_value=float(q_values[place]),
            )
        )
    return chosen
