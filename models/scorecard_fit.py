"""Fit a scorecard: screened features, optimal monotone bins, a penalised logistic regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from optbinning import BinningProcess, OptimalBinning
from optbinning import Scorecard as PointsTable
from sklearn.linear_model import LogisticRegression

from models.arrays import Floats
from models.calibration import Calibration
from models.scorecard import CENTS_PER_POINT, BinnedFeature, Scorecard
from models.selection import Candidate, screen
from models.specification import Specification

MAXIMUM_PREBINS = 8


def _binning_settings(candidate: Candidate, specification: Specification) -> dict[str, object]:
    return {
        "monotonic_trend": "ascending" if candidate.is_rising else "descending",
        "max_n_bins": specification.maximum_bins,
        "min_bin_size": specification.minimum_bin_ratio,
        "max_n_prebins": MAXIMUM_PREBINS,
    }


def _regression(specification: Specification) -> LogisticRegression:
    return LogisticRegression(C=specification.inverse_penalty, max_iter=500)


@dataclass(frozen=True)
class FittedScorecard:
    """Chosen features with their bins, and the regression on their weights of evidence."""

    candidates: tuple[Candidate, ...]
    binnings: tuple[OptimalBinning, ...]
    coefficients: tuple[float, ...]
    intercept: float

    @property
    def used_features(self) -> tuple[str, ...]:
        """The features that were chosen."""
        return tuple(candidate.feature for candidate in self.candidates)

    def log_odds(self, values: pd.DataFrame) -> Floats:
        """Log-odds of default of every firm, (firms,), before calibration."""
        total = np.full(len(values), self.intercept)
        parts = zip(self.candidates, self.binnings, self.coefficients, strict=True)
        for candidate, binning, coefficient in parts:
            total += coefficient * evidence(binning, values[candidate.feature])
        return total


def evidence(binning: OptimalBinning, values: pd.Series) -> Floats:
    """Weight of evidence of each value; a missing one says nothing and has 0."""
    return np.asarray(
        binning.transform(values.to_numpy(dtype=float), metric="woe", metric_missing=0)
    )


def _information_criterion(evidences: Floats, outcome: Floats, model: LogisticRegression) -> float:
    """Schwarz (1978): smaller is better; a feature more must earn log(firms)."""
    log_odds = model.decision_function(evidences)
    log_likelihood = float(np.sum(outcome * log_odds - np.logaddexp(0, log_odds)))
    return -2 * log_likelihood + (evidences.shape[1] + 1) * float(np.log(len(outcome)))


def fit_scorecard(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> FittedScorecard:
    """Fit to firms with features `values` and outcomes (firms,) of 0 and 1.

    Candidates are tried from the best one on. One is taken up when all coefficients keep the sign
    that their bins ask for, and when the information criterion falls or the card has fewer than
    `minimum_features`. Everything that looks at the outcomes happens here, so that a call on a
    training part is blind to the rest: screen, bins, the number of features and the coefficients.
    """
    share = outcome.mean()
    # With no feature everyone has the portfolio's odds.
    best = FittedScorecard((), (), (), float(np.log(share / (1 - share))))
    columns: list[Floats] = []
    criterion = np.inf
    for candidate in screen(values, outcome, specification):
        binning = OptimalBinning(candidate.feature, **_binning_settings(candidate, specification))
        binning.fit(values[candidate.feature].to_numpy(dtype=float), outcome)
        if len(binning.splits) == 0:
            continue
        trial = [*columns, evidence(binning, values[candidate.feature])]
        evidences = np.column_stack(trial)
        model = _regression(specification).fit(evidences, outcome)
        reached = _information_criterion(evidences, outcome, model)
        is_needed = len(columns) < specification.minimum_features or reached < criterion
        if not is_needed or bool(np.any(model.coef_ >= 0)):
            continue
        columns, criterion = trial, reached
        best = FittedScorecard(
            (*best.candidates, candidate),
            (*best.binnings, binning),
            tuple(float(x) for x in model.coef_[0]),
            float(model.intercept_[0]),
        )
        if len(columns) == specification.maximum_features:
            break
    return best


def fit_points_table(
    values: pd.DataFrame,
    outcome: Floats,
    fitted: FittedScorecard,
    specification: Specification,
) -> PointsTable:
    """The points of every bin, by optbinning, on the features that `fitted` chose.

    They are those of the raw model; `to_scorecard` calibrates them.
    """
    names = list(fitted.used_features)
    settings = {x.feature: _binning_settings(x, specification) for x in fitted.candidates}
    table = PointsTable(
        binning_process=BinningProcess(names, binning_fit_params=settings),
        estimator=_regression(specification),
        scaling_method="pdo_odds",
        scaling_method_params={
            "pdo": specification.points_to_double_odds,
            "odds": specification.reference_odds,
            "scorecard_points": specification.reference_score,
        },
    )
    return table.fit(values[names], outcome, metric_missing=0)


def to_scorecard(
    table: PointsTable, calibration: Calibration, specification: Specification
) -> Scorecard:
    """A points table as plain data, with calibrated points.

    The calibration is linear in the log-odds, so it shifts the base and stretches the points.
    optbinning spreads the points that everyone starts from over the features; here they are the
    base, so that a feature's points are relative to a firm with the portfolio's own odds. All are
    rounded to hundredths once, and so add up exactly.
    """
    factor = specification.points_to_double_odds / np.log(2)
    offset = specification.reference_score - factor * np.log(specification.reference_odds)
    intercept = calibration.log_odds(np.ravel(table.estimator_.intercept_))[0]
    coefficients = calibration.slope * np.ravel(table.estimator_.coef_)
    features = []
    names = table.binning_process_.variable_names
    for name, coefficient in zip(names, coefficients, strict=True):
        binning = table.binning_process_.get_binned_variable(name)
        rows = binning.binning_table.build(add_totals=False)
        # The last two rows of a binning table stand for special codes and for missing values.
        evidences = rows["WoE"].to_numpy(dtype=float)[:-2]
        cents = np.rint(-factor * coefficient * evidences * CENTS_PER_POINT)
        bounds = tuple(float(x) for x in binning.splits)
        features.append(BinnedFeature(name, bounds, tuple(int(x) for x in cents), 0))
    return Scorecard(
        base_cents=round(float(offset - factor * intercept) * CENTS_PER_POINT),
        features=tuple(features),
        reference_score=specification.reference_score,
        reference_odds=specification.reference_odds,
        points_to_double_odds=specification.points_to_double_odds,
    )
