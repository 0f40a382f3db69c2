"""What evaluations share: known histories, resampling, judging, choosing; against slow ways."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference
from threadpoolctl import threadpool_info, threadpool_limits

from loomline.commands.evaluate import evaluation_names
from loomline.settings import PROJECT_ROOT
from models.evaluations.chosen_models import (
    BoostingSettings,
    amount,
    choose_boosted_amount,
    choose_boosted_probability,
    choose_logistic,
    choose_ridge,
    forward_folds,
    probability,
)
from models.evaluations.evaluation import Figure
from models.evaluations.judging import (
    OF_AMOUNTS,
    OF_PROBABILITIES,
    estimate_difference,
    judge,
    mean_absolute_error,
    root_mean_squared_error,
)
from models.evaluations.known_history import known_past, or_else
from models.evaluations.one_processor import on_one_processor
from models.evaluations.resampling import block_weights, group_weights, unit_estimate, unit_weights

START = np.datetime64("2020-01-01", "D")
# Few members and few days, so that ties of days are common.
ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 6), st.integers(0, 6), st.integers(-3, 9)),
    min_size=1,
    max_size=14,
)
SMALL = BoostingSettings(0.1, 5, leaves=(2, 4), rounds=(5, 20), seed=1)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Threads of small trees wait for each other far longer than they work."""
    with threadpool_limits(limits=1):
        yield


def nothing_or(values: list[float], found: float) -> float:
    return found if values else float("nan")


@given(ROWS, st.integers(1, 4))
def test_the_known_past_is_what_a_search_of_all_rows_finds(
    rows: list[tuple[str, int, int, int]], last: int
) -> None:
    member = [row[0] for row in rows]
    known_on = START + np.array([row[1] for row in rows])
    as_of = START + np.array([row[2] for row in rows])
    values = np.array([row[3] for row in rows], dtype=float)
    past = known_past(member, known_on, as_of)
    since = known_past(member, known_on, as_of, as_of - np.timedelta64(2, "D"))
    for asked in range(len(rows)):
        known = [
            other
            for other in range(len(rows))
            if member[other] == member[asked] and known_on[other] < as_of[asked]
        ]
        known.sort(key=lambda other: known_on[other])
        found = list(values[known])
        recent = [values[x] for x in known if known_on[x] >= as_of[asked] - np.timedelta64(2, "D")]
        assert list(past.rows(asked)) == known
        assert past.count()[asked] == len(found)
        mean, newest = nothing_or(found, np.sum(found) / max(len(found), 1)), found[-last:]
        assert past.mean(values)[asked] == pytest.approx(mean, nan_ok=True)
        assert past.mean(values, last=last)[asked] == pytest.approx(
            nothing_or(newest, np.sum(newest) / max(len(newest), 1)), nan_ok=True
        )
        median = pd.Series(found, dtype=float).median()
        assert past.median(values)[asked] == pytest.approx(median, nan_ok=True)
        assert since.count()[asked] == len(recent)


def test_a_row_without_a_day_is_refused() -> None:
    days = np.array(["2020-01-01", "NaT"], dtype="datetime64[D]")
    with pytest.raises(ValueError, match="no day"):
        known_past(["a", "a"], days, np.array([START, START]))
    with pytest.raises(ValueError, match="one length"):
        known_past(["a", "a"], days[:1], np.array([START, START]))


def test_what_is_not_known_is_the_usual_one() -> None:
    known = pd.Series([0.5, np.nan, 0.0])
    assert or_else(known, 0.2).tolist() == [0.5, 0.2, 0.0]
    assert or_else(known, np.array([0.7, 0.8, 0.9])).tolist() == [0.5, 0.8, 0.0]


def test_a_group_is_drawn_whole_and_as_many_groups_as_there_are() -> None:
    groups = np.array(["x", "y", "x", "z", "y", "y"])
    weights = group_weights(groups, seed=3, samples=500)
    firsts = weights[:, [0, 1, 3]]
    assert np.array_equal(weights, firsts[:, [0, 1, 0, 2, 1, 1]])
    assert np.all(firsts.sum(axis=1) == 3)
    # Each of three groups stands once in a sample on average.
    assert firsts.mean(axis=0) == pytest.approx(np.ones(3), abs=0.1)
    assert np.array_equal(weights, group_weights(groups, seed=3, samples=500))


