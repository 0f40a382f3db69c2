"""Metrics and intervals against scikit-learn and against cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from models.calibration import fit_calibration, reliability_bins
from models.metrics import (
    METRICS,
    area_under_curve,
    bootstrap_weights,
    brier_score,
    estimate,
    kolmogorov_smirnov,
    log_loss,
    wilson_interval,
)

# Few distinct predictions, so that ties are common.
SAMPLES = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.1, 0.2, 0.5, 0.7, 0.9])), min_size=4
).filter(lambda rows: {outcome for outcome, _ in rows} == {0, 1})


def once(count: int) -> np.ndarray:
    return np.ones((1, count))


@given(SAMPLES)
def test_metrics_are_those_of_scikit_learn(rows: list[tuple[int, float]]) -> None:
    outcome = np.array([row[0] for row in rows], dtype=float)
    predicted = np.array([row[1] for row in rows])
    weights = once(len(rows))
    false_alarms, hits, _ = reference.roc_curve(outcome, predicted)
    assert area_under_curve(outcome, predicted, weights)[0] == pytest.approx(
        reference.roc_auc_score(outcome, predicted)
    )
    assert brier_score(outcome, predicted, weights)[0] == pytest.approx(
        reference.brier_score_loss(outcome, predicted)
    )
    assert log_loss(outcome, predicted, weights)[0] == pytest.approx(
        reference.log_loss(outcome, predicted)
    )
    assert kolmogorov_smirnov(outcome, predicted, weights)[0] == pytest.approx(
        np.abs(hits - false_alarms).max()
    )


@given(SAMPLES, st.integers(0, 2**31))
def test_a_weight_counts_as_often_as_the_firm_stands_in_the_sample(
    rows: list[tuple[int, float]], seed: int
) -> None:
    outcome = np.array([row[0] for row in rows], dtype=float)
    predicted = np.array([row[1] for row in rows])
    weights = bootstrap_weights(outcome, 1, seed)
    drawn = np.repeat(np.arange(len(rows)), weights[0].astype(int))
    for metric in METRICS.values():
        assert metric(outcome, predicted, weights)[0] == pytest.approx(
            metric(outcome[drawn], predicted[drawn], once(len(drawn)))[0]
        )


def test_bootstrap_samples_keep_the_numbers_of_good_and_bad_firms() -> None:
    outcome = np.array([1, 1, 0, 0, 0], dtype=float)
    weights = bootstrap_weights(outcome, 50, seed=1)
    assert (weights[:, outcome == 1].sum(axis=1) == 2).all()
    assert (weights[:, outcome == 0].sum(axis=1) == 3).all()


def test_the_interval_holds_the_true_area_about_as_often_as_it_says() -> None:
    generator, covered = np.random.default_rng(3), 0
    for seed in range(100):
        outcome = np.r_[np.ones(27), np.zeros(96)]
        # Two normals one apart: the true area is Phi(1 / sqrt 2) = 0.7602.
        predicted = generator.normal(outcome, 1)
        found = estimate(
            area_under_curve, outcome, predicted[None, :], bootstrap_weights(outcome, 400, seed)
        )
        covered += found.lower <= 0.7602 <= found.upper
    assert 86 <= covered <= 100


def test_wilson_intervals_are_the_published_ones() -> None:
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_calibration_finds_the_slope_and_intercept_that_made_the_outcomes() -> None:
    generator = np.random.default_rng(5)
    raw = generator.normal(size=20_000)
    outcome = (generator.random(20_000) < 1 / (1 + np.exp(-(-1 + 0.5 * raw)))).astype(float)
    found = fit_calibration(raw, outcome)
    assert found.intercept == pytest.approx(-1, abs=0.06)
    assert found.slope == pytest.approx(0.5, abs=0.06)


def test_calibration_never_turns_the_order_around() -> None:
    raw = np.linspace(-2, 2, 40)
    found = fit_calibration(raw, (raw < 0).astype(float))
    assert (np.diff(found.probability(raw)) > 0).all()


def test_calibration_of_separated_firms_stays_finite() -> None:
    raw = np.linspace(-2, 2, 40)
    probability = fit_calibration(raw, (raw > 0).astype(float)).probability(raw)
    assert 0 < probability.min() < probability.max() < 1


def test_reliability_bins_hold_every_firm_once() -> None:
    generator = np.random.default_rng(9)
    predicted = generator.random(123)
    outcome = (generator.random(123) < predicted).astype(float)
    bins = reliability_bins(outcome, predicted, 5)
    assert sum(x.enterprise_count for x in bins) == 123
    assert sum(x.default_count for x in bins) == outcome.sum()
    means = [x.mean_pd_ratio for x in bins]
    assert means == sorted(means)
    assert all(x.lower <= x.observed_default_ratio <= x.upper for x in bins)
