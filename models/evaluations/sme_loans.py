"""Default of guaranteed small-business loans, with and without the term that partly records it.

Protocol, results and reading: docs/evaluations/sme_loans.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from models.arrays import Floats
from models.evaluations.credit_models import (
    CREDIT_CARD,
    OF_CREDIT_MODELS,
    Trees,
    is_misclassified,
    metric_figures,
    share,
)
from models.evaluations.evaluation import Evaluation, Figure, Published, exact
from models.evaluations.judging import estimate_difference
from models.evaluations.one_processor import on_one_processor
from models.metrics import area_under_curve, bootstrap_weights
from models.scorecard_fit import fit_scorecard
from models.specification import Specification
from models.validation import Fit

FILE_NAME = "SBAcase.11.13.17.csv"
TARGET = "Default"
TERM_FEATURES = ("Term", "RealEstate", "Recession")
AUTHORS_FEATURES = ("RealEstate", "Portion", "Recession")
# Li, Mickel and Taylor (2018), the constant first.
AUTHORS_COEFFICIENTS = (1.3931, -2.1282, -2.9875, 0.5041)
TREES = Trees(max_iter=150, max_leaf_nodes=8, max_features=0.5)

SOURCE = "Li, Mickel and Taylor (2018), Journal of Statistics Education 26(1)"
AUTHORS_RATE = Published(
    338 / 1051,
    f"{SOURCE}: 338 of 1,051 test loans; one of them is not in this copy",
    same_split=False,
)


def read_loans(folder: Path) -> pd.DataFrame:
    """The loans in the order of the file, all columns."""
    return pd.read_csv(folder / FILE_NAME, encoding="utf-8-sig", dtype={"NAICS": str})


def _yes_or_no(values: pd.Series) -> Floats:
    return np.asarray(values.map({"Y": 1.0, "N": 0.0}), dtype=float)


def approval_features(loans: pd.DataFrame) -> pd.DataFrame:
    """What the lender knew when the loan was approved, as numbers; unknown is missing."""
    rural = loans["UrbanRural"].map({1: 0.0, 2: 1.0})
    columns = {
        "employees": loans["NoEmp"],
        "new_business": loans["New"],
        "jobs_created": loans["CreateJob"],
        "jobs_retained": loans["RetainedJob"],
        "franchise": loans["FranchiseCode"] > 1,
        "rural": rural,
        "credit_line": _yes_or_no(loans["RevLineCr"]),
        "little_paperwork": _yes_or_no(loans["LowDoc"]),
        "amount_approved_usd": loans["GrAppv"],
        "amount_guaranteed_usd": loans["SBA_Appv"],
        "share_guaranteed": loans["Portion"],
        "real_estate_trade": loans["NAICS"].str.startswith("531"),
        "lender_in_california": (loans["BankState"] == "CA").where(loans["BankState"].notna()),
    }
    return pd.DataFrame(columns).astype(float)


def feature_sets(loans: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Both sets of features by name, a row for each loan."""
    known = approval_features(loans)
    term = loans[list(TERM_FEATURES)].astype(float)
    return {"without_term": known, "with_term": pd.concat([known, term], axis=1)}


@dataclass(frozen=True)
class AuthorsRegression:
    """The published model, fitted anew: coefficients with the constant first."""

    coefficients: tuple[float, ...]

    @property
    def used_features(self) -> tuple[str, ...]:
        """The three features of the published model."""
        return AUTHORS_FEATURES

    def log_odds(self, values: pd.DataFrame) -> Floats:
        """Log-odds of default, (loans,)."""
        constant, *slopes = self.coefficients
        return np.asarray(constant + values[list(AUTHORS_FEATURES)].to_numpy() @ np.array(slopes))


def fit_authors_regression(
    values: pd.DataFrame, outcome: Floats, _specification: Specification
) -> AuthorsRegression:
    """Maximum likelihood without a penalty, as the authors fitted it."""
    # A penalty this weak moves no digit that is compared.
    regression = LogisticRegression(C=1e12, tol=1e-10, max_iter=10_000)
    model = regression.fit(values[list(AUTHORS_FEATURES)].to_numpy(), outcome)
    slopes = [float(x) for x in model.coef_[0]]
    return AuthorsRegression((float(model.intercept_[0]), *slopes))


