"""What the evaluations of credit models share: folds, metrics and differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from models.arrays import Floats
from models.evaluations.credit_models import (
    CREDIT_CARD,
    CrossValidated,
    Trees,
    cross_validate,
    gini,
    mean_area_of_folds,
    misclassified,
    share,
)
from models.metrics import bootstrap_weights
from models.specification import Specification


@dataclass(frozen=True)
class Remembering:
    """A model that knows nothing but which rows it was fitted on."""

    rows: frozenset[float]
    used_features: tuple[str, ...] = ("row",)

    def log_odds(self, values: pd.DataFrame) -> Floats:
        return np.array([float(row in self.rows) for row in values["row"]])


def remember(values: pd.DataFrame, _outcome: Floats, _specification: Specification) -> Remembering:
    return Remembering(frozenset(values["row"]))


def numbered(count: int, bad: int) -> tuple[pd.DataFrame, Floats]:
    return pd.DataFrame({"row": np.arange(count, dtype=float)}), np.r_[
        np.ones(bad), np.zeros(count - bad)
    ]


def known(count: int = 120) -> tuple[Floats, CrossValidated]:
    generator = np.random.default_rng(4)
    outcome = np.r_[np.ones(count // 4), np.zeros(count - count // 4)]
    log_odds = np.round(generator.normal(outcome, 1, size=(2, count)), 1)
    fold = np.array([generator.permutation(np.arange(count) % 4) for _ in range(2)])
    return outcome, CrossValidated(log_odds, fold)


def test_no_row_is_judged_by_a_model_that_saw_it() -> None:
    values, outcome = numbered(90, 20)
    found = cross_validate(remember, values, outcome, CREDIT_CARD, folds=5, repeats=3)
    assert found.log_odds.shape == (3, 90)
    assert (found.log_odds == 0).all()


def test_every_fold_has_its_share_of_the_bad_rows_and_repeats_have_other_folds() -> None:
    values, outcome = numbered(100, 20)
    fold = cross_validate(remember, values, outcome, CREDIT_CARD, folds=5, repeats=2).fold
    for repeat in fold:
        counts = pd.crosstab(repeat, outcome)
        assert (counts[1.0] == 4).all() and (counts[0.0] == 16).all()
    assert (fold[0] != fold[1]).any()


def test_the_mean_over_folds_is_the_mean_of_scikit_learns_areas() -> None:
    outcome, found = known()
    areas = [
        reference.roc_auc_score(outcome[fold == number], log_odds[fold == number])
        for log_odds, fold in zip(found.log_odds, found.fold, strict=True)
        for number in range(4)
    ]
    weights = bootstrap_weights(outcome, 300, seed=2)
    estimate = mean_area_of_folds(outcome, found, weights)
    assert estimate.value == pytest.approx(np.mean(areas))
    assert estimate.lower < estimate.value < estimate.upper


def test_the_mean_over_folds_is_blind_to_a_shift_between_folds() -> None:
    outcome, found = known()
    shifted = CrossValidated(found.log_odds + 10.0 * found.fold, found.fold)
    weights = bootstrap_weights(outcome, 20, seed=2)
    assert mean_area_of_folds(outcome, shifted, weights) == mean_area_of_folds(
        outcome, found, weights
    )


def test_misclassified_and_gini_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(8)
    outcome = (generator.random(200) < 0.3).astype(float)
    predicted = generator.random(200)
    once = np.ones((1, 200))
    wrong = 1 - reference.accuracy_score(outcome, predicted >= 0.5)
    assert misclassified(outcome, predicted, once)[0] == pytest.approx(wrong)
    area = reference.roc_auc_score(outcome, predicted)
    assert gini(outcome, predicted, once)[0] == pytest.approx(2 * area - 1)


def test_a_weight_of_two_counts_a_wrong_row_twice() -> None:
    outcome, predicted = np.array([1.0, 0, 0]), np.array([0.2, 0.1, 0.1])
    assert misclassified(outcome, predicted, np.array([[2.0, 1, 1]]))[0] == pytest.approx(0.5)


def test_a_share_lies_within_its_interval() -> None:
    found = share(3, 12)
    assert found.value == 0.25
    # Wilson (1927) by hand: centre (0.25 + z²/24) / (1 + z²/12) = 0.3106, half width 0.2218.
    assert (found.lower, found.upper) == pytest.approx((0.0889, 0.5323), abs=5e-4)


def test_trees_are_the_same_each_time_and_rank_what_they_learned() -> None:
    generator = np.random.default_rng(6)
    values = pd.DataFrame({"signal": generator.normal(size=300), "noise": generator.random(300)})
    outcome = (values["signal"] + generator.normal(scale=0.3, size=300) > 0.5).to_numpy(float)
    trees = Trees(max_iter=20, max_leaf_nodes=4, max_features=0.5)
    first, again = (trees.fit(values, outcome, CREDIT_CARD).log_odds(values) for _ in range(2))
    assert (first == again).all()
    assert reference.roc_auc_score(outcome, first) > 0.9
