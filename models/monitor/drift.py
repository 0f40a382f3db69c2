"""Whether the firms of today are those that the model was trained for.

The measure is the population stability index (`loomline.population_stability`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loomline.population_stability import (
    bin_bounds,
    bin_counts,
    chance_bound,
    chance_spread,
    population_stability_index,
)
from models.arrays import Integers
from models.monitor.finding import Finding, Said, Watched, judged, unsaid
from models.monitor.thresholds import DriftBounds
from models.scorecard import Scorecard

PSI, SCORE = "psi", "score"


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


def stability(
    before: Integers,
    now: Integers,
    chance_level: float,
    independent: tuple[int, int] | None = None,
) -> Stability:
    """The index of counts in the same bins, (bins,), with its mean and a bound without drift.

    Both as Yurdakul (2018): the mean is (bins - 1) times the sum of 1 / firms before and 1 / firms
    now; the bound is the quantile of the chi-squared distribution with bins - 1 degrees of freedom,
    times the same sum. `independent` are the numbers of firms where what is counted is alike within
    a firm; without it all that is counted is taken as independent.
    """
    bins = int(np.count_nonzero((before > 0) | (now > 0)))
    spread = chance_spread(*(independent or (int(before.sum()), int(now.sum()))))
    return Stability(
        population_stability_index(before, now),
        (bins - 1) * spread,
        chance_bound(bins, spread, chance_level),
        bins,
    )


def card_counts(
    card: Scorecard, before: pd.DataFrame, now: pd.DataFrame
) -> dict[str, tuple[Integers, Integers]]:
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


def stability_finding(
    of: Watched,
    subject: str,
    name: Said,
    found: Stability,
    bounds: DriftBounds,
    counts: Said,
    enterprises: int,
) -> Finding:
    """The index of the score or of a feature; one that chance alone would reach is not judged.

    `name` is what it is of and `counts` says what was counted before and now.
    """
    chance_en = (
        f"without drift {found.expected:.3f} is to be expected of so many, and no more than "
        f"{found.by_chance:.3f} in {bounds.chance_level:.0%} of cases"
    )
    chance_zh = (
        f"无漂移时，如此数量预期约{found.expected:.3f}，"
        f"{bounds.chance_level:.0%}的情况下不超过{found.by_chance:.3f}"
    )
    said_en = (
        f"Population stability index of {name[0]} {found.psi:.3f} ({counts[0]}, {found.bins} "
        f"bins); {chance_en}"
    )
    said_zh = (
        f"{name[1]}的群体稳定性指标（PSI）为{found.psi:.3f}（{counts[1]}，"
        f"{found.bins}个分箱）；{chance_zh}"
    )
    amber = bounds.psi.amber
    if found.by_chance >= amber:
        said_en += f". These are too few for the conventional bound of {amber:g}"
        said_zh += f"。数量过少，约定的界限{amber:g}不适用"
    said = (f"{said_en}.", f"{said_zh}。")
    one = judged(of, PSI, subject, found.psi, bounds.psi, said, enterprises)
    # Chance alone reaches such an index: it is no sign of anything.
    if one.is_alert and found.psi <= found.by_chance:
        return Finding(of, PSI, subject, "none", said, enterprises, value=found.psi)
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
    scores = card.score(before), card.score(now)
    edges = bin_bounds(scores[0], bounds.score_bins)
    counted = {SCORE: (bin_counts(scores[0], edges), bin_counts(scores[1], edges))}
    counted |= card_counts(card, before, now)
    names = {SCORE: ("the score", "评分")}
    names |= {name: (f"'{en}'", f"“{zh}”") for name, (en, zh) in described.items()}
    told = (
        f"{len(before):,} firms on the training date and {len(now):,} now",
        f"训练日{len(before)}家，现在{len(now)}家",
    )
    return [
        stability_finding(
            *(of, subject, names[subject], stability(*counts, bounds.chance_level)),
            *(bounds, told, len(now)),
        )
        for subject, counts in counted.items()
    ]


def no_drift_findings(of: Watched, subjects: Sequence[str], said: Said) -> list[Finding]:
    """That nothing can be said of the drift of the score and of these features, and why."""
    return [unsaid(of, PSI, subject, said) for subject in (SCORE, *subjects)]