def is_no_whole_year(term_months: pd.Series) -> Floats:
    """Whether a term is other than 12, 24, 36 and so on months, (loans,)."""
    return np.asarray(term_months % 12 != 0)


def _wrong_figure(
    model: str, outcome: Floats, probability: Floats, published: Published | None
) -> Figure:
    wrong = int(is_misclassified(outcome, probability).sum())
    estimate = share(wrong, len(outcome))
    return Figure(model, "misclassified at 0.5", len(outcome), estimate, published)


def _coefficient_figures(fitted: AuthorsRegression, rows: int) -> list[Figure]:
    figures = []
    names = ("constant", *AUTHORS_FEATURES)
    for name, found, known in zip(names, fitted.coefficients, AUTHORS_COEFFICIENTS, strict=True):
        published = Published(known, f"{SOURCE}: the same training loans", same_split=True)
        metric = f"coefficient of {name}"
        figures.append(Figure("authors_regression", metric, rows, exact(found), published))
    return figures


def _term_figures(loans: pd.DataFrame) -> list[Figure]:
    odd = is_no_whole_year(loans["Term"])
    figures = []
    for value, kind in ((1, "defaulted"), (0, "paid")):
        members = (loans[TARGET] == value).to_numpy()
        count = int(members.sum())
        metric = f"terms of no whole years, {kind}"
        figures.append(Figure("loans", metric, count, share(int(odd[members].sum()), count)))
    return figures


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol, on the authors' test part."""
    loans = read_loans(folder)
    is_train = (loans["Selected"] == 1).to_numpy()
    outcome = loans[TARGET].to_numpy(dtype=float)
    seen, tested = outcome[is_train], outcome[~is_train]
    weights = bootstrap_weights(tested, CREDIT_CARD.bootstrap_samples, CREDIT_CARD.seed)
    sets = feature_sets(loans)
    sets["authors"] = loans[list(AUTHORS_FEATURES)].astype(float)
    kinds: dict[str, Fit] = {"scorecard": fit_scorecard, "gradient_boosting": TREES.fit}
    cases: list[tuple[str, str, Fit]] = [("authors_regression", "authors", fit_authors_regression)]
    cases += [(kind, name, kinds[kind]) for kind in kinds for name in ("without_term", "with_term")]

    figures = _term_figures(loans)
    nobody = np.zeros(len(tested))
    figures.append(_wrong_figure("nobody defaults", tested, nobody, None))
    # Added after the figures of the models were seen, to say where they come from.
    odd = is_no_whole_year(loans["Term"])[~is_train].astype(float)
    figures.append(_wrong_figure("whoever's term is no whole years defaults", tested, odd, None))
    probabilities: dict[tuple[str, str], Floats] = {}
    for kind, name, fit in cases:
        values = sets[name]
        fitted = fit(values[is_train], seen, CREDIT_CARD)
        probability = np.asarray(expit(fitted.log_odds(values[~is_train])))
        probabilities[kind, name] = probability
        model = kind if name == "authors" else f"{kind}, {name}"
        if isinstance(fitted, AuthorsRegression):
            figures += _coefficient_figures(fitted, len(seen))
        figures += metric_figures(model, OF_CREDIT_MODELS, tested, probability[None, :], weights)
        figures.append(_wrong_figure(model, tested, probability, AUTHORS_RATE))
    for kind in kinds:
        pair = probabilities[kind, "with_term"], probabilities[kind, "without_term"]
        gain = estimate_difference(area_under_curve, tested, *pair, weights)
        figures.append(Figure(kind, "AUC gained by the term", len(tested), gain))
    return tuple(figures)


EVALUATION = Evaluation(
    name="sme_loans",
    question="Which guaranteed loans default, and how much of the answer is in their term?",
    folder="sme_loans",
    run=run,
)
