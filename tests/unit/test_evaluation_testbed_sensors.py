"""Scores of telemetry: they see the past only, and limits are those of their distributions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from models.evaluations.testbed_scores import (
    LIMIT_PROBABILITY,
    SCORES,
    residual_limit,
    smoothed,
    squared_mahalanobis,
    standardised,
    t_squared_limit,
    theoretical_alarms,
)
from models.evaluations.testbed_sensors import (
    FITTED_ROWS,
    MISLABELLED,
    alarm_factor,
    counts,
    f1,
    false_alarm_rate,
    missed_alarm_rate,
    ratios,
    read_experiments,
    read_undisturbed,
    steady_sensors,
)

FITTED = 200


def telemetry(rows: int, seed: int) -> np.ndarray:
    """Four sensors that hang together, and wander a little."""
    generator = np.random.default_rng(seed)
    cause = generator.normal(size=(rows, 2))
    own = generator.normal(size=(rows, 4)) * [0.3, 0.5, 0.2, 0.4]
    return cause @ np.array([[1.0, 2, 0, 1], [0, 1, 3, -1]]) + own + [10, 20, 30, 40]


@pytest.mark.parametrize("model", SCORES)
def test_a_score_sees_no_later_row(model: str) -> None:
    readings = telemetry(320, 1)
    changed = readings.copy()
    changed[290:] += 50
    found, other = (SCORES[model](x, FITTED) for x in (readings, changed))
    assert found.shape == (320,)
    np.testing.assert_allclose(found[:290], other[:290], rtol=1e-9)


@pytest.mark.parametrize("model", SCORES)
def test_a_disturbed_stretch_scores_above_what_is_usual(model: str) -> None:
    readings = telemetry(400, 2)
    readings[300:] += np.array([6.0, -6, 6, -6]) * np.where(np.arange(100) % 2, 1, -1)[:, None]
    scores = SCORES[model](readings, FITTED)
    assert np.median(scores[300:]) > np.nanquantile(scores[:300], 0.99)


@pytest.mark.parametrize("model", SCORES)
def test_a_score_does_not_depend_on_the_units_of_a_sensor(model: str) -> None:
    readings = telemetry(260, 3)
    scaled = readings * [1000, 0.001, 1, 7] + [5, -3, 0, 100]
    one, other = (SCORES[model](x, FITTED) for x in (readings, scaled))
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_sensor_that_stands_still_is_not_divided_by_nothing() -> None:
    readings = telemetry(250, 4)
    readings[:, 2] = 5.0
    assert np.array_equal(standardised(readings, FITTED)[:, 2], np.zeros(250))
    assert standardised(readings, FITTED)[:FITTED, 0].std() == pytest.approx(1)


def test_smoothing_is_the_median_of_the_last_five() -> None:
    found = smoothed(np.array([1.0, 9, 2, 8, 3, 7, 100]))
    assert found.tolist() == [1, 5, 2, 5, 3, 7, 7]


def test_the_limit_of_t_squared_nears_that_of_chi_squared() -> None:
    assert t_squared_limit(10**6, 3) == pytest.approx(chi2.ppf(LIMIT_PROBABILITY, 3), rel=1e-3)
    assert t_squared_limit(50, 3) > t_squared_limit(400, 3)


def test_the_limit_of_q_is_rarely_passed_by_normal_residuals() -> None:
    variances = np.array([0.5, 0.3, 0.2, 0.1])
    drawn = np.random.default_rng(5).normal(size=(400_000, 4)) ** 2 @ variances
    # An approximation of the authors: 0.999 within some parts of a thousand.
    assert np.mean(drawn > residual_limit(variances)) == pytest.approx(0.001, abs=0.0006)


def test_undisturbed_rows_have_few_alarms_by_the_limits() -> None:
    alarms = theoretical_alarms(telemetry(3000, 6), 1500)
    assert alarms.mean() < 0.003
    shifted = telemetry(3000, 6)
    shifted[2000:] += 20
    assert theoretical_alarms(shifted, 1500)[2010:].all()


def test_squared_distance_of_a_sample_has_the_mean_of_its_dimensions() -> None:
    values = telemetry(500, 7)
    # Exactly (n - 1) / n times the number of sensors, an identity of the sample covariance.
    assert squared_mahalanobis(values, values).mean() == pytest.approx(4 * 499 / 500)


def test_rates_of_counts_worked_by_hand() -> None:
    is_anomaly = np.array([True, True, True, False, False, False, False, False])
    alarm = np.array([True, True, False, True, False, False, False, False])
    found = counts(is_anomaly, alarm)
    assert found.tolist() == [2, 1, 1, 4]
    assert f1(found[None]) == pytest.approx([2 * 2 / 3 * 2 / 3 / (2 / 3 + 2 / 3)])
    assert false_alarm_rate(found[None]) == pytest.approx([20])
    assert missed_alarm_rate(found[None]) == pytest.approx([100 / 3])


def test_ratios_are_to_the_beginning_and_no_score_is_no_alarm() -> None:
    scores = np.concatenate([np.full(10, np.nan), np.full(FITTED_ROWS - 10, 4.0), [2.0, 8.0]])
    assert ratios(scores)[[0, 20, -2, -1]].tolist() == [0, 1, 0.5, 2]


def test_a_sensor_that_moves_away_undisturbed_is_not_steady() -> None:
    pieces = [telemetry(FITTED_ROWS + 300, seed) for seed in (1, 2)]
    assert steady_sensors(pieces).all()
    for piece in pieces:
        piece[FITTED_ROWS:, 3] += 8 * piece[:FITTED_ROWS, 3].std()
    assert steady_sensors(pieces).tolist() == [True, True, True, False]


def test_the_factor_lets_the_aimed_share_of_later_rows_pass() -> None:
    generator = np.random.default_rng(8)
    pieces = [generator.exponential(size=FITTED_ROWS + 500) for _ in range(4)]
    factor = alarm_factor(pieces)
    later = np.concatenate([ratios(piece)[FITTED_ROWS:] for piece in pieces])
    assert np.mean(later > factor) == pytest.approx(0.05, abs=1 / len(later))


def test_the_files_are_those_of_the_protocol(real_data: Path) -> None:
    folder = real_data / "testbed_sensors"
    experiments = read_experiments(folder)
    assert len(experiments) == 30
    assert sum(len(x.is_anomaly) for x in experiments) == 33_089
    assert sum(int(x.is_anomaly.sum()) for x in experiments) == 11_550
    at_first = {x.name: int(x.is_anomaly[:FITTED_ROWS].sum()) for x in experiments}
    assert {name: n for name, n in at_first.items() if n} == {MISLABELLED: 296}
    first = min(experiments, key=lambda x: x.begin)
    assert first.name == "other/5.csv"
    pieces = read_undisturbed(folder, first.begin)
    assert len({len(x) for x in pieces}) == 1
    assert len(pieces[0]) > 2 * FITTED_ROWS
    # Of the eight only the sixth, the thermocouple, drifts.
    assert np.flatnonzero(~steady_sensors(pieces)).tolist() == [5]
    # No labelled row is among those that set the thresholds.
    labelled = {row.tobytes() for row in first.readings}
    assert not any(row.tobytes() in labelled for piece in pieces for row in piece)
