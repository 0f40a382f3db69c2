"""The challenger: boosted trees on the same person-intervals, monotone in declared directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from models.arrays import Floats
from models.early_warning.specification import Specification
from models.hazard import PersonIntervals

INTERVAL = "interval"


@dataclass(frozen=True)
class FittedTrees:
    """Fitted trees; the interval is one of their columns, the last one."""

    classifier: HistGradientBoostingClassifier
    interval_count: int

    def hazards(self, values: pd.DataFrame) -> Floats:
        """The hazard of each interval given none before it, (rows, intervals)."""
        names = list(self.classifier.feature_names_in_[:-1])
        found = [
            self.classifier.predict_proba(values[names].assign(**{INTERVAL: interval}))[:, 1]
            for interval in range(self.interval_count)
        ]
        return np.stack(found, axis=1)


def fit_trees(
    values: pd.DataFrame,
    person: PersonIntervals,
    signs: Mapping[str, int],
    trees: int,
    specification: Specification,
) -> FittedTrees:
    """Fit `trees` trees to person-intervals of firm-dates `values`, by the declared signs.

    A covariate that is the same in all rows, or in none of them, can't split them and is left out.
    """
    rows = values[list(signs)].iloc[person.row]
    told = [name for name in signs if rows[name].nunique() > 1]
    classifier = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=trees,
        max_leaf_nodes=4,
        min_samples_leaf=20,
        l2_regularization=5.0,
        max_features=0.5,
        early_stopping=False,
        monotonic_cst=[*(signs[name] for name in told), 0],
        random_state=specification.seed,
    )
    rows = rows[told].assign(**{INTERVAL: person.interval})
    return FittedTrees(classifier.fit(rows, person.event.astype(int)), specification.interval_count)
