"""The served scorecard against the library's own points, and the ranks of labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.calibration import Calibration
from models.evaluations.credit_models import CREDIT_CARD
from models.evaluations.scorecard_golden import (
    TARGET,
    compare,
    exact_base,
    fit_ranked,
    golden,
    rank_labels,
    read_applicants,
)
from models.scorecard_fit import fit_points_table, to_scorecard

HALF_A_HUNDREDTH = 0.005 + 1e-9


def applicants(count: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    """Made-up applicants: two numbers and two labels, of which a half matters."""
    generator = np.random.default_rng(12)
    values = pd.DataFrame(
        {
            "months": generator.integers(6, 60, count),
            "age": generator.integers(19, 70, count),
            "account": generator.choice(["none", "low", "high"], count),
            "telephone": generator.choice(["yes", "no"], count),
        }
    )
    log_odds = -2 + 0.05 * values["months"] - 1.5 * (values["account"] == "high")
    outcome = (generator.random(count) < 1 / (1 + np.exp(-log_odds))).to_numpy(dtype=float)
    return values, outcome


def test_labels_are_ranked_by_their_share_of_bad_rows() -> None:
    values = pd.DataFrame(
        {"account": ["high", "low", "low", "none", "none", "other"], "age": range(6)}
    )
    # Bad: high 0 of 1, low 1 of 2, none 1 of 2, other 1 of 1; equal shares go by name.
    ranks = rank_labels(values, np.array([0, 0, 1, 0, 1, 1.0]))
    assert ranks.ranks == {"account": {"high": 0, "low": 1, "none": 2, "other": 3}}
    unseen = pd.DataFrame({"account": ["other", "savings"], "age": [30, 40]})
    numbers = ranks.apply(unseen)
    assert numbers["account"][0] == 3 and np.isnan(numbers["account"][1])
    assert numbers["age"].tolist() == [30, 40]


def test_a_label_that_training_lacked_says_nothing() -> None:
    values, outcome = applicants()
    card = fit_ranked(values, outcome, CREDIT_CARD)
    assert "account" in card.used_features
    row = values.head(1)
    by_label = [float(card.log_odds(row.assign(account=x))[0]) for x in ("high", "low", "new")]
    binning = card.fitted.binnings[card.used_features.index("account")]
    coefficient = card.fitted.coefficients[card.used_features.index("account")]
    ranks = card.ranks.ranks["account"]
    evidence = binning.transform(np.array([float(ranks["high"])]), metric="woe")[0]
    assert by_label[0] - by_label[2] == pytest.approx(coefficient * evidence)
    assert by_label[0] < by_label[2] < by_label[1]


def test_the_base_is_the_reference_score_at_the_reference_odds() -> None:
    def table(intercept: float) -> SimpleNamespace:
        return SimpleNamespace(estimator_=SimpleNamespace(intercept_=np.array([intercept])))

    # Odds of 20 good to 1 bad are log-odds of -ln 20 of bad; twice the odds are 40 points more.
    assert exact_base(table(-np.log(20)), CREDIT_CARD) == pytest.approx(600)
    assert exact_base(table(-np.log(40)), CREDIT_CARD) == pytest.approx(640)


def test_the_card_has_the_librarys_points_but_for_rounding() -> None:
    values, outcome = applicants()
    found = golden(values, outcome, CREDIT_CARD)
    assert found.rows == 600 and found.features >= 2
    assert found.pairs_that_differ_once_rounded == 0
    assert found.feature_points <= HALF_A_HUNDREDTH
    assert found.score_points <= HALF_A_HUNDREDTH * (found.features + 1)


def test_a_card_that_is_a_hundredth_off_is_found() -> None:
    values, outcome = applicants()
    ranked = fit_ranked(values, outcome, CREDIT_CARD)
    numbers = ranked.ranks.apply(values)
    table = fit_points_table(numbers, outcome, ranked.fitted, CREDIT_CARD)
    card = to_scorecard(table, Calibration(0, 1), CREDIT_CARD)
    first = card.features[0]
    wrong_points = (first.point_cents[0] + 1, *first.point_cents[1:])
    wrong = replace(card, features=(replace(first, point_cents=wrong_points), *card.features[1:]))
    in_first_bin = int((card.bin_positions(numbers)[:, 0] == 0).sum())
    found = compare(table, wrong, numbers, CREDIT_CARD)
    assert found.pairs_that_differ_once_rounded == in_first_bin > 0
    assert found.feature_points > HALF_A_HUNDREDTH


def test_the_word_none_is_a_label_and_not_a_missing_value(tmp_path: Path) -> None:
    (tmp_path / "germancredit.csv").write_text(
        f"telephone,age,{TARGET}\nnone,30,bad\nyes,40,good\n"
    )
    values, outcome = read_applicants(tmp_path)
    assert values["telephone"].tolist() == ["none", "yes"]
    assert outcome.tolist() == [1.0, 0.0]


def test_the_golden_numbers_hold_on_german_credit(real_data: Path) -> None:
    values, outcome = read_applicants(real_data / "scorecard_golden")
    assert values.shape == (1_000, 20) and outcome.sum() == 300
    assert not values.isna().any(axis=None) and not values.duplicated().any()
    found = golden(values, outcome, CREDIT_CARD)
    assert found.rows == 1_000 and found.features >= CREDIT_CARD.minimum_features
    assert found.pairs_that_differ_once_rounded == 0
    assert found.feature_points <= HALF_A_HUNDREDTH
    assert found.score_points <= HALF_A_HUNDREDTH * (found.features + 1)
    assert found.probability < 1e-3
