"""Figures of predicted probabilities against outcomes, with intervals by a bootstrap over firms.

Shapes: `outcome` is (firms,) of 0 and 1; `predicted` is (repeats, firms), the out-of-fold
probability of every firm in every repeat of cross-validation; `weights` is (samples, firms), how
often each firm stands in each bootstrap sample; `pd_ratio` is (firms,), probabilities of which no
outcome is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from models.arrays import Floats

WeightedMetric = Callable[[Floats, Floats, Floats], Floats]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its 95 % interval."""

    value: float
    lower: float
    upper: float


def area_under_curve(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve, (samples,): the chance that a bad firm ranks above a good one.

    Mann-Whitney form; a tie counts half. `predicted` is (firms,).
    """
    bad, good = outcome == 1, outcome == 0
    difference = predicted[bad][:, None] - predicted[good][None, :]
    wins = (difference > 0) + 0.5 * (difference == 0)
    numerator = np.einsum("si,ij,sj->s", weights[:, bad], wins, weights[:, good], optimize=True)
    return np.asarray(numerator / (weights[:, bad].sum(axis=1) * weights[:, good].sum(axis=1)))


def brier_score(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Mean squared difference of probability and outcome, (samples,)."""
    return np.asarray(weights @ (predicted - outcome) ** 2 / weights.sum(axis=1))


def log_loss(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Mean negative log likelihood of the outcomes in nats, (samples,)."""
    bounded = np.clip(predicted, 1e-12, 1 - 1e-12)
    loss = -(outcome * np.log(bounded) + (1 - outcome) * np.log(1 - bounded))
    return np.asarray(weights @ loss / weights.sum(axis=1))


def kolmogorov_smirnov(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Largest gap between the cumulative shares of bad and of good firms, (samples,)."""
    order = np.argsort(predicted, kind="stable")
    bad = np.cumsum(weights[:, order] * outcome[order], axis=1)
    good = np.cumsum(weights[:, order] * (1 - outcome[order]), axis=1)
    # Only where the prediction changes: firms with one prediction can't be told apart.
    is_last = np.append(np.diff(predicted[order]) > 0, True)
    gap = np.abs(bad / bad[:, -1:] - good / good[:, -1:])
    return np.asarray(gap[:, is_last].max(axis=1))


METRICS: dict[str, WeightedMetric] = {
    "auc": area_under_curve,
    "brier": brier_score,
    "log_loss": log_loss,
    "ks": kolmogorov_smirnov,
}


def bootstrap_weights(outcome: Floats, samples: int, seed: int) -> Floats:
    """Bootstrap samples of firms drawn within bad and good ones, (samples, firms) of counts."""
    generator = np.random.default_rng(seed)
    weights = np.zeros((samples, len(outcome)))
    for value in (0, 1):
        members = np.flatnonzero(outcome == value)
        share = np.full(len(members), 1 / len(members))
        weights[:, members] = generator.multinomial(len(members), share, size=samples)
    return weights


def percentiles(value: float, samples: Floats) -> Estimate:
    """A value with the range that holds the central 95 % of its samples, (samples,)."""
    tail = 100 * (1 - CONFIDENCE) / 2
    lower, upper = np.percentile(samples, [tail, 100 - tail])
    return Estimate(float(value), float(lower), float(upper))


def estimate(
    metric: WeightedMetric, outcome: Floats, predicted: Floats, weights: Floats
) -> Estimate:
    """The mean over repeats, with the percentile interval over the bootstrap samples.

    One sample of firms is used for all repeats, so that the interval shows the spread between
    firms and not the smaller one between repeats.
    """
    once = np.ones((1, len(outcome)))
    value = float(np.mean([metric(outcome, row, once)[0] for row in predicted]))
    return percentiles(value, np.mean([metric(outcome, row, weights) for row in predicted], axis=0))


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    z = float(norm.ppf(0.5 + CONFIDENCE / 2))
    share = successes / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    # With no success the lower end is 0, with nothing else the upper is 1, but for rounding.
    return float(min(max(centre - half, 0), share)), float(max(min(centre + half, 1), share))


def expected_area(pd_ratio: Floats) -> float:
    """The expected area under the ROC curve of calibrated probabilities (firms,).

    Over pairs of different firms i and j the expected number of pairs of a bad and a good firm is
    the sum of p_i (1 - p_j), and those in the right order are the ones with p_i > p_j, half of
    those with equal ones. The area is taken as the one by the other. NaN where no such pair can
    come about.
    """
    levels, place = np.unique(pd_ratio, return_inverse=True)
    bad = np.bincount(place, weights=pd_ratio, minlength=len(levels))
    good = np.bincount(place, weights=1 - pd_ratio, minlength=len(levels))
    # A firm is no pair with itself.
    alone = float(np.sum(bad * (1 - levels)))
    right = float(bad @ (np.cumsum(good) - good / 2)) - alone / 2
    pairs = float(bad.sum() * good.sum()) - alone
    return right / pairs if pairs > 1e-12 else float("nan")


def expected_brier(pd_ratio: Floats) -> float:
    """The expected Brier score of calibrated probabilities (firms,): the mean of p (1 - p)."""
    return float(np.mean(pd_ratio * (1 - pd_ratio)))