def test_an_interval_is_of_whole_units() -> None:
    weights = unit_weights(50, 3)
    assert np.array_equal(weights.sum(axis=1), np.full(2000, 50.0))
    values = np.arange(50.0)
    found = unit_estimate(lambda drawn: drawn @ values / drawn.sum(axis=1), 50, 3)
    assert found.value == 24.5
    # The mean of 50 numbers with this deviation has this standard error.
    error = values.std() / np.sqrt(50)
    assert found.lower == pytest.approx(24.5 - 1.96 * error, abs=0.4)
    assert found.upper == pytest.approx(24.5 + 1.96 * error, abs=0.4)


def test_blocks_of_days_go_round_and_a_sample_is_as_long_as_the_days() -> None:
    days = np.repeat(np.arange(10), 2)
    weights = block_weights(days, block=5, seed=4, samples=400)
    assert np.array_equal(weights[:, ::2], weights[:, 1::2])
    by_day = weights[:, ::2]
    assert np.all(by_day.sum(axis=1) == 10)
    assert by_day.mean(axis=0) == pytest.approx(np.ones(10), abs=0.15)
    # Two blocks of five: a day's count plus that of the day half a circle away is two.
    assert np.all(by_day[:, :5] + by_day[:, 5:] == 2)


def test_a_last_block_is_cut() -> None:
    weights = block_weights(np.arange(7), block=3, seed=5, samples=200)
    assert np.all(weights.sum(axis=1) == 7)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=20))
def test_errors_are_those_of_scikit_learn(rows: list[tuple[float, float]]) -> None:
    outcome, predicted = (np.array(column) for column in zip(*rows, strict=True))
    weights = np.vstack([np.ones(len(rows)), np.arange(1, len(rows) + 1)])
    absolute = mean_absolute_error(outcome, predicted, weights)
    squared = root_mean_squared_error(outcome, predicted, weights)
    for sample, given_weights in enumerate(weights):
        assert absolute[sample] == pytest.approx(
            reference.mean_absolute_error(outcome, predicted, sample_weight=given_weights)
        )
        assert squared[sample] ** 2 == pytest.approx(
            reference.mean_squared_error(outcome, predicted, sample_weight=given_weights)
        )


def test_a_model_differs_from_itself_by_nothing_and_from_a_worse_one_by_what_it_gains() -> None:
    outcome = np.array([0.0, 2.0, 4.0, 6.0])
    weights = group_weights(np.arange(4), seed=6, samples=300)
    exact, off = outcome.copy(), outcome + 1.5
    same = estimate_difference(mean_absolute_error, outcome, off, off, weights)
    assert (same.value, same.lower, same.upper) == (0, 0, 0)
    better = estimate_difference(mean_absolute_error, outcome, exact, off, weights)
    assert better.value == better.lower == better.upper == pytest.approx(-1.5)


def test_a_judge_gives_every_metric_and_no_area_for_a_model_that_says_the_same_of_all() -> None:
    outcome = np.array([0.0, 1.0, 0.0, 1.0])
    predictions = {"flat": np.full(4, 0.5), "sharp": np.array([0.2, 0.9, 0.1, 0.8])}
    weights = np.ones((5, 4))
    figures = judge("t", OF_PROBABILITIES, outcome, predictions, weights, "flat", ("sharp",))
    found = {(x.model, x.metric): x.estimate.value for x in figures}
    assert set(found) == {
        ("sharp", "t: AUC"),
        ("sharp less flat", "t: AUC"),
        ("flat", "t: Brier"),
        ("sharp", "t: Brier"),
        ("sharp less flat", "t: Brier"),
    }
    assert found["sharp less flat", "t: AUC"] == 0.5
    assert found["flat", "t: Brier"] == 0.25
    assert found["sharp", "t: Brier"] == pytest.approx((0.04 + 0.01 + 0.01 + 0.04) / 4)
    assert {x.rows for x in judge("t", OF_AMOUNTS, outcome, predictions, weights, "flat", ())} == {
        4
    }


