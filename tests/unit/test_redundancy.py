"""How much features repeat one another, against a slow obvious implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomline.families.redundancy import LEAST_COMMON, redundancy
from loomline.families.state import Floats


def ranks(values: list[float]) -> list[float]:
    """Ranks among those that are there; NaN for the others."""
    told = [value for value in values if not math.isnan(value)]
    return [
        math.nan
        if math.isnan(value)
        else sum(other < value for other in told) + (told.count(value) + 1) / 2
        for value in values
    ]


def correlation(one: list[float], other: list[float]) -> float:
    """That of the ranks of the rows that have both; 0 where there is none."""
    pairs = [
        pair
        for pair in zip(ranks(one), ranks(other), strict=True)
        if not any(map(math.isnan, pair))
    ]
    if len(pairs) < LEAST_COMMON:
        return 0.0
    left, right = (np.array(side) for side in zip(*pairs, strict=True))
    if left.std() < 1e-9 or right.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])


@st.composite
def portfolios(draw: st.DrawFn) -> Floats:
    """Features of which some repeat others, are rare, constant or missing."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, features = draw(st.integers(20, 60)), draw(st.integers(1, 7))
    values = random.lognormal(0, 2, (count, features)).round(draw(st.integers(0, 3)))
    for column in range(1, features):
        kind = draw(st.sampled_from(["own", "copy", "near", "rare", "constant"]))
        if kind == "copy":
            values[:, column] = 3 * values[:, column - 1] + 1
        if kind == "near":
            values[:, column] = -values[:, column - 1] + random.normal(0, 0.01, count)
        if kind == "rare":
            values[random.random(count) < 0.9, column] = 0
        if kind == "constant":
            values[:, column] = 5
    values[random.random(values.shape) < draw(st.sampled_from([0, 0.1, 0.6]))] = np.nan
    return values


@settings(max_examples=60, deadline=None)
@given(portfolios())
def test_the_closest_feature_is_that_of_the_obvious_implementation(values: Floats) -> None:
    found = redundancy(values)
    columns = values.T.tolist()
    told = [[value for value in column if not math.isnan(value)] for column in columns]
    has_data = [len(own) >= LEAST_COMMON and len(set(own)) > 1 for own in told]
    assert found.has_data.tolist() == has_data
    squares = 0.0
    for place, column in enumerate(columns):
        sizes = {
            other: abs(correlation(column, columns[other]))
            for other in range(len(columns))
            if has_data[place] and has_data[other]
        }
        squares += sum(size**2 for size in sizes.values())
        best = max((size for other, size in sizes.items() if other != place), default=0.0)
        if best > 1e-9:
            assert found.highest[place] == pytest.approx(best, abs=1e-9)
            assert sizes[int(found.closest[place])] == pytest.approx(best, abs=1e-9)
        else:
            assert not found.highest[place] > 1e-9
    expected = sum(has_data) ** 2 / squares if squares else 0.0
    assert found.dimensions == pytest.approx(expected)


def test_copies_span_one_dimension_and_strangers_as_many_as_they_are() -> None:
    random = np.random.default_rng(3)
    one = random.normal(size=(5000, 1))
    assert redundancy(one @ np.ones((1, 8))).dimensions == pytest.approx(1)
    assert redundancy(random.normal(size=(5000, 8))).dimensions == pytest.approx(8, rel=0.02)
