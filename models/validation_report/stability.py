"""Stability: does what a model scores look like what it was trained on?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from loomline.population_stability import (
    bin_bounds,
    chance_bound,
    chance_spread,
    population_stability_index,
)
from models.arrays import Floats, Integers
from models.metrics import CONFIDENCE
from models.scorecard import Scorecard
from models.validation_report.soundness import bin_in_words

SCORE_BINS = 10
# A convention without a statistical ground: Siddiqi (2006), "Credit risk scorecards".
SOME_SHIFT, LARGE_SHIFT = 0.1, 0.25
SCORE = "score"


@dataclass(frozen=True)
class BinShares:
    """A bin, and the shares in it of what was trained on and of what is scored."""

    bin: str
    training_ratio: float
    enterprise_ratio: float


@dataclass(frozen=True)
class Shift:
    """The population stability index of the score or of one feature.

    `chance_upper` is what the index stays below in 95 % of cases when nothing has shifted and the
    two groups differ by chance alone.
    """

    name: str
    index: float
    chance_upper: float
    bins: tuple[BinShares, ...]

    @property
    def reading(self) -> str:
        """The conventional words for an index of this size."""
        if self.index < SOME_SHIFT:
            return "little shift"
        return "some shift" if self.index <= LARGE_SHIFT else "large shift"


def shift_of(
    name: str,
    labels: list[str],
    training: Integers,
    enterprises: Integers,
    chance: Callable[[int], float],
) -> Shift:
    """The index of bin positions (trained on,) and (scored,), counted from 0.

    `chance` gives what the index stays below by chance alone, of the number of bins in use.
    """
    expected = np.bincount(training, minlength=len(labels))
    actual = np.bincount(enterprises, minlength=len(labels))
    used = [x for x in range(len(labels)) if expected[x] or actual[x]]
    return Shift(
        name=name,
        index=population_stability_index(expected, actual),
        chance_upper=chance(len(used)),
        bins=tuple(
            BinShares(
                labels[x],
                float(expected[x] / len(training)),
                float(actual[x] / len(enterprises)),
            )
            for x in used
        ),
    )


def edge_labels(edges: Floats, text: Callable[[float], str]) -> list[str]:
    """The bins between edges in words."""
    if len(edges) == 0:
        return ["all"]
    middle = [f"{text(a)} to {text(b)}" for a, b in pairwise(edges)]
    return [f"below {text(edges[0])}", *middle, f"from {text(edges[-1])}"]


def stability(
    card: Scorecard, training: pd.DataFrame, enterprises: pd.DataFrame, names: pd.DataFrame
) -> tuple[Shift, ...]:
    """The index of the score, then of every feature of the card.

    The score is cut at the tenths of the training firms, a feature as the card cuts it, with
    missing as a bin of its own: a shift within a bin of the card changes no score.

    Args:
        card: the champion.
        training: (firms, features) of the firms that it was trained on.
        enterprises: (enterprises, features) of all that are scored.
        names: the columns of `features.feature_name`.
    """
    # The firms that were trained on are part of those that are scored.
    shared = int(enterprises.index.isin(training.index).sum())
    spread = chance_spread(len(training), len(enterprises), shared)

    def chance(bins: int) -> float:
        return chance_bound(bins, spread, CONFIDENCE)

    scores, all_scores = card.score(training), card.score(enterprises)
    edges = bin_bounds(scores, SCORE_BINS)
    found = [
        shift_of(
            SCORE,
            edge_labels(edges, "{:.1f}".format),
            np.digitize(scores, edges),
            np.digitize(all_scores, edges),
            chance,
        )
    ]
    positions, all_positions = card.bin_positions(training), card.bin_positions(enterprises)
    units = names.set_index("feature").unit
    for column, feature in enumerate(card.features):
        unit, places = str(units[feature.feature]), range(len(feature.point_cents) + 1)
        labels = [bin_in_words(feature, x, unit) for x in places]
        now = all_positions[:, column]
        found.append(shift_of(feature.feature, labels, positions[:, column], now, chance))
    return tuple(found)
