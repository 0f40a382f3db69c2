"""What the evaluations of credit models share: settings, out-of-fold predictions, their figures.

Shapes are those of `models.metrics`; `fold` is (repeats, rows), the number of the fold that left
each row out. Predictions are log-odds of the bad outcome, or any score that rises with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from models.arrays import Floats
from models.challenger import FittedBoosting
from models.evaluations.evaluation import Figure, Published
from models.metrics import (
    Estimate,
    WeightedMetric,
    area_under_curve,
    brier_score,
    estimate,
    kolmogorov_smirnov,
    percentiles,
    wilson_interval,
)
from models.specification import Specification
from models.validation import Fit

CUT_OFF = 0.5

# The card of the product is made for some dozens of defaults; these sets have hundreds.
CREDIT_CARD = Specification(
    candidate_features=20,
    minimum_features=4,
    maximum_features=12,
    maximum_correlation=0.7,
    maximum_bins=5,
    minimum_bin_ratio=0.05,
    inverse_penalty=1.0,
)


@dataclass(frozen=True)
class Trees:
    """Settings of gradient-boosted trees, named as scikit-learn names them."""

    max_iter: int
    max_leaf_nodes: int
    max_features: float
    learning_rate: float = 0.05
    min_samples_leaf: int = 20
    l2_regularization: float = 1.0

    def fit(
        self, values: pd.DataFrame, outcome: Floats, specification: Specification
    ) -> FittedBoosting:
        """Fit to rows with features `values` and outcomes (rows,) of 0 and 1."""
        classifier = HistGradientBoostingClassifier(
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            max_features=self.max_features,
            learning_rate=self.learning_rate,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            early_stopping=False,
            random_state=specification.seed,
        )
        return FittedBoosting(classifier.fit(values, outcome.astype(int)))


@dataclass(frozen=True)
class CrossValidated:
    """What models said of the rows that they had not seen: both arrays are (repeats, rows)."""

    log_odds: Floats
    fold: np.ndarray

    @property
    def probability(self) -> Floats:
        """The predictions as probabilities."""
        return np.asarray(expit(self.log_odds))


def cross_validate(
    fit: Fit,
    values: pd.DataFrame,
    outcome: Floats,
    specification: Specification,
    folds: int,
    repeats: int,
) -> CrossValidated:
    """Stratified cross-validation, repeated with the seeds `specification.seed`, +1, and so on.

    The folds depend on outcomes and seeds only, so that all models of an evaluation share them.
    """
    log_odds = np.empty((repeats, len(outcome)))
    fold = np.empty((repeats, len(outcome)), dtype=int)
    for repeat in range(repeats):
        parts = StratifiedKFold(folds, shuffle=True, random_state=specification.seed + repeat)
        for number, (train, test) in enumerate(parts.split(values, outcome)):
            fitted = fit(values.iloc[train], outcome[train], specification)
            log_odds[repeat, test] = fitted.log_odds(values.iloc[test])
            fold[repeat, test] = number
    return CrossValidated(log_odds, fold)


def mean_area_of_folds(outcome: Floats, found: CrossValidated, weights: Floats) -> Estimate:
    """The area under the ROC curve within each test fold, averaged over folds and repeats.

    Other than the area of pooled predictions it never compares rows that two models scored, and is
    what papers call the mean over ten folds. `weights` are of all rows, (samples, rows).
    """
    once = np.ones((1, len(outcome)))
    values, samples = [], []
    for log_odds, fold in zip(found.log_odds, found.fold, strict=True):
        for number in np.unique(fold):
            rows = fold == number
            part = outcome[rows], log_odds[rows]
            values.append(area_under_curve(*part, once[:, rows])[0])
            # A small fold can be without a bad row in a sample; it is left out of that one's mean.
            with np.errstate(invalid="ignore"):
                samples.append(area_under_curve(*part, weights[:, rows]))
    return percentiles(float(np.mean(values)), np.nanmean(samples, axis=0))


def is_misclassified(outcome: Floats, predicted: Floats) -> npt.NDArray[np.bool_]:
    """Whether a row is on the wrong side of the cut-off 0.5, (rows,); on it counts as bad."""
    return np.asarray((predicted >= CUT_OFF) != (outcome == 1))


def misclassified(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Share of rows on the wrong side of the cut-off, (samples,)."""
    wrong = is_misclassified(outcome, predicted).astype(float)
    return np.asarray(weights @ wrong / weights.sum(axis=1))


def gini(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Twice the area under the ROC curve less one, (samples,)."""
    return np.asarray(2 * area_under_curve(outcome, predicted, weights) - 1)


OF_CREDIT_MODELS: Mapping[str, WeightedMetric] = {
    "AUC": area_under_curve,
    "KS": kolmogorov_smirnov,
    "Brier": brier_score,
}


def metric_figures(
    model: str,
    metrics: Mapping[str, WeightedMetric],
    outcome: Floats,
    predicted: Floats,
    weights: Floats,
    published: Mapping[str, Published] | None = None,
) -> list[Figure]:
    """A figure for each metric of predictions (repeats, rows)."""
    known = published or {}
    return [
        Figure(
            model,
            name,
            len(outcome),
            estimate(metric, outcome, predicted, weights),
            known.get(name),
        )
        for name, metric in metrics.items()
    ]


def share(successes: int, trials: int) -> Estimate:
    """A share with its Wilson interval."""
    return Estimate(successes / trials, *wilson_interval(successes, trials))
