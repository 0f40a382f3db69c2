"""Random scorecards with their words, and feature values on, near and far from their bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from models.scorecard import BinnedFeature, Scorecard

# Not in the order of their names; one has a unit without a Chinese word.
UNITS = {
    "turnover": "CNY",
    "concentration": "index",
    "late_ratio": "ratio",
    "bill_count": "invoices",
    "Machine": "kWh",
}
# Bounds where texts change: signs, halves, thousands, and what no double holds exactly.
SPECIAL = (0.0, -0.0, 0.05, 0.25, 0.35, 0.5, 1.0, 2.5, 99.95, 999.4, 999.5, 999.95, 1000.0, 1234.5)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
AMOUNTS = st.one_of(
    FINITE,
    st.floats(-2000, 2000),
    st.sampled_from([*SPECIAL, *(-x for x in SPECIAL)]),
    # Values at which a rounded text is a tie, or nearly one.
    st.integers(-200_000, 200_000).map(lambda x: x / 200),
)
# Some often, so that features tie.
CENTS = st.one_of(st.sampled_from([-250, 0, 33]), st.integers(-9_999, 9_999))


@dataclass(frozen=True)
class MadeUp:
    """A card, the rows of `features.feature_name` for it, and firms to score."""

    card: Scorecard
    names: pd.DataFrame
    values: pd.DataFrame


@st.composite
def features(draw: st.DrawFn, name: str) -> BinnedFeature:
    # 0 and -0 are equal, and no bounds of two bins.
    bounds = sorted(set(draw(st.lists(AMOUNTS, min_size=1, max_size=4))))
    cents = draw(st.lists(CENTS, min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    return BinnedFeature(name, tuple(bounds), tuple(cents), draw(CENTS))


@st.composite
def made_up(draw: st.DrawFn) -> MadeUp:
    """Up to five features; a value is missing, a bound, next to one, or anything finite."""
    named = draw(st.lists(st.sampled_from(list(UNITS)), min_size=1, unique=True))
    card = Scorecard(
        base_cents=draw(st.integers(-100_000, 100_000)),
        features=tuple(draw(features(name)) for name in named),
        reference_score=draw(st.sampled_from([500.0, 600.0, 612.5])),
        reference_odds=draw(st.sampled_from([1.0, 20.0, 50.0])),
        points_to_double_odds=draw(st.sampled_from([20.0, 40.0, 33.3])),
    )
    rows = draw(st.integers(1, 12))
    columns = {}
    for feature in card.features:
        near = [np.nextafter(x, y) for x in feature.bounds for y in (-1e308, 1e308)]
        found = st.one_of(AMOUNTS, st.sampled_from([*feature.bounds, *near]), st.just(np.nan))
        columns[feature.feature] = draw(st.lists(found, min_size=rows, max_size=rows))
    values = pd.DataFrame(columns, index=[f"E{row}" for row in range(rows)], dtype=float)
    return MadeUp(card, names_of(UNITS), values)


def names_of(units: dict[str, str]) -> pd.DataFrame:
    """Rows of `features.feature_name`."""
    return pd.DataFrame(
        {
            "feature": list(units),
            "unit": list(units.values()),
            "description_en": [f"What {name} says" for name in units],
            "description_zh": [f"指标{name}" for name in units],
        }
    )
