"""The product's scorecard against optbinning's own points, and how well such a card ranks.

Protocol, results and reading: docs/evaluations/scorecard_golden.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from optbinning import Scorecard as PointsTable

from models.arrays import Floats
from models.calibration import Calibration
from models.evaluations.credit_models import (
    CREDIT_CARD,
    OF_CREDIT_MODELS,
    cross_validate,
    gini,
    metric_figures,
    misclassified,
)
from models.evaluations.evaluation import Evaluation, Figure, Published, exact
from models.evaluations.one_processor import on_one_processor
from models.metrics import bootstrap_weights
from models.scorecard import CENTS_PER_POINT, Scorecard
from models.scorecard_fit import FittedScorecard, fit_points_table, fit_scorecard, to_scorecard
from models.specification import Specification

FILE_NAME = "germancredit.csv"
TARGET = "creditability"
FOLDS = 10
REPEATS = 5

WEST = Published(
    0.2370,
    "West (2000), Computers & Operations Research 27: logistic regression, mean of 10 folds",
    same_split=False,
)


def read_applicants(folder: Path) -> tuple[pd.DataFrame, Floats]:
    """The 20 attributes as they are in the file, and 1 for each bad applicant, (applicants,)."""
    # "none" is a label here, and not a missing value.
    applicants = pd.read_csv(folder / FILE_NAME, keep_default_na=False)
    outcome = np.asarray(applicants[TARGET] == "bad", dtype=float)
    return applicants.drop(columns=TARGET), outcome


@dataclass(frozen=True)
class LabelRanks:
    """The rank of each label of each attribute that is no number, the safest label first."""

    ranks: Mapping[str, Mapping[str, int]]

    def apply(self, values: pd.DataFrame) -> pd.DataFrame:
        """All attributes as numbers; a label that was never seen is missing."""
        replaced = {name: values[name].map(ranks) for name, ranks in self.ranks.items()}
        return values.assign(**replaced).astype(float)


def rank_labels(values: pd.DataFrame, outcome: Floats) -> LabelRanks:
    """Order the labels by the share of bad rows among those at hand, ties by name."""
    ranks = {}
    for name in values.select_dtypes(exclude="number").columns:
        bad_shares = pd.Series(outcome).groupby(values[name].to_numpy()).mean()
        ordered = sorted((bad_share, label) for label, bad_share in bad_shares.items())
        ranks[str(name)] = {str(label): rank for rank, (_, label) in enumerate(ordered)}
    return LabelRanks(ranks)


@dataclass(frozen=True)
class RankedScorecard:
    """A card on ranked labels, with the ranks that it was fitted on."""

    ranks: LabelRanks
    fitted: FittedScorecard

    @property
    def used_features(self) -> tuple[str, ...]:
        """The attributes of the card."""
        return self.fitted.used_features

    def log_odds(self, values: pd.DataFrame) -> Floats:
        """Log-odds of a bad applicant, (applicants,)."""
        return self.fitted.log_odds(self.ranks.apply(values))


def fit_ranked(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> RankedScorecard:
    """Rank the labels and fit the card, both on the same rows."""
    ranks = rank_labels(values, outcome)
    return RankedScorecard(ranks, fit_scorecard(ranks.apply(values), outcome, specification))


def points_of_table(table: PointsTable, card: Scorecard, values: pd.DataFrame) -> Floats:
    """The points of optbinning, (rows, features of the card), as it spreads them."""
    points = table.transform(values[card.feature_names])
    return np.asarray(points[card.feature_names].to_numpy(dtype=float))


def exact_base(table: PointsTable, specification: Specification) -> float:
    """The points of a row on the portfolio's odds, before rounding.

    Siddiqi (2006), "Credit Risk Scorecards": offset - factor x intercept, where `factor` points
    multiply the odds by e.
    """
    factor = specification.points_to_double_odds / np.log(2)
    offset = specification.reference_score - factor * np.log(specification.reference_odds)
    return float(offset - factor * np.ravel(table.estimator_.intercept_)[0])


@dataclass(frozen=True)
class Agreement:
    """How far a card is from the table it came from: largest differences over all rows."""

    rows: int
    features: int
    feature_points: float
    pairs_that_differ_once_rounded: int
    score_points: float
    probability: float


def compare(
    table: PointsTable, card: Scorecard, values: pd.DataFrame, specification: Specification
) -> Agreement:
    """Compare an uncalibrated card with its table, row by row, in the card's own convention."""
    cents = card.point_cents(card.bin_positions(values))
    base = exact_base(table, specification)
    own = points_of_table(table, card, values)
    relative = own - base / len(card.features)
    rounded = np.rint(relative * CENTS_PER_POINT).astype(int)
    scores = card.score(values)
    expected = table.predict_proba(values[card.feature_names])[:, 1]
    return Agreement(
        rows=len(values),
        features=len(card.features),
        feature_points=float(np.abs(cents / CENTS_PER_POINT - relative).max()),
        pairs_that_differ_once_rounded=int((rounded != cents).sum()),
        score_points=float(np.abs(scores - own.sum(axis=1)).max()),
        probability=float(np.abs(card.probability(scores) - expected).max()),
    )


def golden(values: pd.DataFrame, outcome: Floats, specification: Specification) -> Agreement:
    """Fit a card and its table to all rows, without calibration, and compare them."""
    ranked = fit_ranked(values, outcome, specification)
    numbers = ranked.ranks.apply(values)
    table = fit_points_table(numbers, outcome, ranked.fitted, specification)
    card = to_scorecard(table, Calibration(0, 1), specification)
    return compare(table, card, numbers, specification)


def _golden_figures(found: Agreement) -> list[Figure]:
    figures = {
        "features of the card": found.features,
        "largest difference of a feature's points": found.feature_points,
        "pairs that differ once both are rounded": found.pairs_that_differ_once_rounded,
        "largest difference of a score, points": found.score_points,
        "largest difference of a probability": found.probability,
    }
    return [Figure("golden", name, found.rows, exact(value)) for name, value in figures.items()]


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol."""
    values, outcome = read_applicants(folder)
    metrics = {**OF_CREDIT_MODELS, "Gini": gini, "misclassified at 0.5": misclassified}
    published = {"misclassified at 0.5": WEST}
    figures = _golden_figures(golden(values, outcome, CREDIT_CARD))
    found = cross_validate(fit_ranked, values, outcome, CREDIT_CARD, FOLDS, REPEATS)
    weights = bootstrap_weights(outcome, CREDIT_CARD.bootstrap_samples, CREDIT_CARD.seed)
    figures += metric_figures("scorecard", metrics, outcome, found.probability, weights, published)
    return tuple(figures)


EVALUATION = Evaluation(
    name="scorecard_golden",
    question="Does the served scorecard give the points of the library that found its bins?",
    folder="scorecard_golden",
    run=run,
)
