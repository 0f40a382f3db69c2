"""Bankruptcy of Polish firms from a year's statements: scorecard, boosted trees and Altman's Z''.

Protocol, results and reading: docs/evaluations/company_bankruptcy.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.altman import DISTRESS_BELOW, WEIGHTS
from models.arrays import Floats
from models.evaluations.credit_models import (
    CREDIT_CARD,
    OF_CREDIT_MODELS,
    CrossValidated,
    Trees,
    cross_validate,
    mean_area_of_folds,
    metric_figures,
    share,
)
from models.evaluations.evaluation import Evaluation, Figure, Published, exact
from models.evaluations.one_processor import on_one_processor
from models.metrics import bootstrap_weights
from models.scorecard_fit import fit_scorecard
from models.specification import Specification
from models.validation import Fit, Fitted

FILE_NAME = "1year.arff"
RATIOS = tuple(f"Attr{number}" for number in range(1, 65))
TARGET = "class"
FOLDS = 10
REPEATS = 3
TREES = Trees(max_iter=400, max_leaf_nodes=15, max_features=0.3)

# The ratios of the file that Z'' is made of, and their published weights.
ALTMAN_WEIGHTS = {
    "Attr3": WEIGHTS["working_capital"],
    "Attr6": WEIGHTS["retained_earnings"],
    "Attr7": WEIGHTS["earnings"],
    "Attr8": WEIGHTS["equity"],
}
# Profit on operating activities / financial expenses: bankrupt firms lack it far more often.
TELLTALE = "Attr27"

EXGB = Published(
    0.959,
    "Zięba, Tomczak and Tomczak (2016), Expert Systems with Applications 58: boosting with "
    "synthetic features (EXGB), mean of 10 folds; without them (XGB) 0.945",
    same_split=False,
)


def read_statements(folder: Path) -> pd.DataFrame:
    """The statements in the order of the file: the 64 ratios as numbers, and `class` of 0 and 1.

    A `?` is missing.

    Raises:
        ValueError: When the file declares other attributes.
    """
    header, _, body = (folder / FILE_NAME).read_text(encoding="utf-8").partition("@data")
    declared = [line.split()[1] for line in header.splitlines() if line.startswith("@attribute")]
    if declared != [*RATIOS, TARGET]:
        raise ValueError(f"{FILE_NAME}: not the 64 ratios and the class, but {declared}")
    rows = [line.split(",") for line in body.splitlines() if line.strip()]
    return pd.DataFrame(rows, columns=declared).replace("?", np.nan).astype(float)


def altman_score(ratios: pd.DataFrame) -> Floats:
    """Altman's Z'' without its constant, (firms,); the lower, the worse.

    Missing where a ratio is.
    """
    terms = [weight * ratios[name].to_numpy() for name, weight in ALTMAN_WEIGHTS.items()]
    return np.asarray(np.sum(terms, axis=0))


@dataclass(frozen=True)
class AltmanBenchmark:
    """Z'' with what stands in for a missing ratio: the median of the firms at hand."""

    medians: pd.Series

    @property
    def used_features(self) -> tuple[str, ...]:
        """The four ratios of Z''."""
        return tuple(ALTMAN_WEIGHTS)

    def log_odds(self, values: pd.DataFrame) -> Floats:
        """Z'' with its sign turned, (firms,): it ranks like log-odds, but is none."""
        return -altman_score(values[list(ALTMAN_WEIGHTS)].fillna(self.medians))


def fit_altman(
    values: pd.DataFrame, _outcome: Floats, _specification: Specification
) -> AltmanBenchmark:
    """The benchmark with the medians of `values`; it never looks at outcomes."""
    return AltmanBenchmark(values[list(ALTMAN_WEIGHTS)].median())


@dataclass(frozen=True)
class PreparedTrees:
    """Trees that see the ratios through `prepare` only."""

    fitted: Fitted
    prepare: Callable[[pd.DataFrame], pd.DataFrame]

    @property
    def used_features(self) -> tuple[str, ...]:
        """The ratios that the trees may split on."""
        return self.fitted.used_features

    def log_odds(self, values: pd.DataFrame) -> Floats:
        """Log-odds of bankruptcy, (firms,)."""
        return self.fitted.log_odds(self.prepare(values))


def which_are_missing(ratios: pd.DataFrame) -> pd.DataFrame:
    """1 where a ratio is missing and 0 where it is there; the values themselves are gone."""
    return ratios.isna().astype(float)


def fit_on_missing(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> PreparedTrees:
    """Trees that know only which ratios a firm lacks."""
    fitted = TREES.fit(which_are_missing(values), outcome, specification)
    return PreparedTrees(fitted, which_are_missing)


def without_telltale(ratios: pd.DataFrame) -> pd.DataFrame:
    """All ratios but the one whose absence tells bankrupt firms from others."""
    return ratios.drop(columns=TELLTALE)


def fit_without_telltale(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> PreparedTrees:
    """Trees on 63 ratios."""
    fitted = TREES.fit(without_telltale(values), outcome, specification)
    return PreparedTrees(fitted, without_telltale)


MODELS: dict[str, Fit] = {
    "scorecard": fit_scorecard,
    "gradient_boosting": TREES.fit,
    "altman_z2": fit_altman,
}
# Added after the figures of the others were seen, to say where those of the trees come from.
MODELS_ADDED: dict[str, Fit] = {
    "gradient_boosting on which ratios are missing": fit_on_missing,
    f"gradient_boosting without {TELLTALE}": fit_without_telltale,
}


def _model_figures(
    model: str, label: str, outcome: Floats, found: CrossValidated, weights: Floats
) -> list[Figure]:
    name = f"{model}, {label}"
    is_comparable = model == "gradient_boosting"
    figures = [
        Figure(
            name,
            "AUC, mean of folds",
            len(outcome),
            mean_area_of_folds(outcome, found, weights),
            EXGB if is_comparable else None,
        )
    ]
    if model == "altman_z2":
        ranking = {x: OF_CREDIT_MODELS[x] for x in ("AUC", "KS")}
        return figures + metric_figures(name, ranking, outcome, found.log_odds, weights)
    return figures + metric_figures(name, OF_CREDIT_MODELS, outcome, found.probability, weights)


def _zone_figures(label: str, outcome: Floats, found: CrossValidated) -> list[Figure]:
    # Repeats differ by a few medians only; the first stands for all.
    is_in_distress = -found.log_odds[0] < DISTRESS_BELOW
    figures = []
    for value, firms in ((1, "bankrupt"), (0, "other")):
        members = outcome == value
        low, count = int(is_in_distress[members].sum()), int(members.sum())
        metric = f"share of {firms} firms in distress zone"
        figures.append(Figure(f"altman_z2, {label}", metric, count, share(low, count)))
    return figures


def _rows_figures(label: str, statements: pd.DataFrame, models: Mapping[str, Fit]) -> list[Figure]:
    values, outcome = statements[list(RATIOS)], statements[TARGET].to_numpy()
    weights = bootstrap_weights(outcome, CREDIT_CARD.bootstrap_samples, CREDIT_CARD.seed)
    figures = []
    for model, fit in models.items():
        found = cross_validate(fit, values, outcome, CREDIT_CARD, FOLDS, REPEATS)
        figures += _model_figures(model, label, outcome, found, weights)
        if model == "altman_z2":
            figures += _zone_figures(label, outcome, found)
    return figures


def _missing_figures(distinct: pd.DataFrame) -> list[Figure]:
    figures = []
    for value, firms in ((1, "bankrupt"), (0, "other")):
        members = distinct[distinct[TARGET] == value]
        lacking = share(int(members[TELLTALE].isna().sum()), len(members))
        metric = f"share of {firms} firms without {TELLTALE}"
        figures.append(Figure("distinct rows", metric, len(members), lacking))
    return figures


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol, on all rows and on distinct ones."""
    statements = read_statements(folder)
    distinct = statements.drop_duplicates(ignore_index=True)
    copies = len(statements) - len(distinct)
    figures = [Figure("rows", "exact copies of another row", len(statements), exact(copies))]
    figures += _rows_figures("all rows", statements, MODELS)
    figures += _rows_figures("distinct rows", distinct, {**MODELS, **MODELS_ADDED})
    figures += _missing_figures(distinct)
    return tuple(figures)


EVALUATION = Evaluation(
    name="company_bankruptcy",
    question="How well do statements' ratios rank firms by bankruptcy within five years?",
    folder="company_bankruptcy",
    run=run,
)
