"""Ranks among peers and the values of dimensions against a slow implementation."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.dimensions.model import Dimension
from loomline.dimensions.values import dimension_values
from loomline.enterprise_inputs import EnterpriseInputs
from loomline.peers import peer_groups, peer_ranks
from tests.unit.slow_dimensions import slow_peers, slow_rank, slow_values

NAMES = ("speed", "waste", "steadiness")
values = st.one_of(st.just(math.nan), st.integers(-3, 3).map(float))
firms = st.lists(
    st.tuples(st.sampled_from(["17", "17", "29", ""]), values, values, values),
    min_size=1,
    max_size=16,
)


def dimension(least_share: float = 0.5, **changes: Any) -> Dimension:
    declared: dict[str, Any] = dict.fromkeys(("title_en", "title_zh", "says_en", "says_zh"), "x")
    inputs = [
        {"input": "speed", "better": "high", "weight": 0.3},
        {"input": "waste", "better": "low", "weight": 0.2},
        {"input": "steadiness", "better": "high", "weight": 0.5},
    ]
    return Dimension.model_validate(
        {"name": "trial", "inputs": inputs, "least_share": least_share, **declared, **changes}
    )


def inputs_of(rows: list[tuple[str, float, float, float]]) -> EnterpriseInputs:
    columns = list(zip(*rows, strict=True))
    return EnterpriseInputs(
        [f"E{place}" for place in range(len(rows))],
        list(columns[0]),
        date(2020, 2, 29),
        {name: np.array(column) for name, column in zip(NAMES, columns[1:], strict=True)},
    )


@given(firms)
def test_a_rank_is_the_share_of_the_peers_that_are_lower(
    rows: list[tuple[str, float, float, float]],
) -> None:
    inputs = inputs_of(rows)
    found = peer_ranks(np.array([inputs.values["speed"]]), peer_groups(inputs.trades))[0]
    for one in range(len(rows)):
        peers = slow_peers(list(inputs.trades), one)
        right = slow_rank(inputs.values["speed"].tolist(), peers, one)
        assert found[one] == pytest.approx(right, nan_ok=True)


@given(firms, st.sampled_from([0.2, 0.5, 0.8, 1]))
def test_a_dimension_is_that_of_the_obvious_implementation(
    rows: list[tuple[str, float, float, float]], least_share: float
) -> None:
    inputs, one = inputs_of(rows), dimension(least_share)
    found = dimension_values([one], inputs)
    plain = {name: array.tolist() for name, array in inputs.values.items()}
    right = slow_values(one, plain, list(inputs.trades))
    assert found.values[0] == pytest.approx(right, nan_ok=True)
    of_all = slow_values(one, plain, [""] * len(rows))
    assert found.overall[0] == pytest.approx(of_all, nan_ok=True)


@given(firms)
def test_turning_every_direction_turns_the_scale(
    rows: list[tuple[str, float, float, float]],
) -> None:
    inputs = inputs_of(rows)
    turned = [
        {
            "input": each.input,
            "better": {"high": "low", "low": "high"}[each.better],
            "weight": each.weight,
        }
        for each in dimension().inputs
    ]
    there = dimension_values([dimension()], inputs).values
    back = dimension_values([dimension(inputs=turned)], inputs).values
    np.testing.assert_allclose(there + back, np.where(np.isnan(there), np.nan, 100))


@given(firms, st.integers(1, 5))
def test_a_scale_that_keeps_the_order_of_an_input_changes_nothing(
    rows: list[tuple[str, float, float, float]], factor: int
) -> None:
    plain = inputs_of(rows)
    stretched = inputs_of([(trade, a**3 * factor + 7, b, c) for trade, a, b, c in rows])
    np.testing.assert_array_equal(
        dimension_values([dimension()], plain).values,
        dimension_values([dimension()], stretched).values,
    )
