"""Conceptual soundness: what each feature of the card means and which way it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from models.reasons import range_in_words
from models.scorecard import CENTS_PER_POINT, BinnedFeature, Scorecard
from models.specification import PRODUCTION_FEATURE_SET, Specification
from models.training import Trained

Direction = Literal["more is safer", "more is riskier", "not monotone", "without effect"]


@dataclass(frozen=True)
class BinPoints:
    """A bin in words, and its points against a firm with the portfolio's own odds."""

    bin: str
    points: float


@dataclass(frozen=True)
class CardFeature:
    """A feature of the card.

    `chosen_ratio` is the share of training parts of the cross-validation that chose it;
    `closest_feature` the other feature of the card with the strongest rank correlation to it.
    """

    feature: str
    description_en: str
    description_zh: str
    unit: str
    bins: tuple[BinPoints, ...]
    missing_points: float
    direction: Direction
    chosen_ratio: float
    closest_feature: str | None
    closest_correlation: float | None

    @property
    def is_monotone(self) -> bool:
        """Whether points never turn around from bin to bin."""
        return self.direction != "not monotone"


def bin_in_words(feature: BinnedFeature, position: int, unit: str) -> str:
    """A bin as a table names it; the last position stands for missing."""
    if position == len(feature.point_cents):
        return "missing"
    return range_in_words(feature, position, unit)[0].removeprefix("in the range ")


def direction_of(feature: BinnedFeature) -> Direction:
    """Which way points go as the value rises."""
    steps = np.diff(feature.point_cents)
    if not steps.any():
        return "without effect"
    if (steps >= 0).all():
        return "more is safer"
    return "more is riskier" if (steps <= 0).all() else "not monotone"


def _closest(correlations: pd.DataFrame, feature: str) -> tuple[str | None, float | None]:
    others = correlations[feature].drop(feature).dropna()
    if others.empty:
        return None, None
    name = str(others.abs().idxmax())
    return name, float(others[name])


def soundness(
    card: Scorecard,
    values: pd.DataFrame,
    names: pd.DataFrame,
    trained: Trained,
    specification: Specification,
) -> tuple[CardFeature, ...]:
    """Every feature of the card.

    Args:
        card: the champion.
        values: (firms, features) of the training firms.
        names: the columns of `features.feature_name`.
        trained: tells how often the training parts chose a feature.
        specification: the number of folds and repeats.
    """
    described = names.set_index("feature")
    used = trained.of("scorecard", PRODUCTION_FEATURE_SET).out_of_fold.used_features
    parts = specification.folds * specification.repeats
    # Spearman (1904), of the firms that have both values.
    correlations = values[card.feature_names].corr(method="spearman")
    found = []
    for feature in card.features:
        row = described.loc[feature.feature]
        closest, correlation = _closest(correlations, feature.feature)
        found.append(
            CardFeature(
                feature=feature.feature,
                description_en=str(row.description_en),
                description_zh=str(row.description_zh),
                unit=str(row.unit),
                bins=tuple(
                    BinPoints(bin_in_words(feature, place, str(row.unit)), cents / CENTS_PER_POINT)
                    for place, cents in enumerate(feature.point_cents)
                ),
                missing_points=feature.missing_cents / CENTS_PER_POINT,
                direction=direction_of(feature),
                chosen_ratio=used[feature.feature] / parts,
                closest_feature=closest,
                closest_correlation=correlation,
            )
        )
    return tuple(found)
