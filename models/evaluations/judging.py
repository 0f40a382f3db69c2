"""Figures of several models on the same test rows, and their differences to one of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from models.arrays import Floats
from models.evaluations.evaluation import Figure, Published
from models.metrics import (
    Estimate,
    WeightedMetric,
    area_under_curve,
    brier_score,
    estimate,
    percentiles,
)


def mean_absolute_error(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Mean absolute error, (samples,), in the unit of the outcome."""
    return np.asarray(weights @ np.abs(predicted - outcome) / weights.sum(axis=1))


def root_mean_squared_error(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Root of the mean squared error, (samples,), in the unit of the outcome."""
    return np.asarray(np.sqrt(weights @ (predicted - outcome) ** 2 / weights.sum(axis=1)))


OF_AMOUNTS: dict[str, WeightedMetric] = {
    "MAE": mean_absolute_error,
    "RMSE": root_mean_squared_error,
}
OF_PROBABILITIES: dict[str, WeightedMetric] = {"AUC": area_under_curve, "Brier": brier_score}


def estimate_difference(
    metric: WeightedMetric,
    outcome: Floats,
    predicted: Floats,
    baseline: Floats,
    weights: Floats,
) -> Estimate:
    """The metric of `predicted` less that of `baseline`, on the same (samples, rows) `weights`."""
    once = np.ones((1, len(outcome)))
    value = (metric(outcome, predicted, once) - metric(outcome, baseline, once))[0]
    samples = metric(outcome, predicted, weights) - metric(outcome, baseline, weights)
    return percentiles(value, samples)


def judge(
    target: str,
    metrics: Mapping[str, WeightedMetric],
    outcome: Floats,
    predictions: Mapping[str, Floats],
    weights: Floats,
    baseline: str,
    compared: Collection[str],
    published: Mapping[tuple[str, str], Published] | None = None,
) -> tuple[Figure, ...]:
    """Every metric of every model, then the differences of the compared ones to the baseline.

    `outcome` and each prediction are (rows,); `published` is by model and metric. A model that
    says the same of every row has no AUC.
    """
    known = published or {}
    rows = len(outcome)
    figures = []
    for metric_name, metric in metrics.items():
        name = f"{target}: {metric_name}"
        for model, predicted in predictions.items():
            if metric is area_under_curve and np.ptp(predicted) == 0:
                continue
            found = estimate(metric, outcome, predicted[None, :], weights)
            figures.append(Figure(model, name, rows, found, known.get((model, metric_name))))
        for model in compared:
            found = estimate_difference(
                metric, outcome, predictions[model], predictions[baseline], weights
            )
            figures.append(Figure(f"{model} less {baseline}", name, rows, found))
    return tuple(figures)
