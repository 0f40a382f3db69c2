"""Life left of engines: features of the past only, penalties by hand, engines wholly in or out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluations import engine_runs
from models.evaluations.engine_features import (
    EngineRun,
    engine_features,
    feature_columns,
    informative_sensors,
    read_test_runs,
    read_training_runs,
    trailing_mean,
    trailing_slope,
    weighted_mean,
)
from models.evaluations.engine_runs import (
    ALL_SETTINGS,
    CUTS_AN_ENGINE,
    FIRST_CYCLE,
    FOLDS,
    Predictions,
    Setting,
    asymmetric_penalty,
    best_settings,
    cut_cycles,
    out_of_fold,
    predictions,
    with_average,
)
from models.evaluations.engine_similarity import fit_similarity, places

SMALL = st.lists(st.floats(-100, 100), min_size=2, max_size=25)


def fading(life: int, seed: int) -> EngineRun:
    """An engine with two sensors that bend in its last hundred cycles, and one standing still."""
    generator = np.random.default_rng(seed)
    left = np.arange(life - 1, -1, -1)
    damage = np.clip(1 - left / 100, 0, None) ** 2
    noise = generator.normal(size=(life, 2)) * 0.02
    moving = np.column_stack([500 + damage, 20 - 2 * damage]) + noise
    return EngineRun(np.column_stack([moving, np.full(life, 7.0)]), 0)


FLEET = tuple(fading(life, life) for life in range(130, 250, 6))


@given(SMALL, st.integers(2, 10))
def test_a_slope_is_that_of_a_fitted_line(values: list[float], window: int) -> None:
    column = np.array(values)[:, None]
    found = trailing_slope(column, window)[:, 0]
    assert found[0] == 0
    for row in range(1, len(values)):
        part = np.array(values[max(0, row + 1 - window) : row + 1])
        expected = np.polyfit(np.arange(len(part)), part, 1)[0]
        assert found[row] == pytest.approx(expected, abs=1e-6)


@given(SMALL, st.integers(1, 10))
def test_a_mean_is_of_the_rows_that_there_are(values: list[float], window: int) -> None:
    found = trailing_mean(np.array(values)[:, None], window)[:, 0]
    expected = [np.mean(values[max(0, i + 1 - window) : i + 1]) for i in range(len(values))]
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_weighted_mean_worked_by_hand() -> None:
    # A span of 3 halves the weight from row to row.
    found = weighted_mean(np.array([[4.0], [1.0], [8.0]]), 3)[:, 0]
    assert found == pytest.approx([4, (4 * 0.5 + 1) / 1.5, (4 * 0.25 + 1 * 0.5 + 8) / 1.75])


def test_features_see_no_later_cycle() -> None:
    sensors = FLEET[0].sensors
    whole = engine_features(sensors)
    for cycle in (1, 14, 31, 90):
        # To the last digit: trees split between numbers that differ by rounding only.
        assert np.array_equal(engine_features(sensors[:cycle])[-1], whole[cycle - 1])


def test_columns_are_those_of_the_chosen_sensors_and_the_age() -> None:
    sensors = FLEET[1].sensors
    whole, swapped = engine_features(sensors), engine_features(sensors[:, ::-1])
    columns = feature_columns(np.array([0]), 3)
    assert np.array_equal(whole[:, columns], swapped[:, feature_columns(np.array([2]), 3)])
    assert whole[:, columns[-1]].tolist() == list(range(1, len(sensors) + 1))
    assert len(feature_columns(np.array([0, 1, 2]), 3)) == whole.shape[1]


def test_without_history_nothing_of_long_ago_is_left_but_the_age() -> None:
    sensors = FLEET[2].sensors
    changed = sensors.copy()
    changed[:20] += 100
    columns = feature_columns(np.array([0, 1, 2]), 3, with_history=False)
    assert len(columns) == len(feature_columns(np.array([0, 1, 2]), 3)) - 2 * 3
    one, other = (engine_features(x)[-1] for x in (sensors, changed))
    # Exponential weights of a hundred cycles ago are small, not nothing.
    np.testing.assert_allclose(one[columns], other[columns], atol=0.05)
    assert not np.allclose(one, other, atol=0.05)


def test_life_left_is_capped_and_ends_where_it_is_said_to() -> None:
    run = EngineRun(np.zeros((200, 1)), 10)
    assert run.life_left[-1] == 10
    assert run.life_left[0] == 125
    assert run.life_left[-116:-113].tolist() == [125, 124, 123]


def test_a_sensor_that_stands_still_or_says_nothing_is_left_out() -> None:
    life = np.arange(300.0)
    generator = np.random.default_rng(0)
    sensors = np.column_stack([np.ones(300), -(life**3), generator.permutation(life), life + 5])
    assert abs(np.corrcoef(sensors[:, 2], life)[0, 1]) < 0.1
    assert informative_sensors(sensors, life).tolist() == [1, 3]


def test_a_late_estimate_costs_more_than_an_early_one() -> None:
    found = asymmetric_penalty(np.array([-13.0, 10.0, 0.0, 13.0, -26.0]))
    assert found == pytest.approx([np.e - 1, np.e - 1, 0, np.exp(1.3) - 1, np.e**2 - 1])


def test_places_are_every_stretch_of_every_long_enough_trajectory() -> None:
    trajectories = [np.array([1.0, 2, 3, 4]), np.array([5.0]), np.array([3.0, 4])]
    lives = [np.array([3.0, 2, 1, 0]), np.array([0.0]), np.array([1.0, 0])]
    distances, left = places(np.array([3.0, 4]), trajectories, lives)
    assert distances.tolist() == [4, 1, 0, 0]
    assert left.tolist() == [2, 1, 0, 0]


def test_a_training_engine_is_most_like_itself() -> None:
    similar = fit_similarity(FLEET, np.array([0, 1]))
    run = FLEET[7]
    cut = run.sensors[:-40]
    found = similar.estimates(cut, 60, (0.0001,))
    assert found == pytest.approx([run.life_left[-41]])


def test_models_learn_what_the_fleet_shows_and_baselines_do_not() -> None:
    settings: list[Setting] = [
        ("constant", ""),
        ("ridge", "penalty 10"),
        ("similarity", "stretch 30, width 0.02"),
    ]
    unseen = [fading(life, 1000 + life) for life in (140, 171, 202)]
    cut = [run.sensors[: len(run.sensors) - 30] for run in unseen]
    found = predictions(FLEET, cut, settings)
    assert np.ptp(found["constant", ""]) == 0
    for setting in settings[1:]:
        assert found[setting] == pytest.approx([30] * 3, abs=12)


def test_an_engine_is_never_predicted_by_a_model_that_saw_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    predicted: list[float] = []

    def watched(
        training: Sequence[EngineRun], cut: Sequence[np.ndarray], settings: Sequence[Setting]
    ) -> Predictions:
        # An engine's first reading tells it from all others.
        seen = {run.sensors[0, 0] for run in training}
        firsts = [sensors[0, 0] for sensors in cut]
        assert seen.isdisjoint(firsts)
        assert len(seen) + len(set(firsts)) == len(FLEET)
        predicted.extend(firsts)
        return {x: np.array([float(len(sensors)) for sensors in cut]) for x in settings}

    monkeypatch.setattr(engine_runs, "predictions", watched)
    found, truth = out_of_fold(FLEET)
    assert len(predicted) == len(FLEET) * CUTS_AN_ENGINE
    assert len(set(predicted)) == len(FLEET) and FOLDS == 5
    # The stand-in says how long the cut is, so that estimate and truth belong together.
    lives = np.array([len(run.sensors) for run in FLEET])[:, None]
    assert np.array_equal(np.minimum(lives - found[ALL_SETTINGS[0]], 125), truth)


def test_cuts_leave_some_life_and_enough_to_see() -> None:
    for run, cuts in zip(FLEET, cut_cycles(FLEET), strict=True):
        assert len(cuts) == CUTS_AN_ENGINE
        assert cuts.min() >= FIRST_CYCLE
        assert cuts.max() < len(run.sensors)


def test_the_best_setting_of_each_model_is_averaged_without_baselines() -> None:
    truth = np.array([10.0, 20])
    tried: Predictions = {
        ("constant", ""): np.array([15.0, 15]),
        ("ridge", "a"): np.array([11.0, 21]),
        ("ridge", "b"): np.array([14.0, 24]),
        ("boosting", "c"): np.array([9.0, 18]),
    }
    best = best_settings(tried, truth)
    assert best == [("constant", ""), ("ridge", "a"), ("boosting", "c")]
    assert with_average({x: tried[x] for x in best})["average", ""].tolist() == [10, 19.5]


def test_the_engines_are_those_of_the_protocol(real_data: Path) -> None:
    training = read_training_runs(real_data / "engine_runs")
    test = read_test_runs(real_data / "engine_runs")
    assert (len(training), sum(len(x.sensors) for x in training)) == (100, 20_631)
    assert (len(test), sum(len(x.sensors) for x in test)) == (100, 13_096)
    assert min(len(x.sensors) for x in test) > FIRST_CYCLE
    assert {x.left_at_end for x in training} == {0}
    assert max(x.left_at_end for x in test) == 145
    # Train and test number engines alike; no test engine is the beginning of a training engine.
    seen = {run.sensors[0].tobytes() for run in training}
    assert seen.isdisjoint(run.sensors[0].tobytes() for run in test)
