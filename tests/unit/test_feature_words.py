"""What is told of a feature besides its values: its formula, and how far it has moved."""

from __future__ import annotations

import math
from bisect import bisect_right
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.families.catalogue import features, load_families
from loomline.families.formula import formula
from loomline.families.stability import stability_index

VALUES = st.lists(
    st.sampled_from([0.0, 0.0, 1.0, 2.0, 5.0, 1e9, -3.0, math.nan]), min_size=1, max_size=60
)


def slow_index(before: list[float], now: list[float]) -> float:
    """The index with bins as lists."""
    told = sorted(value for value in before if not math.isnan(value))
    # The least value at which so many tenths lie below or on it.
    tenths = (told[math.ceil(tenth * (len(told) - 1) / 10)] for tenth in range(1, 10))
    edges = sorted({value for value in tenths if value > told[0]})

    def place(value: float) -> int:
        return len(edges) + 1 if math.isnan(value) else bisect_right(edges, value)

    index = 0.0
    for bin_number in range(len(edges) + 2):
        counts = [[place(value) for value in values].count(bin_number) for values in (before, now)]
        if any(counts):
            earlier, later = (
                (count or 0.5) / len(values)
                for count, values in zip(counts, (before, now), strict=True)
            )
            index += (later - earlier) * math.log(later / earlier)
    return index


@given(VALUES, VALUES)
def test_the_stability_index_is_that_of_the_obvious_implementation(
    before: list[float], now: list[float]
) -> None:
    if all(math.isnan(value) for value in before):
        with pytest.raises(ValueError, match="no values"):
            stability_index(np.array(before), np.array(now))
        return
    found = stability_index(np.array(before), np.array(now))
    assert found == pytest.approx(slow_index(before, now), abs=1e-12)
    assert found >= 0
    assert stability_index(np.array(before), np.array(before)) == 0


def test_a_distribution_that_moves_away_has_a_high_index() -> None:
    random = np.random.default_rng(1)
    before, same, moved = (random.normal(mean, 1, 2000) for mean in (0, 0, 1))
    assert stability_index(before, same) < 0.1 < 0.25 < stability_index(before, moved)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sale_amount_sum_90d", "x = sum(sale_amount) over 90 days"),
        (
            "sale_amount_sum_30d_vs_season",
            "x = sum(sale_amount) over 30 days; x / x(30 days before) - 1; "
            "(1 + change) / (1 + the same 365 days before) - 1",
        ),
        (
            "days_sales_outstanding_90d_vs_previous_vs_peers",
            "x = mean(receivables_open) / total(sale_total) * 90 over 90 days; "
            "x - x(90 days before); rank among its trade from 0 to 1",
        ),
        (
            "facility_utilisation_90d_vs_last_year",
            "x = total(bureau_facility_used) / total(facility_limit) over 90 days; "
            "x - x(365 days before)",
        ),
    ],
)
def test_a_formula_names_measures_windows_and_comparisons(
    catalog: Path, name: str, said: str
) -> None:
    named = {feature.name: feature for feature in features(load_families(catalog))}
    assert formula(named[name]) == said
