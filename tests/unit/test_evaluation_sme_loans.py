"""Default of guaranteed loans: what the models may know, and the authors' own regression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from models.evaluations.credit_models import CREDIT_CARD
from models.evaluations.sme_loans import (
    AUTHORS_COEFFICIENTS,
    AUTHORS_FEATURES,
    EVALUATION,
    TERM_FEATURES,
    approval_features,
    feature_sets,
    fit_authors_regression,
    is_no_whole_year,
    read_loans,
)

OUTCOME_COLUMNS = ["ChgOffDate", "ChgOffPrinGr", "BalanceGross", "Default"]
LATER_COLUMNS = ["DisbursementGross", "DisbursementDate", "xx", "Selected", "ApprovalFY"]


def made_up() -> pd.DataFrame:
    """Three loans; the second has every unknown that the file knows."""
    return pd.DataFrame(
        {
            "NoEmp": [4, 0, 12],
            "New": [0, 1, 0],
            "CreateJob": [1, 0, 3],
            "RetainedJob": [2, 0, 0],
            "FranchiseCode": [0, 1, 68905],
            "UrbanRural": [1, 0, 2],
            "RevLineCr": ["Y", "T", "N"],
            "LowDoc": ["N", None, "Y"],
            "GrAppv": [30_000, 50_000, 900_000],
            "SBA_Appv": [15_000, 25_000, 675_000],
            "Portion": [0.5, 0.5, 0.75],
            "NAICS": ["531210", "532420", "531311"],
            "BankState": ["CA", None, "NC"],
            "Term": [36, 84, 240],
            "RealEstate": [0, 0, 1],
            "Recession": [1, 0, 0],
            "daysterm": [1_080, 2_520, 7_200],
            "MIS_Status": ["P I F", "CHGOFF", "P I F"],
            **{name: [0, 1, 0] for name in [*OUTCOME_COLUMNS, *LATER_COLUMNS]},
        }
    )


def test_codes_become_numbers_and_unknown_ones_are_missing() -> None:
    found = approval_features(made_up())
    assert found["credit_line"].tolist()[::2] == [1, 0] and np.isnan(found["credit_line"][1])
    assert found["little_paperwork"].tolist()[::2] == [0, 1]
    assert found["rural"].tolist()[::2] == [0, 1]
    assert found["lender_in_california"].tolist()[::2] == [1, 0]
    unknown = ["credit_line", "little_paperwork", "rural", "lender_in_california"]
    assert found.columns[found.iloc[1].isna()].tolist() == sorted(
        unknown, key=found.columns.get_loc
    )
    # Codes 0 and 1 both say that there is no franchise.
    assert found["franchise"].tolist() == [0, 0, 1]
    assert found["real_estate_trade"].tolist() == [1, 0, 1]


def test_no_feature_looks_at_the_outcome_or_at_what_came_later() -> None:
    loans = made_up()
    other = loans.assign(
        MIS_Status="?", **{name: [7, 8, 9] for name in [*OUTCOME_COLUMNS, *LATER_COLUMNS]}
    )
    for name, found in feature_sets(loans).items():
        pd.testing.assert_frame_equal(found, feature_sets(other)[name])


def test_only_one_set_looks_at_the_term() -> None:
    loans = made_up()
    other = loans.assign(Term=1, daysterm=30, RealEstate=1, Recession=1)
    sets, changed = feature_sets(loans), feature_sets(other)
    pd.testing.assert_frame_equal(sets["without_term"], changed["without_term"])
    assert not sets["with_term"].equals(changed["with_term"])
    assert set(sets["with_term"]) - set(sets["without_term"]) == set(TERM_FEATURES)


def test_the_regression_is_at_the_maximum_of_the_likelihood() -> None:
    generator = np.random.default_rng(3)
    values = pd.DataFrame(generator.random((400, 3)), columns=list(AUTHORS_FEATURES))
    outcome = (generator.random(400) < 0.2 + 0.5 * values["Portion"]).to_numpy(float)
    fitted = fit_authors_regression(values, outcome, CREDIT_CARD)
    residual = outcome - expit(fitted.log_odds(values))
    # There the residuals are orthogonal to the constant and to every feature.
    assert residual.sum() == pytest.approx(0, abs=1e-4)
    assert values.to_numpy().T @ residual == pytest.approx(np.zeros(3), abs=1e-4)


def test_a_term_of_84_months_is_whole_years_and_one_of_83_is_not() -> None:
    assert is_no_whole_year(pd.Series([84, 83, 240, 1])).tolist() == [False, True, False, True]


def test_split_and_coefficients_are_the_authors_own(real_data: Path) -> None:
    loans = read_loans(real_data / "sme_loans")
    assert len(loans) == 2_101 and loans["LoanNr_ChkDgt"].is_unique
    is_train = loans["Selected"] == 1
    assert (is_train.sum(), (~is_train).sum()) == (1_051, 1_050)
    assert loans[is_train]["Default"].sum() == 331 and loans[~is_train]["Default"].sum() == 355
    assert ((loans["MIS_Status"] == "CHGOFF") == (loans["Default"] == 1)).all()
    assert ((loans["Term"] >= 240) == (loans["RealEstate"] == 1)).all()
    figures = {(x.model, x.metric): x for x in EVALUATION.run(real_data / "sme_loans")}
    for name, known in zip(("constant", *AUTHORS_FEATURES), AUTHORS_COEFFICIENTS, strict=True):
        found = figures["authors_regression", f"coefficient of {name}"].estimate.value
        assert round(found, 4) == known
    wrong = figures["authors_regression", "misclassified at 0.5"]
    assert (round(wrong.estimate.value * wrong.rows), wrong.rows) == (338, 1_050)
