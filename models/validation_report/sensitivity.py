"""Sensitivity: what a lost or shifted input does to probabilities and grades."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.master_scale import MasterScale
from models.scorecard import CENTS_PER_POINT, BinnedFeature, Scorecard

Change = Literal[
    "missing", "one bin down", "one bin up", "one deviation lower", "one deviation higher"
]


@dataclass(frozen=True)
class Response:
    """What a change of one feature in every enterprise does; ratios from 0 to 1.

    `mean_pd_change_ratio` is the mean probability afterwards less that before. A model without
    grades has no `grade_changed_ratio`.
    """

    feature: str
    change: Change
    mean_pd_change_ratio: float
    largest_pd_change_ratio: float
    grade_changed_ratio: float | None


@dataclass(frozen=True)
class Sensitivity:
    """Mean probability of all enterprises as they are, and a response a feature and change."""

    enterprise_count: int
    mean_pd_ratio: float
    responses: tuple[Response, ...]


def _moved(feature: BinnedFeature, step: int) -> Callable[[np.ndarray], np.ndarray]:
    missing = len(feature.point_cents)

    def move(positions: np.ndarray) -> np.ndarray:
        """A value in the outermost bin stays there, and a missing one stays missing."""
        moved = np.clip(positions + step, 0, missing - 1)
        return np.where(positions == missing, missing, moved)

    return move


def _changes(feature: BinnedFeature) -> dict[Change, Callable[[np.ndarray], np.ndarray]]:
    return {
        "missing": lambda positions: np.full_like(positions, len(feature.point_cents)),
        "one bin down": _moved(feature, -1),
        "one bin up": _moved(feature, 1),
    }


def sensitivity(card: Scorecard, enterprises: pd.DataFrame, scale: MasterScale) -> Sensitivity:
    """Change one feature at a time in `enterprises`, (enterprises, features), and score anew."""
    positions = card.bin_positions(enterprises)

    def probability(changed: np.ndarray) -> Floats:
        cents = card.point_cents(changed).sum(axis=1) + card.base_cents
        return card.probability(cents / CENTS_PER_POINT)

    before = probability(positions)
    grades = scale.places(before)
    responses = []
    for column, feature in enumerate(card.features):
        for name, change in _changes(feature).items():
            changed = positions.copy()
            changed[:, column] = change(positions[:, column])
            after = probability(changed)
            responses.append(
                Response(
                    feature=feature.feature,
                    change=name,
                    mean_pd_change_ratio=float(after.mean() - before.mean()),
                    largest_pd_change_ratio=float(np.abs(after - before).max()),
                    grade_changed_ratio=float((scale.places(after) != grades).mean()),
                )
            )
    return Sensitivity(len(enterprises), float(before.mean()), tuple(responses))
