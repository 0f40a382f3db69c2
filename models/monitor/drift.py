"""Whether the firms of today are those that the model was trained for.

The population stability index compares the shares of firms in bins. It is symmetric, 0 for equal
shares, and the sum of both directions of the Kullback-Leibler divergence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2

from models.arrays import Floats
from models.monitor.finding import Finding, Watched, judged, unsaid
from models.monitor.thresholds import DriftBounds
from models.scorecard import Scorecard

Counts: TypeAlias = npt.NDArray[np.int64]
PSI, SCORE = "psi", "score"
# What stands for an empty bin, whose share has no logarithm (Haldane, 1956).
EMPTY = 0.5


@dataclass(frozen=True)
class Stability:
    """A population stability index, and what chance alone would make it.

    `expected` is its mean without drift and `by_chance` the bound that it then stays below with the
    probability that was asked for, both for independent samples.
    """

    psi: float
    expected: float
    by_chance: float
    bins: int
    before: int
    now: int


def population_stability_index(before: Counts, now: Counts) -> float:
    """The index of firms counted in the same bins, (bins,); an empty bin counts half a firm.

    Sum over the bins of (a - b) ln(a / b) of the shares b before and a now (Siddiqi, 2006). Bins
    that are empty both times add nothing.

    Raises:
        ValueError: there are no firms before or now.
    """
    if not before.sum() or not now.sum():
        raise ValueError("No firms, no shares.")
    used = (before > 0) | (now > 0)
    shares_before = np.where(before > 0, before, EMPTY)[used] / before.sum()
    shares_now = np.where(now > 0, now, EMPTY)[used] / now.sum()
    return float(np.sum((shares_now - shares_before) * np.log(shares_now / shares_before)))


def stability(before: Counts, now: Counts, chance_level: float) -> Stability:
    """The index with its mean and a bound without drift.

    Both as Yurdakul (2018): the mean is (bins - 1) times the sum of 1 / firms before and 1 / firms
    now; the bound is the quantile of the chi-squared distribution with bins - 1 degrees of freedom,
    times the same sum.
    """
    bins = int(np.count_nonzero((before > 0) | (now > 0)))
    spread = 1 / int(before.sum()) + 1 / int(now.sum())
    by_chance = float(chi2.ppf(chance_level, bins - 1)) * spread if bins > 1 else 0.0
    return Stability(
        population_stability_index(before, now),
        (bins - 1) * spread,
        by_chance,
        bins,
        int(before.sum()),
        int(now.sum()),
    )


def score_bounds(scores: Floats, bins: int) -> Floats:
    """Bounds of bins with about as many of the scores (firms,) in each; fewer where many are equal.

    A score on a bound is in the upper bin. No bin of these scores is empty.
    """
    inner = np.quantile(scores, np.arange(1, bins) / bins, method="higher")
    return np.unique(inner[inner > scores.min()])


def score_counts(before: Floats, now: Floats, bins: int) -> tuple[Counts, Counts]:
    """Firms by bins of the scores before, counted before and now."""
    bounds = score_bounds(before, bins)
    counted = [
        np.bincount(np.digitize(scores, bounds), minlength=len(bounds) + 1)
        for scores in (before, now)
    ]
    return counted[0], counted[1]


def card_counts(
    card: Scorecard, before: pd.DataFrame, now: pd.DataFrame
) -> dict[str, tuple[Counts, Counts]]:
    """Firms by the card's own bins of each of its features, missing values last."""
    counted = {}
    for feature in card.features:
        bins = len(feature.point_cents) + 1
        both = [
            np.bincount(
                feature.positions(values[feature.feature].to_numpy(dtype=float)), minlength=bins
            )
            for values in (before, now)
        ]
        counted[feature.feature] = (both[0], both[1])
    return counted


def _finding(
    of: Watched, subject: str, names: tuple[str, str], found: Stability, bounds: DriftBounds
) -> Finding:
    counts = f"{found.before:,} firms on the training date and {found.now:,} now, {found.bins} bins"
    chance_en = (
        f"without drift {found.expected:.3f} is to be expected of so many firms, and no more than "
        f"{found.by_chance:.3f} in {bounds.chance_level:.0%} of cases"
    )
    chance_zh = (
        f"无漂移时，如此数量的企业预期约{found.expected:.3f}，"
        f"{bounds.chance_level:.0%}的情况下不超过{found.by_chance:.3f}"
    )
    said_en = f"Population stability index of {names[0]} {found.psi:.3f} ({counts}); {chance_en}"
    said_zh = (
        f"{names[1]}的群体稳定性指标（PSI）为{found.psi:.3f}（训练日{found.before}家，"
        f"现在{found.now}家，{found.bins}个分箱）；{chance_zh}"
    )
    amber = bounds.psi.amber
    if found.by_chance >= amber:
        said_en += f". These are too few firms for the conventional bound of {amber:g}"
        said_zh += f"。企业数量过少，约定的界限{amber:g}不适用"
    said = (f"{said_en}.", f"{said_zh}。")
    one = judged(of, PSI, subject, found.psi, bounds.psi, said, found.now)
    # Chance alone reaches such an index: it is no sign of anything.
    if one.is_alert and found.psi <= found.by_chance:
        return Finding(of, PSI, subject, "none", said, found.now, value=found.psi)
    return one


def drift_findings(
    of: Watched,
    card: Scorecard,
    before: pd.DataFrame,
    now: pd.DataFrame,
    described: dict[str, tuple[str, str]],
    bounds: DriftBounds,
) -> list[Finding]:
    """The drift of the score and of every feature of the card.

    `before` and `now` are the card's features (firms, features) of all enterprises on the training
    date and on the as-of date; `described` says each in English and Chinese.
    """
    scores = score_counts(card.score(before), card.score(now), bounds.score_bins)
    counted = {SCORE: scores, **card_counts(card, before, now)}
    names = {SCORE: ("the score", "评分")}
    names |= {name: (f"'{en}'", f"“{zh}”") for name, (en, zh) in described.items()}
    return [
        _finding(of, subject, names[subject], stability(*counts, bounds.chance_level), bounds)
        for subject, counts in counted.items()
    ]


def no_drift_findings(of: Watched, card: Scorecard, said: tuple[str, str]) -> list[Finding]:
    """That nothing can be said of the drift, and why."""
    return [unsaid(of, PSI, subject, said) for subject in (SCORE, *card.feature_names)]