def test_folds_go_forward() -> None:
    for fitted_on, judged_on in forward_folds(3).split(np.zeros((20, 1))):
        assert fitted_on.max() < judged_on.min()
    (_, first), (_, second) = forward_folds(2, 4).split(np.zeros((20, 1)))
    assert (list(first), list(second)) == ([12, 13, 14, 15], [16, 17, 18, 19])


def noisy_rows() -> tuple[pd.DataFrame, np.ndarray]:
    generator = np.random.default_rng(7)
    values = pd.DataFrame(generator.normal(size=(240, 2)), columns=["signal", "noise"])
    values.loc[generator.random(240) < 0.1, "noise"] = np.nan
    return values, values["signal"].to_numpy() + generator.normal(scale=0.5, size=240)


@pytest.mark.usefixtures("one_thread")
def test_linear_and_boosted_models_find_the_signal_and_the_same_one_twice() -> None:
    values, target = noisy_rows()
    positive = (target > 0).astype(float)
    folds = forward_folds(3)

    def predicted() -> list[np.ndarray]:
        return [
            probability(choose_logistic(values, positive, folds), values),
            probability(choose_boosted_probability(values, positive, SMALL, folds), values),
            amount(choose_ridge(values, target, folds), values),
            amount(choose_boosted_amount(values, target, "squared_error", SMALL, folds), values),
            amount(choose_boosted_amount(values, target, "absolute_error", SMALL, folds), values),
        ]

    first = predicted()
    for found in first:
        assert reference.roc_auc_score(positive, found) > 0.8
    for found, again in zip(first, predicted(), strict=True):
        assert np.array_equal(found, again)


@pytest.mark.usefixtures("one_thread")
def test_a_linear_model_takes_a_column_that_an_early_fold_has_no_value_of() -> None:
    values, target = noisy_rows()
    values["late_comer"] = np.where(np.arange(240) < 120, np.nan, 1.0)
    fitted = choose_ridge(values, target, forward_folds(3))
    assert np.corrcoef(amount(fitted, values), target)[0, 1] > 0.8


@pytest.mark.usefixtures("one_thread")
def test_settings_are_chosen_among_the_declared_ones() -> None:
    values, target = noisy_rows()
    chosen = choose_boosted_amount(values, target, "squared_error", SMALL, forward_folds(3))
    tried = {tuple(sorted(x.items())) for x in chosen.cv_results_["params"]}
    assert tried == {
        (("max_iter", rounds), ("max_leaf_nodes", leaves))
        for rounds in (5, 20)
        for leaves in (2, 4)
    }


@pytest.mark.usefixtures("one_thread")
def test_an_amount_is_kept_within_its_ends() -> None:
    values, target = noisy_rows()
    found = amount(choose_ridge(values, target, forward_folds(3)), values, lower=0, upper=0.5)
    assert (found.min(), found.max()) == (0, 0.5)


def test_a_run_has_one_thread_in_every_pool_and_those_around_it_what_they_had() -> None:
    during: list[int] = []

    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info()]

    def run(_folder: Path) -> tuple[Figure, ...]:
        during.extend(threads())
        return ()

    with threadpool_limits(limits=2):
        before = threads()
        assert on_one_processor(run)(Path()) == ()
        assert threads() == before
    assert 2 in before
    assert set(during) == {1}


@pytest.mark.parametrize("name", evaluation_names())
def test_every_evaluation_runs_on_one_processor_and_its_page_begins_with_its_command(
    name: str,
) -> None:
    evaluation = import_module(f"models.evaluations.{name}").EVALUATION
    assert evaluation.name == name
    # Whatever is wrapped has the code of the wrapper.
    assert evaluation.run.__code__ is on_one_processor(evaluation.run).__code__
    page = PROJECT_ROOT / "docs" / "evaluations" / f"{name}.md"
    title, empty, command = page.read_text(encoding="utf-8").splitlines()[:3]
    assert title.startswith("# ")
    assert empty == ""
    assert command.startswith(f"`loomline evaluate {name}`")
