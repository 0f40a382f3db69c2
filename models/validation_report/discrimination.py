"""Discrimination: every cross-validated figure, and the ROC curves behind the areas."""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.metrics import roc_curve

from models.arrays import Floats
from models.metrics import Estimate
from models.specification import ESTIMATORS, PRODUCTION_FEATURE_SET
from models.training import Trained


@dataclass(frozen=True)
class FigureRow:
    """One figure of one estimator on one feature set, with its 95 % interval."""

    estimator: str
    feature_set: str
    metric: str
    estimate: Estimate


@dataclass(frozen=True)
class RocCurve:
    """Shares of good and of defaulted firms flagged, from no firm to all, by one estimator."""

    estimator: str
    good_ratio: tuple[float, ...]
    default_ratio: tuple[float, ...]


@dataclass(frozen=True)
class Discrimination:
    """Figures of every estimator and feature set; curves on the registered feature set only."""

    figures: tuple[FigureRow, ...]
    curves: tuple[RocCurve, ...]

    def figure(self, estimator: str, feature_set: str, metric: str) -> Estimate:
        """One of the figures."""
        wanted = (estimator, feature_set, metric)
        return next(
            x.estimate for x in self.figures if (x.estimator, x.feature_set, x.metric) == wanted
        )


def discrimination(trained: Trained, outcome: Floats) -> Discrimination:
    """The figures of the training; `outcome` is (firms,) of 0 and 1."""
    figures = tuple(
        FigureRow(found.estimator, found.feature_set, metric, figure)
        for found in trained.validated
        for metric, figure in found.figures.items()
    )
    curves = []
    for estimator in ESTIMATORS:
        out_of_fold = trained.of(estimator, PRODUCTION_FEATURE_SET).out_of_fold
        good, default, _ = roc_curve(outcome, out_of_fold.probability.mean(axis=0))
        curves.append(
            RocCurve(estimator, tuple(float(x) for x in good), tuple(float(x) for x in default))
        )
    return Discrimination(figures, tuple(curves))
