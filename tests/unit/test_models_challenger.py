"""The challenger is monotone where a direction is clear in the firms that it was fitted to."""

from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from models import challenger
from models.arrays import Floats
from models.challenger import FittedBoosting, fit_boosting, fit_calibrated_boosting
from models.logging_run import SKOPS_TRUSTED_TYPES
from models.selection import directions
from models.specification import Specification
from models.validation import out_of_fold_log_odds
from tests.unit.test_models_scorecard import known_firms

SETTINGS = Specification(calibration_folds=3)
# Every feature has a direction, or none has.
ALWAYS, NEVER = Specification(direction_p_value=1.0), Specification(direction_p_value=0.0)


def turns(values: pd.DataFrame, feature: str) -> list[pd.DataFrame]:
    """Twenty of the firms, each at 60 rising values of one feature, the rest as it was."""
    steps = np.linspace(values[feature].min() - 1, values[feature].max() + 1, 60)
    return [
        pd.DataFrame([values.iloc[row]] * len(steps)).assign(**{feature: steps})
        for row in range(20)
    ]


def goes_against(predicted: list[Floats], sign: int) -> bool:
    """Whether any firm's prediction moves against the sign anywhere."""
    return any(bool((sign * np.diff(one) < 0).any()) for one in predicted)


def test_predictions_never_move_against_the_direction_found() -> None:
    values, outcome = known_firms(160)
    found = directions(values, outcome, SETTINGS)
    fitted = fit_boosting(values, outcome, SETTINGS)
    registered = fit_calibrated_boosting(values, outcome, SETTINGS)
    assert {"rising", "falling"} <= set(found)
    for feature, sign in found.items():
        firms = turns(values, feature)
        assert not goes_against([fitted.log_odds(one) for one in firms], sign)
        assert not goes_against([registered.predict_proba(one)[:, 1] for one in firms], sign)


def test_trees_without_a_direction_do_move_against_it() -> None:
    values, outcome = known_firms(160)
    free = fit_boosting(values, outcome, NEVER)
    assert free.classifier.monotonic_cst == {}
    assert any(
        goes_against([free.log_odds(one) for one in turns(values, feature)], sign)
        for feature, sign in directions(values, outcome, SETTINGS).items()
    )


def test_a_direction_is_the_sign_of_the_rank_correlation_where_its_test_passes() -> None:
    values, outcome = known_firms(160)
    assert directions(values, outcome, NEVER) == {}
    assert set(directions(values, outcome, ALWAYS)) == set(values.columns)
    found = directions(values, outcome, SETTINGS)
    for feature in values.columns:
        known = values[feature].notna()
        other = spearmanr(values[feature][known], outcome[known])
        if abs(other.pvalue - SETTINGS.direction_p_value) < 0.01:
            continue
        clear = other.pvalue < SETTINGS.direction_p_value
        assert found.get(feature, 0) == (np.sign(other.statistic) if clear else 0), feature


def test_a_feature_that_says_nothing_has_no_direction() -> None:
    outcome = np.r_[np.ones(20), np.zeros(20)]
    values = pd.DataFrame(
        {
            "constant": 1.0,
            "missing": np.nan,
            "of_good_firms_only": np.where(outcome == 0, np.arange(40.0), np.nan),
            "same_in_both": np.tile(np.arange(20.0), 2),
            "telling": np.arange(40.0),
        }
    )
    assert directions(values, outcome, ALWAYS) == {"telling": -1}


def test_directions_in_a_cross_validation_are_those_of_training_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, outcome = known_firms(160)
    seen: list[tuple[int, ...]] = []

    def noting(part: pd.DataFrame, outcomes: Floats, settings: Specification) -> dict[str, int]:
        assert np.array_equal(outcomes, outcome[part.index])
        seen.append(tuple(part.index))
        return directions(part, outcomes, settings)

    monkeypatch.setattr(challenger, "directions", noting)
    folds = StratifiedKFold(3, shuffle=True, random_state=SETTINGS.seed)
    parts = [tuple(train) for train, _ in folds.split(values, outcome)]
    out_of_fold_log_odds("gradient_boosting", values, outcome, folds, SETTINGS)
    assert seen == parts
    # The registered one: every part of its calibration, and all firms for the trees themselves.
    seen.clear()
    fit_calibrated_boosting(values, outcome, SETTINGS)
    assert sorted(seen) == sorted([*parts, tuple(values.index)])


def test_a_direction_that_only_firms_left_out_show_is_not_found() -> None:
    generator = np.random.default_rng(3)
    outcome = np.tile([0.0, 1.0], 100)
    values = pd.DataFrame({"late": generator.normal(size=200)})
    values.loc[100:, "late"] = 5 * outcome[100:]
    assert directions(values, outcome, SETTINGS) == {"late": 1}
    part = fit_boosting(values.iloc[:100], outcome[:100], SETTINGS)
    assert part.classifier.monotonic_cst == {}


def test_the_same_data_give_the_same_challenger() -> None:
    values, outcome = known_firms(160)
    first, second = (fit_boosting(values, outcome, SETTINGS) for _ in range(2))
    assert first.classifier.monotonic_cst == second.classifier.monotonic_cst
    assert np.array_equal(first.log_odds(values), second.log_odds(values))
    first, second = (fit_calibrated_boosting(values, outcome, SETTINGS) for _ in range(2))
    assert np.array_equal(first.predict_proba(values), second.predict_proba(values))


def trees_of(model: CalibratedClassifierCV) -> HistGradientBoostingClassifier:
    (calibrated,) = model.calibrated_classifiers_
    return calibrated.estimator


def test_the_challenger_read_back_is_as_monotone_as_it_was(tmp_path: Path) -> None:
    values, outcome = known_firms(160)
    model = fit_calibrated_boosting(values, outcome, SETTINGS)
    mlflow.sklearn.save_model(
        model,
        tmp_path / "model",
        serialization_format="skops",
        skops_trusted_types=SKOPS_TRUSTED_TYPES,
        pip_requirements=["scikit-learn"],
    )
    read = mlflow.sklearn.load_model(str(tmp_path / "model"))
    expected = directions(values, outcome, SETTINGS)
    assert trees_of(read).monotonic_cst == trees_of(model).monotonic_cst == expected
    assert np.array_equal(read.predict_proba(values), model.predict_proba(values))
    for feature, sign in expected.items():
        firms = turns(values, feature)
        assert not goes_against([read.predict_proba(one)[:, 1] for one in firms], sign)
    same = FittedBoosting(trees_of(read)).log_odds(values)
    assert np.array_equal(same, fit_boosting(values, outcome, SETTINGS).log_odds(values))
