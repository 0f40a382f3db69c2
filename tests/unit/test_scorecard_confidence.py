"""How much of a card could speak of a firm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from models.scorecard import BinnedFeature, Scorecard

CARD = Scorecard(
    base_cents=60_000,
    features=(
        BinnedFeature("wide", (0.0,), (-3_000, 3_000), 0),
        BinnedFeature("narrow", (0.0,), (1_000, -1_000), 0),
    ),
    reference_score=600.0,
    reference_odds=20.0,
    points_to_double_odds=40.0,
)


def test_a_feature_without_a_value_costs_the_points_between_its_bins() -> None:
    missing = float("nan")
    values = pd.DataFrame(
        {"wide": [1.0, 1.0, missing, missing], "narrow": [1.0, missing, 1.0, missing]}
    )
    assert CARD.confidence(values).tolist() == [1.0, 0.75, 0.25, 0.0]


def test_features_of_a_card_whose_bins_are_worth_the_same_count_alike() -> None:
    flat = tuple(replace(feature, point_cents=(0, 0)) for feature in CARD.features)
    values = pd.DataFrame({"wide": [1.0], "narrow": [np.nan]})
    assert replace(CARD, features=flat).confidence(values).tolist() == [0.5]
