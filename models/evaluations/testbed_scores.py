"""How unlike the beginning of an experiment each later row of its telemetry is.

A score takes readings (rows, sensors) and how many of the first rows may be fitted to, and gives
(rows,), larger for stranger rows, from a row and earlier ones only; NaN where it can't say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import f as f_distribution
from scipy.stats import norm
from sklearn.covariance import MinCovDet
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import Ridge

from models.arrays import Floats

Score = Callable[[Floats, int], Floats]

EXPLAINED_VARIANCE = 0.85
LIMIT_PROBABILITY = 0.999
SMOOTHED_ROWS = 5
LAGS = 5
WINDOW = 60
SEED = 0
# A median absolute deviation, of normal values, by this is their standard deviation.
NORMAL_MAD = 0.6745


def smoothed(scores: Floats) -> Floats:
    """The median of the last five scores; of fewer at the beginning."""
    return pd.Series(scores).rolling(SMOOTHED_ROWS, min_periods=1).median().to_numpy(dtype=float)


def standardised(readings: Floats, fitted: int) -> Floats:
    """Readings by mean and deviation of the first rows; a sensor that stood still is shifted."""
    deviation = readings[:fitted].std(axis=0)
    return (readings - readings[:fitted].mean(axis=0)) / np.where(deviation > 0, deviation, 1)


def squared_mahalanobis(values: Floats, fitted: Floats) -> Floats:
    """Squared Mahalanobis distance of rows to the mean of the fitted rows, (rows,)."""
    centred = values - fitted.mean(axis=0)
    inverse = np.linalg.pinv(np.cov(fitted, rowvar=False))
    return np.asarray(np.einsum("ri,ij,rj->r", centred, inverse, centred))


def t_squared_limit(rows: int, components: int) -> float:
    """Upper limit of Hotelling's T² of a new row, from the F distribution."""
    factor = components * (rows - 1) * (rows + 1) / (rows * (rows - components))
    return float(factor * f_distribution.ppf(LIMIT_PROBABILITY, components, rows - components))


def residual_limit(left_out: Floats) -> float:
    """Upper limit of Q from the variances of the components left out (Jackson, Mudholkar, 1979)."""
    first, second, third = (float(np.sum(left_out**power)) for power in (1, 2, 3))
    h = 1 - 2 * first * third / (3 * second**2)
    deviations = float(norm.ppf(LIMIT_PROBABILITY))
    spread = deviations * np.sqrt(2 * second * h**2) / first
    return float(first * (1 + spread + second * h * (h - 1) / first**2) ** (1 / h))


@dataclass(frozen=True)
class ComponentDistances:
    """T² within and Q outside the components of the first rows, smoothed, with their limits."""

    within: Floats
    outside: Floats
    limit_within: float
    limit_outside: float


def component_distances(readings: Floats, fitted: int) -> ComponentDistances:
    """Both distances of every row."""
    values = standardised(readings, fitted)
    # All components, to have the variances of those that are left out.
    whole = PCA().fit(values[:fitted])
    share = np.cumsum(whole.explained_variance_ratio_)
    kept = int(np.searchsorted(share, EXPLAINED_VARIANCE) + 1)
    turned = whole.transform(values)
    return ComponentDistances(
        within=smoothed(np.sum(turned[:, :kept] ** 2 / whole.explained_variance_[:kept], axis=1)),
        outside=smoothed(np.sum(turned[:, kept:] ** 2, axis=1)),
        limit_within=t_squared_limit(fitted, kept),
        limit_outside=residual_limit(whole.explained_variance_[kept:]),
    )


def theoretical_alarms(readings: Floats, fitted: int) -> npt.NDArray[np.bool_]:
    """Rows with either distance above its theoretical limit, (rows,)."""
    found = component_distances(readings, fitted)
    beyond = (found.within > found.limit_within) | (found.outside > found.limit_outside)
    return np.asarray(beyond)


def t_squared_q(readings: Floats, fitted: int) -> Floats:
    """The larger of T² and Q, each by its limit."""
    found = component_distances(readings, fitted)
    return np.maximum(found.within / found.limit_within, found.outside / found.limit_outside)


def robust_t_squared(readings: Floats, fitted: int) -> Floats:
    """Squared distance by the minimum covariance determinant of the first rows."""
    median = np.median(readings[:fitted], axis=0)
    deviation = np.median(np.abs(readings[:fitted] - median), axis=0) / NORMAL_MAD
    values = (readings - median) / np.where(deviation > 0, deviation, 1)
    shape = MinCovDet(random_state=SEED).fit(values[:fitted])
    return smoothed(shape.mahalanobis(values))


def isolation_forest(readings: Floats, fitted: int) -> Floats:
    """How quickly random cuts isolate a row, 0 to 1 (Liu, Ting and Zhou, 2008)."""
    values = standardised(readings, fitted)
    forest = IsolationForest(n_estimators=100, random_state=SEED).fit(values[:fitted])
    return smoothed(-forest.score_samples(values))


def autoregressive_residual(readings: Floats, fitted: int) -> Floats:
    """Squared distance of what a row is to what the five rows before it let expect."""
    values = standardised(readings, fitted)
    before = sliding_window_view(values[:-1], LAGS, axis=0).reshape(len(values) - LAGS, -1)
    model = Ridge(alpha=1.0).fit(before[: fitted - LAGS], values[LAGS:fitted])
    residuals = values[LAGS:] - model.predict(before)
    distances = squared_mahalanobis(residuals, residuals[: fitted - LAGS])
    return np.concatenate([np.full(LAGS, np.nan), smoothed(distances)])


def windowed_components(readings: Floats, fitted: int) -> Floats:
    """Mean squared error of the last 60 rows when rebuilt from their principal components."""
    values = standardised(readings, fitted)
    windows = sliding_window_view(values, WINDOW, axis=0).reshape(len(values) - WINDOW + 1, -1)
    model = PCA(EXPLAINED_VARIANCE, svd_solver="full").fit(windows[: fitted - WINDOW + 1])
    rebuilt = model.inverse_transform(model.transform(windows))
    errors = np.mean((windows - rebuilt) ** 2, axis=1)
    return np.concatenate([np.full(WINDOW - 1, np.nan), errors])


SCORES: dict[str, Score] = {
    "t_squared_q": t_squared_q,
    "robust_t_squared": robust_t_squared,
    "isolation_forest": isolation_forest,
    "autoregressive_residual": autoregressive_residual,
    "windowed_components": windowed_components,
}
