"""Models whose settings are chosen within the training rows, on folds that go forward in time.

Training rows come in the order of their time. Values are frames with one column a feature, NaN
where a feature has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from models.arrays import Floats

Loss = Literal["squared_error", "absolute_error"]
RIDGE_PENALTIES = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
INVERSE_PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0)


@dataclass(frozen=True)
class BoostingSettings:
    """Settings of gradient boosting that an evaluation's protocol fixes, and those it may choose.

    `leaves` and `rounds` are what the folds choose from; `categories` names the columns whose
    numbers have no order.
    """

    learning_rate: float
    least_rows_per_leaf: int
    leaves: tuple[int, ...]
    rounds: tuple[int, ...]
    seed: int
    categories: tuple[str, ...] = ()

    def fixed(self) -> dict[str, Any]:
        """The settings that are not chosen, by scikit-learn's names."""
        return {
            "learning_rate": self.learning_rate,
            "min_samples_leaf": self.least_rows_per_leaf,
            "l2_regularization": 1.0,
            "early_stopping": False,
            "random_state": self.seed,
            "categorical_features": list(self.categories) or None,
        }

    def choices(self) -> dict[str, list[int]]:
        """The settings to choose from, by scikit-learn's names."""
        return {"max_leaf_nodes": list(self.leaves), "max_iter": list(self.rounds)}


def forward_folds(count: int = 4, validation_rows: int | None = None) -> TimeSeriesSplit:
    """Folds each of which is validated on rows after those it is fitted on."""
    return TimeSeriesSplit(n_splits=count, test_size=validation_rows)


def _filled_and_scaled(model: Any) -> Pipeline:
    # An early fold may have no value at all in a column; it is kept, so that columns stay the same.
    filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return make_pipeline(filled, StandardScaler(), model)


def _search(model: Any, choices: dict[str, Any], scoring: str, folds: TimeSeriesSplit) -> Any:
    return GridSearchCV(model, choices, scoring=scoring, cv=folds, error_score="raise")


def choose_logistic(values: pd.DataFrame, outcome: Floats, folds: TimeSeriesSplit) -> Any:
    """A logistic regression with the L2 penalty of the least log loss, fitted to all rows."""
    model = _filled_and_scaled(LogisticRegression(max_iter=2_000))
    choices = {"logisticregression__C": list(INVERSE_PENALTIES)}
    return _search(model, choices, "neg_log_loss", folds).fit(values, outcome.astype(int))


def choose_ridge(values: pd.DataFrame, outcome: Floats, folds: TimeSeriesSplit) -> Any:
    """A ridge regression with the penalty of the least squared error, fitted to all rows."""
    choices = {"ridge__alpha": list(RIDGE_PENALTIES)}
    search = _search(_filled_and_scaled(Ridge()), choices, "neg_mean_squared_error", folds)
    return search.fit(values, outcome)


def choose_boosted_probability(
    values: pd.DataFrame, outcome: Floats, settings: BoostingSettings, folds: TimeSeriesSplit
) -> Any:
    """A boosted classifier with the settings of the least log loss, fitted to all rows."""
    model = HistGradientBoostingClassifier(**settings.fixed())
    search = _search(model, settings.choices(), "neg_log_loss", folds)
    return search.fit(values, outcome.astype(int))


def choose_boosted_amount(
    values: pd.DataFrame,
    outcome: Floats,
    loss: Loss,
    settings: BoostingSettings,
    folds: TimeSeriesSplit,
) -> Any:
    """A boosted regression with the settings of the least `loss`, fitted to all rows.

    Squared error gives the expected value, absolute error the median.
    """
    model = HistGradientBoostingRegressor(loss=loss, **settings.fixed())
    search = _search(model, settings.choices(), f"neg_mean_{loss}", folds)
    return search.fit(values, outcome)


def probability(fitted: Any, values: pd.DataFrame) -> Floats:
    """The probability of the outcome, (rows,)."""
    return np.asarray(fitted.predict_proba(values)[:, 1])


def amount(
    fitted: Any, values: pd.DataFrame, lower: float | None = None, upper: float | None = None
) -> Floats:
    """The predicted amount, (rows,), kept within the ends that are given."""
    found = np.asarray(fitted.predict(values), dtype=float)
    return found if lower is None and upper is None else np.clip(found, lower, upper)
