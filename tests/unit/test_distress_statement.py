"""What Z'' is made of: Altman's formula by hand, and a slow count of the lines in fen."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.altman import DISTRESS_BELOW, SAFE_ABOVE, WEIGHTS, points_of, zone_of
from models.financial_distress.statement import (
    EARLIER,
    IMPLAUSIBLE,
    LINES,
    NO_EARLIER,
    NOT_SINCE_OPENING,
    PARTS,
    amounts_of,
    implausible_of,
    missing_of,
    ratios_of,
)
from models.financial_distress.words import LINE_WORDS, PART_WORDS, PROBLEM_WORDS
from tests.unit.distress_facts import EARLIER_SOUND, SOUND, opened_with

FEN = st.integers(-(10**11), 10**11)


def frame(*statements: Mapping[str, float | None]) -> pd.DataFrame:
    columns = [*LINES, "earlier_months", *EARLIER]
    return pd.DataFrame(list(statements), columns=columns).astype(float)


def statement(
    earlier_months: float | None = 12, **changes: float | None
) -> dict[str, float | None]:
    earlier = {f"earlier_{name}": EARLIER_SOUND[name] for name in EARLIER_SOUND}
    return {**SOUND, **earlier, "earlier_months": earlier_months, **changes}


@pytest.mark.parametrize(
    ("ratios", "score"),
    [
        # Altman, Hartzell and Peck (1995), without the constant, by hand.
        ((1, 0, 0, 0), 6.56),
        ((0, 1, 0, 0), 3.26),
        ((0, 0, 1, 0), 6.72),
        ((0, 0, 0, 1), 1.05),
        # 0.656 + 0.652 + 1.008 + 2.1
        ((0.1, 0.2, 0.15, 2.0), 4.416),
        # -1.312 - 0.978 - 0.672 + 0.21
        ((-0.2, -0.3, -0.1, 0.2), -2.752),
    ],
)
def test_z_is_the_sum_of_the_published_weights_times_the_ratios(
    ratios: tuple[float, ...], score: float
) -> None:
    assert points_of(np.array([ratios], dtype=float)).sum() == pytest.approx(score, abs=1e-12)


@pytest.mark.parametrize(
    ("score", "zone"),
    [(1.0999, "distress"), (1.1, "grey"), (2.6, "grey"), (2.6001, "safe"), (-9, "distress")],
)
def test_the_bounds_of_the_zones_are_grey(score: float, zone: str) -> None:
    assert (DISTRESS_BELOW, SAFE_ABOVE) == (1.1, 2.6)
    assert zone_of(score) == zone


def test_parts_weights_and_words_are_of_the_same_names() -> None:
    assert tuple(PARTS) == tuple(WEIGHTS) == tuple(PART_WORDS)
    assert tuple(LINES) == tuple(LINE_WORDS)
    assert set(PROBLEM_WORDS) == {NO_EARLIER, NOT_SINCE_OPENING, *IMPLAUSIBLE}


def test_the_amounts_of_a_statement_by_hand() -> None:
    (amounts,) = amounts_of(frame(statement())).to_dict("records")
    # 50 + 150 + 100 current and 200 fixed; 80 + 10 + 10 + 100 owed; 180 paid in.
    # Revenue 900 less 700 + 60 + 10 of costs is 130; a year before 300 less 240 + 25 + 5 is 30.
    assert amounts == {
        "working_capital_cny": 100,
        "total_assets_cny": 500,
        "retained_earnings_cny": 120,
        "earnings_cny": 100,
        "equity_cny": 300,
        "total_liabilities_cny": 200,
    }
    (ratios,) = ratios_of(amounts_of(frame(statement()))).to_dict("records")
    assert ratios == {
        "working_capital": 0.2,
        "retained_earnings": 0.24,
        "earnings": 0.2,
        "equity": 1.5,
    }


@pytest.mark.parametrize(("months", "earnings"), [(3, 400), (6, 200), (9, 133.33), (12, 100)])
def test_earnings_of_fewer_months_are_scaled_to_a_year(months: int, earnings: float) -> None:
    amounts = amounts_of(frame(statement(earlier_months=months)))
    assert amounts.earnings_cny.to_list() == [earnings]


def test_income_that_starts_anew_each_year_gives_no_earnings() -> None:
    # 120 are retained, and the income statement's profit of this year is 40.
    anew = frame(statement(revenue=820))
    assert isnan(amounts_of(anew).earnings_cny[0])
    (lacking,) = missing_of(anew).to_dict("records")
    assert [name for name, is_so in lacking.items() if is_so] == [NOT_SINCE_OPENING]


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_is_missing_is_named_and_is_no_zero(line: str) -> None:
    lacks = frame(statement(**{line: None}))
    (lacking,) = missing_of(lacks).to_dict("records")
    assert [name for name, is_so in lacking.items() if is_so] == [line]
    assert isnan(amounts_of(lacks).earnings_cny[0])


@pytest.mark.parametrize(
    ("changes", "days", "found"),
    [
        ({}, 0, []),
        ({}, -1, ["period_not_over"]),
        ({"fixed_assets": -300}, 1, ["assets_not_positive"]),
        ({"fixed_assets": -301}, 1, ["assets_not_positive"]),
        ({"short_term_loans": -101}, 1, ["equity_above_assets"]),
        ({"short_term_loans": -100}, 1, ["no_liabilities"]),
        ({"short_term_loans": -99.99}, 1, []),
        ({"cash": None, "short_term_loans": -101}, 1, ["equity_above_assets"]),
    ],
)
def test_what_can_not_be_is_named(
    changes: dict[str, float | None], days: int, found: list[str]
) -> None:
    implausible = implausible_of(amounts_of(frame(statement(**changes))), pd.Series([days]))
    (flags,) = implausible.to_dict("records")
    assert [name for name, is_so in flags.items() if is_so] == found


@given(
    lines=st.lists(FEN, min_size=len(LINES), max_size=len(LINES)),
    earlier=st.lists(FEN, min_size=4, max_size=4),
    months=st.integers(3, 12),
    gone=st.sets(st.sampled_from(LINES), max_size=2),
)
def test_amounts_are_those_of_a_slow_count_in_fen(
    lines: list[int], earlier: list[int], months: int, gone: set[str]
) -> None:
    fen = opened_with(dict(zip(LINES, lines, strict=True)))
    before = dict(zip(EARLIER_SOUND, earlier, strict=True))
    given_lines: dict[str, float | None] = {
        name: None if name in gone else amount / 100 for name, amount in fen.items()
    }
    stated = {
        **given_lines,
        **{f"earlier_{name}": amount / 100 for name, amount in before.items()},
        "earlier_months": float(months),
    }
    (found,) = amounts_of(frame(stated)).to_dict("records")

    owned = fen["cash"] + fen["receivables"] + fen["inventory"]
    owed = fen["payables"] + fen["wages_payable"] + fen["tax_payable"] + fen["short_term_loans"]
    of_assets = {"cash", "receivables", "inventory", "fixed_assets"}
    of_liabilities = {"payables", "wages_payable", "tax_payable", "short_term_loans"}
    won = 0
    for name, sign in (
        *(("revenue", 1), ("cost_of_sales", -1)),
        *(("administrative_expenses", -1), ("credit_losses", -1)),
    ):
        won += sign * (fen[name] - before[name])
    assets = owned + fen["fixed_assets"]
    slow = {
        "working_capital_cny": (owned - owed, (of_assets - {"fixed_assets"}) | of_liabilities),
        "total_assets_cny": (assets, of_assets),
        "total_liabilities_cny": (owed, of_liabilities),
        "equity_cny": (assets - owed, of_assets | of_liabilities),
        "retained_earnings_cny": (
            assets - owed - fen["paid_in_capital"],
            of_assets | of_liabilities | {"paid_in_capital"},
        ),
        "earnings_cny": (won * 12 / months, set(LINES)),
    }
    assert set(found) == set(slow)
    for name, (amount, needed) in slow.items():
        if needed & gone:
            assert isnan(found[name]), name
        else:
            assert found[name] == pytest.approx(amount / 100, rel=1e-12, abs=0.0051), name
