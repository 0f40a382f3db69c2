"""The challenger: shallow gradient-boosted trees, which may find what a scorecard can't say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from models.arrays import Floats
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


def _classifier(specification: Specification) -> HistGradientBoostingClassifier:
    # Few small trees: with some dozens of defaults anything larger learns the firms by heart.
    return HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=40,
        max_leaf_nodes=4,
        min_samples_leaf=10,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=False,
        random_state=specification.seed,
    )


def fit_boosting(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> FittedBoosting:
    """Fit to firms with features `values` and outcomes (firms,) of 0 and 1."""
    return FittedBoosting(_classifier(specification).fit(values, outcome.astype(int)))


def fit_calibrated_boosting(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> CalibratedClassifierCV:
    """The same trees with scikit-learn's Platt scaling, as they are registered."""
    folds = StratifiedKFold(
        specification.calibration_folds, shuffle=True, random_state=specification.seed
    )
    model = CalibratedClassifierCV(
        _classifier(specification), method="sigmoid", cv=folds, ensemble=False
    )
    return model.fit(values, outcome.astype(int))
