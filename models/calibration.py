"""Make probabilities mean what they say, and show whether they do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from models.arrays import Floats
from models.metrics import wilson_interval

# A calibration never turns the order of firms around, nor makes all of them alike.
LEAST_SLOPE = 0.05


@dataclass(frozen=True)
class Calibration:
    """Calibrated log-odds of default = `intercept` + `slope` * raw log-odds; slope is positive."""

    intercept: float
    slope: float

    def log_odds(self, raw: Floats) -> Floats:
        """Calibrated log-odds of default."""
        return np.asarray(self.intercept + self.slope * raw)

    def probability(self, raw: Floats) -> Floats:
        """Calibrated probability of default."""
        return np.asarray(expit(self.log_odds(raw)))


def fit_calibration(raw: Floats, outcome: Floats) -> Calibration:
    """Fit by maximum likelihood to scores of firms that the model was not fitted on.

    The outcomes are smoothed as in Platt (1999), "Probabilistic outputs for support vector
    machines", so that a few perfectly separated firms don't drive the slope to infinity.
    """
    bad = float(outcome.sum())
    good = len(outcome) - bad
    target = np.where(outcome == 1, (bad + 1) / (bad + 2), 1 / (good + 2))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        log_odds = parameters[0] + parameters[1] * raw
        residual = expit(log_odds) - target
        value = np.sum(np.logaddexp(0, log_odds) - target * log_odds)
        return float(value), np.array([residual.sum(), residual @ raw])

    start = np.array([0.0, 1.0])
    bounds = [(None, None), (LEAST_SLOPE, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return Calibration(float(found.x[0]), float(found.x[1]))


@dataclass(frozen=True)
class ReliabilityBin:
    """Firms of similar predicted probability, and how many of them defaulted."""

    bin: int
    enterprise_count: int
    default_count: int
    mean_pd_ratio: float
    observed_default_ratio: float
    lower: float
    upper: float


def reliability_bins(outcome: Floats, predicted: Floats, bins: int) -> list[ReliabilityBin]:
    """Bins of about as many firms each by predicted probability (firms,), from the lowest.

    `lower` and `upper` are the ends of the 95 % Wilson interval of the observed share.
    """
    found = []
    order = np.argsort(predicted, kind="stable")
    for position, members in enumerate(np.array_split(order, bins), start=1):
        count, defaults = len(members), int(outcome[members].sum())
        lower, upper = wilson_interval(defaults, count)
        mean = float(predicted[members].mean())
        found.append(
            ReliabilityBin(position, count, defaults, mean, defaults / count, lower, upper)
        )
    return found
