"""Training and validation: nothing leaks, and the same data give the same model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.challenger import fit_boosting, fit_calibrated_boosting
from models.registry import RegisteredScorecard, champion_for, still_holds, unfinished_for
from models.scorecard_fit import fit_scorecard
from models.specification import ESTIMATORS, Specification
from models.training import Trained, train
from models.training_set import TrainingSet
from models.validation import PERMUTED, validate
from tests.unit.test_models_scorecard import known_firms

SMALL = Specification(
    folds=3, repeats=1, calibration_folds=2, permutations=2, bootstrap_samples=200
)


def small_training() -> Trained:
    values, outcome = known_firms(160)
    less = values.drop(columns="rising")
    return train({"all": values, "without_history": less}, outcome, SMALL)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return small_training()


def test_the_same_data_give_the_same_model_and_figures(trained: Trained) -> None:
    again = small_training()
    assert again.scorecard == trained.scorecard
    assert [x.figures for x in again.validated] == [x.figures for x in trained.validated]
    assert again.reliability == trained.reliability


def test_both_estimators_rank_firms_that_can_be_ranked(trained: Trained) -> None:
    for estimator in ESTIMATORS:
        figures = trained.of(estimator, "all").figures
        assert figures["auc"].value > 0.65
        assert figures["auc"].lower < figures["auc"].value < figures["auc"].upper


def test_the_registered_card_reads_production_features_only(trained: Trained) -> None:
    assert "rising" not in trained.scorecard.feature_names
    assert "rising" not in trained.challenger.feature_names_in_
    assert "rising" in trained.of("scorecard", "all").out_of_fold.used_features


def test_labels_that_mean_nothing_are_not_predicted() -> None:
    generator = np.random.default_rng(2)
    # Many features and few firms: where a screen outside the folds would find most.
    values = pd.DataFrame(generator.normal(size=(123, 35)), columns=[f"f{x}" for x in range(35)])
    outcome = np.r_[np.ones(27), np.zeros(96)]
    specification = Specification(repeats=1, calibration_folds=2, permutations=6)
    for found in validate({"all": values}, outcome, specification):
        assert abs(found.figures[PERMUTED].value - 0.5) < 0.08, found.estimator


def test_the_permuted_run_catches_a_feature_screen_that_saw_all_labels() -> None:
    generator = np.random.default_rng(2)
    values = pd.DataFrame(generator.normal(size=(123, 300)), columns=[f"f{x}" for x in range(300)])
    outcome = np.r_[np.ones(27), np.zeros(96)]
    # The mistake: keep the features that correlate with the labels of every firm, then validate.
    strength = np.abs(np.corrcoef(values.T, outcome)[-1, :-1])
    leaked = values.iloc[:, np.argsort(-strength)[:8]]
    specification = Specification(repeats=1, calibration_folds=2, permutations=1)
    areas = [x.figures["auc"].value for x in validate({"all": leaked}, outcome, specification)]
    assert min(areas) > 0.65


def test_a_firm_left_out_does_not_touch_the_model_that_judges_it() -> None:
    values, outcome = known_firms(160)
    seen = np.arange(128)
    changed = outcome.copy()
    changed[128:] = 1 - changed[128:]
    for fit in (fit_scorecard, fit_boosting):
        first = fit(values.iloc[seen], outcome[seen], SMALL).log_odds(values.iloc[128:])
        second = fit(values.iloc[seen], changed[seen], SMALL).log_odds(values.iloc[128:])
        assert np.array_equal(first, second)


def test_the_registered_challenger_ranks_as_the_validated_one() -> None:
    values, outcome = known_firms(160)
    validated = fit_boosting(values, outcome, SMALL).log_odds(values)
    registered = fit_calibrated_boosting(values, outcome, SMALL).predict_proba(values)[:, 1]
    order = [np.argsort(x, kind="stable") for x in (validated, registered)]
    assert np.array_equal(*order)


TRAINING_SET = "hash of the training set"


def champion(version: str, trained_as_of: date, is_ready: bool = True) -> RegisteredScorecard:
    return RegisteredScorecard(version, f"run {version}", trained_as_of, TRAINING_SET, is_ready, "")


def test_a_champion_knew_of_nothing_later_than_the_date() -> None:
    early, late = champion("1", date(2019, 12, 31)), champion("2", date(2020, 2, 29))
    assert champion_for([early, late], date(2019, 6, 30)) is None
    assert champion_for([early, late], date(2020, 1, 31)) == early
    assert champion_for([early, late], date(2020, 3, 31)) == late


def test_a_version_without_figures_is_no_champion_but_is_finished() -> None:
    unfinished = champion("3", date(2020, 2, 29), is_ready=False)
    assert champion_for([unfinished], date(2020, 2, 29)) is None
    assert unfinished_for([unfinished], date(2020, 2, 29), TRAINING_SET) == unfinished
    assert unfinished_for([unfinished], date(2020, 3, 31), TRAINING_SET) is None
    assert unfinished_for([unfinished], date(2020, 2, 29), "of another set") is None


def test_a_scorecard_holds_for_its_date_while_nothing_else_is_known_and_then_for_a_while() -> None:
    trained, quarter = champion("1", date(2020, 2, 29)), timedelta(days=92)
    assert still_holds(trained, date(2020, 2, 29), TRAINING_SET, quarter)
    assert not still_holds(trained, date(2020, 2, 29), "of another set", quarter)
    assert still_holds(trained, date(2020, 3, 31), "of another set", quarter)
    assert still_holds(trained, date(2020, 5, 30), "of another set", quarter)
    assert not still_holds(trained, date(2020, 5, 31), "of another set", quarter)
    assert still_holds(trained, date(2020, 5, 31), TRAINING_SET, quarter)


def test_only_a_version_that_may_be_used_is_champion() -> None:
    early, late = champion("1", date(2019, 12, 31)), champion("2", date(2020, 2, 29))
    assert champion_for([early, late], date(2020, 3, 31), {"1"}.__contains__) == early
    assert champion_for([early, late], date(2020, 3, 31), set().__contains__) is None


def test_the_hash_of_a_training_set_changes_with_all_that_decides_a_training() -> None:
    values = pd.DataFrame({"a": [1.0, np.nan]}, index=["E1", "E2"])
    outcome = np.array([0.0, 1.0])
    hashes = [
        TrainingSet(values, outcome).sha256(SMALL),
        TrainingSet(values.fillna(2.0), outcome).sha256(SMALL),
        TrainingSet(values.rename(index={"E2": "E3"}), outcome).sha256(SMALL),
        TrainingSet(values.rename(columns={"a": "b"}), outcome).sha256(SMALL),
        TrainingSet(values, 1 - outcome).sha256(SMALL),
        TrainingSet(values, outcome).sha256(replace(SMALL, seed=SMALL.seed + 1)),
    ]
    assert len(set(hashes)) == len(hashes)
    assert TrainingSet(values.copy(), outcome.copy()).sha256(SMALL) == hashes[0]
