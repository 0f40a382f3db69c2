"""The challenger: shallow gradient-boosted trees, which may find what a scorecard can't say.

They are monotone in every feature whose direction is clear (`models.selection.directions`) in the
firms that they are fitted to, and free in the others. A direction is found anew in every fit, so
that in a cross-validation it is that of the training part and blind to the firms left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from models.arrays import Floats
from models.selection import directions
from models.specification import Specification


@dataclass(frozen=True)
class FittedBoosting:
    """Fitted trees; missing values go down a branch of their own."""

    classifier: HistGradientBoostingClassifier

    @property
    def used_features(self) -> tuple[str, ...]:
        """The features that the trees may split on: all that were given."""
        return tuple(self.classifier.feature_names_in_)

    def log_odds(self, values: pd.DataFrame) -> Floats:
        """Log-odds of default of every firm, (firms,), before calibration."""
        return np.asarray(self.classifier.decision_function(values))


def fit_boosting(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> FittedBoosting:
    """Fit to firms with features `values` and outcomes (firms,) of 0 and 1.

    Log-odds never move against a clear direction while the other features stay as they are. A
    missing value is neither more nor less than another one.
    """
    # Few small trees: with some dozens of defaults anything larger learns the firms by heart.
    classifier = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=40,
        max_leaf_nodes=4,
        min_samples_leaf=10,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=False,
        monotonic_cst=directions(values, outcome, specification),
        random_state=specification.seed,
    )
    return FittedBoosting(classifier.fit(values, outcome.astype(int)))


class _Boosting(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """`fit_boosting` in scikit-learn's form, which finds directions in whatever it is fitted to."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification

    def fit(self, values: pd.DataFrame, outcome: Floats) -> _Boosting:
        self.classifier_ = fit_boosting(values, outcome, self.specification).classifier
        self.classes_ = self.classifier_.classes_
        self.feature_names_in_ = self.classifier_.feature_names_in_
        return self

    def decision_function(self, values: pd.DataFrame) -> Floats:
        return np.asarray(self.classifier_.decision_function(values))

    def predict(self, values: pd.DataFrame) -> Floats:
        return np.asarray(self.classifier_.predict(values))


def fit_calibrated_boosting(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> CalibratedClassifierCV:
    """The same trees with scikit-learn's Platt scaling, as they are registered.

    The scaling keeps the order of firms as long as the trees rank firms that they were not fitted
    to better than chance; only then are probabilities as monotone as log-odds.
    """
    folds = StratifiedKFold(
        specification.calibration_folds, shuffle=True, random_state=specification.seed
    )
    model = CalibratedClassifierCV(
        _Boosting(specification), method="sigmoid", cv=folds, ensemble=False
    )
    model.fit(values, outcome.astype(int))
    # What is registered is of scikit-learn's own classes, so that it can be read without this code.
    (calibrated,) = model.calibrated_classifiers_
    calibrated.estimator = model.estimator = calibrated.estimator.classifier_
    return model
