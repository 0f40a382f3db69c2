"""Repeated, stratified, nested cross-validation of both estimators on both feature sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed
from sklearn.model_selection import StratifiedKFold

from models.arrays import Floats
from models.calibration import fit_calibration
from models.challenger import fit_boosting
from models.metrics import (
    METRICS,
    Estimate,
    area_under_curve,
    bootstrap_weights,
    estimate,
    percentiles,
)
from models.scorecard_fit import fit_scorecard
from models.specification import ESTIMATORS, Estimator, FeatureSet, Specification

PERMUTED = "auc_permuted_labels"


class Fitted(Protocol):
    """What an estimator is after its fit."""

    @property
    def used_features(self) -> tuple[str, ...]:
        """The features it reads."""

    def log_odds(self, values: pd.DataFrame) -> Floats:
        """Log-odds of default, (firms,), before calibration."""


Fit = Callable[[pd.DataFrame, Floats, Specification], Fitted]
FITS: dict[Estimator, Fit] = {"scorecard": fit_scorecard, "gradient_boosting": fit_boosting}


@dataclass(frozen=True)
class OutOfFold:
    """What models said of the firms that they had not seen, (repeats, firms)."""

    log_odds: Floats
    probability: Floats
    used_features: Counter[str]


@dataclass(frozen=True)
class Validated:
    """The figures of one estimator on one feature set, and the predictions behind them."""

    estimator: Estimator
    feature_set: FeatureSet
    figures: dict[str, Estimate]
    out_of_fold: OutOfFold


def _folds(count: int, seed: int) -> StratifiedKFold:
    return StratifiedKFold(count, shuffle=True, random_state=seed)


def out_of_fold_log_odds(
    estimator: Estimator,
    values: pd.DataFrame,
    outcome: Floats,
    folds: StratifiedKFold,
    specification: Specification,
) -> Floats:
    """Log-odds of every firm by the model of the fold that left it out, (firms,)."""
    found = np.empty(len(outcome))
    for train, test in folds.split(values, outcome):
        fitted = FITS[estimator](values.iloc[train], outcome[train], specification)
        found[test] = fitted.log_odds(values.iloc[test])
    return found


@dataclass(frozen=True)
class Predicted:
    """What a model says of firms that it was not fitted on, both (firms,)."""

    log_odds: Floats
    probability: Floats
    used_features: tuple[str, ...]


def fit_and_predict(
    estimator: Estimator,
    seen: pd.DataFrame,
    outcome: Floats,
    unseen: pd.DataFrame,
    specification: Specification,
    seed: int,
) -> Predicted:
    """Fit to firms (firms, features) with outcomes (firms,), calibrate, and predict others.

    Bins, choice of features, directions, coefficients and calibration know the seen firms alone.
    """
    inner = _folds(specification.calibration_folds, seed)
    left_out = out_of_fold_log_odds(estimator, seen, outcome, inner, specification)
    fitted = FITS[estimator](seen, outcome, specification)
    log_odds = fitted.log_odds(unseen)
    probability = fit_calibration(left_out, outcome).probability(log_odds)
    return Predicted(log_odds, probability, tuple(fitted.used_features))


def _one_repeat(
    estimator: Estimator,
    values: pd.DataFrame,
    outcome: Floats,
    specification: Specification,
    seed: int,
) -> tuple[Floats, Floats, list[str]]:
    log_odds, probability = np.empty(len(outcome)), np.empty(len(outcome))
    used: list[str] = []
    for train, test in _folds(specification.folds, seed).split(values, outcome):
        found = fit_and_predict(
            estimator,
            values.iloc[train],
            outcome[train],
            values.iloc[test],
            specification,
            seed,
        )
        log_odds[test], probability[test] = found.log_odds, found.probability
        used += found.used_features
    return log_odds, probability, used


def _permuted_area(
    estimator: Estimator,
    values: pd.DataFrame,
    outcome: Floats,
    specification: Specification,
    seed: int,
) -> float:
    shuffled = np.random.default_rng(seed).permutation(outcome)
    folds = _folds(specification.folds, seed)
    log_odds = out_of_fold_log_odds(estimator, values, shuffled, folds, specification)
    return float(area_under_curve(shuffled, log_odds, np.ones((1, len(shuffled))))[0])


def permuted_labels(areas: list[float]) -> Estimate:
    """The mean over permutations, with the range that holds 95 % of them.

    A model that learned nothing has 0.5; a mean far from it means that outcomes leak into the
    validation.
    """
    return percentiles(float(np.mean(areas)), np.asarray(areas))


def validate(
    feature_sets: dict[FeatureSet, pd.DataFrame], outcome: Floats, specification: Specification
) -> list[Validated]:
    """Validate every estimator on every feature set; the same folds for all of them.

    The result depends on the data and the specification only, not on the number of processors.
    """
    cases = [(e, name) for name in feature_sets for e in ESTIMATORS]
    repeat_seeds = [specification.seed + repeat for repeat in range(specification.repeats)]
    permutation_seeds = [specification.seed + x for x in range(specification.permutations)]
    repeats = [
        delayed(_one_repeat)(e, feature_sets[name], outcome, specification, seed)
        for e, name in cases
        for seed in repeat_seeds
    ]
    permutations = [
        delayed(_permuted_area)(e, feature_sets[name], outcome, specification, seed)
        for e, name in cases
        for seed in permutation_seeds
    ]
    with Parallel(n_jobs=cpu_count()) as parallel:
        repeated, areas = parallel(repeats), parallel(permutations)
    weights = bootstrap_weights(outcome, specification.bootstrap_samples, specification.seed)
    found = []
    for position, (estimator, name) in enumerate(cases):
        start = position * specification.repeats
        parts = repeated[start : start + specification.repeats]
        out_of_fold = OutOfFold(
            log_odds=np.array([part[0] for part in parts]),
            probability=np.array([part[1] for part in parts]),
            used_features=Counter(feature for part in parts for feature in part[2]),
        )
        figures = {
            metric: estimate(function, outcome, out_of_fold.probability, weights)
            for metric, function in METRICS.items()
        }
        start = position * specification.permutations
        figures[PERMUTED] = permuted_labels(areas[start : start + specification.permutations])
        found.append(Validated(estimator, name, figures, out_of_fold))
    return found
