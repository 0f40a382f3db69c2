"""A scorecard ready for use: plain data, and what it says about named feature values.

Nothing here needs Spark, MLflow or the library that the bins were found with, so a registered model
works anywhere with NumPy and pandas.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from models.arrays import Floats

CENTS_PER_POINT = 100


@dataclass(frozen=True)
class BinnedFeature:
    """A feature of the card.

    `bounds` are the inner bounds of the bins, ascending; a value on a bound is in the upper bin.
    `point_cents` has one entry more, the points of each bin in hundredths; more is better, and 0 is
    what the training portfolio has on average odds. A missing value gets `missing_cents`.
    """

    feature: str
    bounds: tuple[float, ...]
    point_cents: tuple[int, ...]
    missing_cents: int

    def positions(self, values: Floats) -> np.ndarray:
        """The bin of each value, (firms,), counted from 0; the last position stands for missing."""
        found = np.digitize(values, self.bounds)
        return np.where(np.isnan(values), len(self.point_cents), found)

    def bin_label(self, position: int) -> str:
        """The bin in interval notation, such as `[0.25, 0.7)`."""
        if position == len(self.point_cents):
            return "missing"
        edges = [-math.inf, *self.bounds, math.inf]
        opening = "(" if position == 0 else "["
        return f"{opening}{edges[position]:.6g}, {edges[position + 1]:.6g})"


@dataclass(frozen=True)
class Scorecard:
    """Points by feature and bin, and the scale that turns a score into a probability of default.

    A score of `reference_score` stands for `reference_odds` good firms to one bad;
    `points_to_double_odds` more points double these odds.
    """

    base_cents: int
    features: tuple[BinnedFeature, ...]
    reference_score: float
    reference_odds: float
    points_to_double_odds: float

    @property
    def feature_names(self) -> list[str]:
        """The features that the card reads."""
        return [feature.feature for feature in self.features]

    def bin_positions(self, values: pd.DataFrame) -> np.ndarray:
        """The bin of every firm in every feature of the card, (firms, features)."""
        columns = [x.positions(values[x.feature].to_numpy(dtype=float)) for x in self.features]
        return np.column_stack(columns).astype(int)

    def point_cents(self, positions: np.ndarray) -> np.ndarray:
        """Hundredths of points by firm and feature, of `bin_positions`."""
        columns = [
            np.array([*feature.point_cents, feature.missing_cents])[positions[:, column]]
            for column, feature in enumerate(self.features)
        ]
        return np.column_stack(columns)

    def score(self, values: pd.DataFrame) -> Floats:
        """The score of every firm, (firms,), in points; more is better."""
        cents = self.point_cents(self.bin_positions(values)).sum(axis=1) + self.base_cents
        return np.asarray(cents / CENTS_PER_POINT)

    def confidence(self, values: pd.DataFrame) -> Floats:
        """What part of the card could speak of every firm, (firms,), from 0 to 1.

        A feature counts by the points between its best and its worst bin; a firm has the share of
        those features of which it has a value.
        """
        reach = np.array([max(x.point_cents) - min(x.point_cents) for x in self.features], float)
        # A card whose bins are all worth the same says as much by one feature as by another.
        weight = reach / reach.sum() if reach.any() else np.full(len(reach), 1 / len(reach))
        known = ~np.isnan(values[self.feature_names].to_numpy(dtype=float))
        # Rounded, because sums of the same weights in another order differ in their last digit.
        return np.asarray(np.round(known @ weight, 12))

    def probability(self, score: Floats) -> Floats:
        """The calibrated probability of default of a score; the higher the score, the lower."""
        doublings = (np.asarray(score) - self.reference_score) / self.points_to_double_odds
        return np.asarray(1 / (1 + self.reference_odds * np.exp2(doublings)))

    def predict(self, values: pd.DataFrame) -> pd.DataFrame:
        """`pd_ratio` and `score` of every firm, from the named columns of `values`."""
        score = self.score(values)
        columns = {"pd_ratio": self.probability(score), "score": score}
        return pd.DataFrame(columns, index=values.index)

    def to_json(self) -> str:
        """The card as text that a person can read too."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Scorecard:
        """The card that `to_json` wrote."""
        content = json.loads(text)
        content["features"] = tuple(
            BinnedFeature(
                feature=entry["feature"],
                bounds=tuple(entry["bounds"]),
                point_cents=tuple(entry["point_cents"]),
                missing_cents=entry["missing_cents"],
            )
            for entry in content["features"]
        )
        return cls(**content)


def points(cents: int) -> Decimal:
    """Hundredths of points as an exact decimal with two places."""
    return Decimal(int(cents)).scaleb(-2)
