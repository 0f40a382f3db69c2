"""The challenger: shallow gradient-boosted trees, which may find what a scorecard can't say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from models.metrics import Floats
from models.specification import Specification


@dataclass(frozen=True)
class FittedBoosting:
    """Fitted trees; missing values go down a branch of their own."""

    classifier: HistGradientBoostingClassifier

    def log_odds(self, values: pd.DataFrame) -> Floats:
        """Log-odds of default of every firm, (firms,), before calibration."""
        return np.asarray(self.classifier.decision_function(values))


def fit_boosting(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> FittedBoosting:
    """Fit few small trees: with 27 defaults anything larger learns the firms by heart."""
    classifier = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=40,
        max_leaf_nodes=4,
        min_samples_leaf=10,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=False,
        random_state=specification.seed,
    )
    return FittedBoosting(classifier.fit(values, outcome.astype(int)))
