"""The one-factor model: identities that hold whatever the numbers are."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from models.scenarios.conditional import asset_correlation, conditional_pd
from models.scenarios.declared import AssetCorrelation, load_scenarios

PROBABILITY = st.floats(1e-4, 0.999)
CORRELATION = st.floats(0.01, 0.9)
FACTOR = st.floats(-5, 5)


@pytest.fixture(scope="module")
def curve(catalog: Path) -> AssetCorrelation:
    return load_scenarios(catalog).asset_correlation


def of_one(pd_ratio: float, correlation: float, factor: float) -> float:
    (found,) = conditional_pd(np.array([pd_ratio]), np.array([correlation]), factor)
    return float(found)


@given(PROBABILITY, CORRELATION)
def test_the_mean_over_all_states_of_the_economy_is_the_probability(
    pd_ratio: float, correlation: float
) -> None:
    def weighed(factor: float) -> float:
        return of_one(pd_ratio, correlation, factor) * float(norm.pdf(factor))

    mean, _ = quad(weighed, -9, 9, limit=200, points=(-3, 0, 3))
    assert mean == pytest.approx(pd_ratio, abs=1e-8)


@given(PROBABILITY, CORRELATION)
def test_the_mean_of_its_square_is_the_probability_that_two_firms_default_together(
    pd_ratio: float, correlation: float
) -> None:
    # Their assets are normal and correlated: a definition in which no condition stands.
    assets = multivariate_normal(cov=[[1, correlation], [correlation, 1]])
    both = assets.cdf([norm.ppf(pd_ratio)] * 2)

    def weighed(factor: float) -> float:
        return of_one(pd_ratio, correlation, factor) ** 2 * float(norm.pdf(factor))

    mean, _ = quad(weighed, -9, 9, limit=200, points=(-3, 0, 3))
    assert mean == pytest.approx(both, abs=1e-5)


@given(PROBABILITY, CORRELATION, FACTOR, st.floats(0, 3))
def test_better_times_never_make_default_likelier(
    pd_ratio: float, correlation: float, factor: float, better: float
) -> None:
    now, then = (of_one(pd_ratio, correlation, x) for x in (factor, factor + better))
    assert then <= now


@given(PROBABILITY, PROBABILITY, FACTOR)
def test_no_state_of_the_economy_changes_the_order_of_firms(
    one: float, other: float, factor: float
) -> None:
    better, worse = sorted((one, other))
    both = np.array([better, worse])
    curve = AssetCorrelation(
        at_lowest_pd_ratio=0.24, at_highest_pd_ratio=0.12, decay=50, source="A test."
    )
    found = conditional_pd(both, asset_correlation(both, curve), factor)
    assert found[0] <= found[1] + 1e-12


@given(PROBABILITY, CORRELATION)
def test_one_state_of_the_economy_leaves_the_probability_as_it_is(
    pd_ratio: float, correlation: float
) -> None:
    # Solved by hand from (q - sqrt(R) z) / sqrt(1 - R) = q.
    share = (1 - math.sqrt(1 - correlation)) / math.sqrt(correlation)
    unchanged = float(norm.ppf(pd_ratio)) * share
    assert of_one(pd_ratio, correlation, unchanged) == pytest.approx(pd_ratio, rel=1e-9)


def test_the_factor_that_the_basel_framework_takes_gives_its_known_figure() -> None:
    # PD 1 %, loss given default 45 %, 2.5 years: the framework's table of illustrative risk weights
    # has 92.32 %, before the scaling of 1.06. Weight = K x 12.5, with the adjustment for maturity.
    pd_ratio, correlation = 0.01, 0.12 * (1 + math.exp(-0.5))
    adjustment = (0.11852 - 0.05478 * math.log(pd_ratio)) ** 2
    unexpected = of_one(pd_ratio, correlation, float(norm.ppf(0.001))) - pd_ratio
    weight = 0.45 * unexpected / (1 - 1.5 * adjustment) * 12.5
    assert weight == pytest.approx(0.9232, abs=5e-5)


@pytest.mark.parametrize(
    ("pd_ratio", "correlation"),
    # 0.12 x (1 + exp(-50 PD)), the same curve but for exp(-50).
    [(0.0, 0.24), (0.01, 0.1927837), (0.02, 0.1641455), (0.05, 0.1298502), (1.0, 0.12)],
)
def test_the_correlation_is_that_of_the_framework(
    curve: AssetCorrelation, pd_ratio: float, correlation: float
) -> None:
    assert asset_correlation(np.array([pd_ratio]), curve) == pytest.approx(correlation, abs=1e-7)


def test_what_is_certain_stays_certain(curve: AssetCorrelation) -> None:
    certain = np.array([0.0, 1.0])
    for factor in (-3.0, 0.0, 3.0):
        found = conditional_pd(certain, asset_correlation(certain, curve), factor)
        assert list(found) == [0.0, 1.0]


@pytest.mark.parametrize("pd_ratio", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(pd_ratio: float) -> None:
    with pytest.raises(ValueError, match="probability of default is outside"):
        of_one(pd_ratio, 0.2, 0.0)


@pytest.mark.parametrize("correlation", [0.0, 1.0, math.nan])
def test_what_is_no_correlation_is_refused(correlation: float) -> None:
    with pytest.raises(ValueError, match="asset correlation is outside"):
        of_one(0.1, correlation, 0.0)
