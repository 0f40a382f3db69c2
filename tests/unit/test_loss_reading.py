"""What the expert model reads off the lake as of a date: what is owed, and what secures it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from models.loss_given_default.collateral import with_values
from models.loss_given_default.declared import LossParameters, load_loss_parameters
from models.loss_given_default.inputs import LENDING_QUERIES, MACHINES, queries
from tests.unit.loss_facts import count, event, loan, pledge, receipt, report, rows_of, shown
from tests.unit.planted_silver import DAY, DAY_END, LATE, Facts, link


@pytest.fixture(scope="module")
def parameters(catalog: Path) -> LossParameters:
    return load_loss_parameters(catalog)


BALANCE = ("exposure_cny", "undrawn_cny", "balance_basis", "limit_basis")


def test_without_a_loan_there_are_no_rows(catalog: Path, parameters: LossParameters) -> None:
    assert rows_of(catalog, parameters, {}).num_rows == 0


def test_a_contract_of_which_nothing_else_is_known_counts_in_full(
    catalog: Path, parameters: LossParameters
) -> None:
    facts = {"facility": [loan("1", "A"), loan("2", "A", limit_cny=0)]}
    assert shown(rows_of(catalog, parameters, facts), *BALANCE) == {
        "1": (1_100, 0, "contract", "contract"),
        "2": (1_000, 0, "contract", "none"),
    }


def test_what_is_overdue_is_the_banks_last_word_and_what_fell_due_since(
    catalog: Path, parameters: LossParameters
) -> None:
    events = [
        # Paid on its day.
        *(event("paid", "due", 10, 110, 900), event("paid", "repaid", 10, 110, 900)),
        # Paid in part: the overdue balance of that day is what is left of it.
        *(event("part", "due", 10, 110, 900), event("part", "repaid", 10, 60, 900)),
        event("part", "overdue_balance", 10, 50, 900),
        # Overdue for days, and then settled.
        *(event("settled", "due", 10, 110, 900), event("settled", "overdue_balance", 10, 110, 900)),
        event("settled", "overdue_balance", 11, 110, 900),
        event("settled", "repaid", 12, 110, 900),
        # Due on a day on which banks are closed.
        event("closed", "due", 40, 110, 800),
        *(event("since", "repaid", 10, 110, 900), event("since", "due", 41, 110, 800)),
        # The end of a pledge is no event of the loan of that number.
        event("paid", "pledge_ended", 45, 500, 0),
    ]
    numbers = ("paid", "part", "settled", "closed", "since")
    facts = {"facility": [loan(one, "A", limit_cny=0) for one in numbers], "repayment": events}
    found = shown(rows_of(catalog, parameters, facts), "exposure_cny", "balance_basis")
    assert found == {
        "paid": (900, "loan_events"),
        "part": (950, "loan_events"),
        "settled": (900, "loan_events"),
        "closed": (910, "loan_events"),
        "since": (910, "loan_events"),
    }


def test_the_bureau_says_what_is_drawn_and_the_balance_where_it_is_later(
    catalog: Path, parameters: LossParameters
) -> None:
    links = [link("bank", f"A{n}", f"E{n}") for n in range(1, 5)]
    links += [link("bureau", f"C{n}", f"E{n}") for n in range(1, 5)]
    facts = {
        "enterprise_link": links,
        "facility": [
            *(loan("1", "A1"), loan("2", "A2"), loan("3", "A3")),
            *(loan("4", "A4"), loan("5", "A4")),
        ],
        "bureau_record": [
            report("R1", "C1", 700, 30, date(2020, 1, 31)),
            report("R1", "C1", 800, 90, date(2019, 12, 31)),
            report("R2", "C2", 700, 30, date(2020, 1, 31)),
            # Of two records of one firm nobody says which is the loan's.
            report("R3", "C3", 700, 30, date(2020, 1, 31)),
            report("R4", "C3", 600, 20, date(2020, 1, 31)),
            # Nor of two loans which is the record's.
            report("R5", "C4", 700, 30, date(2020, 1, 31)),
        ],
        "repayment": [event("2", "repaid", 45, 50, 650), event("1", "repaid", 20, 50, 750)],
    }
    assert shown(rows_of(catalog, parameters, facts), *BALANCE) == {
        "1": (730, 70, "bureau_report", "bureau_report"),
        "2": (680, 70, "loan_events", "bureau_report"),
        "3": (1_100, 0, "contract", "contract"),
        "4": (1_100, 0, "contract", "contract"),
        "5": (1_100, 0, "contract", "contract"),
    }


def test_only_what_was_known_by_the_end_of_the_date_counts(
    catalog: Path, parameters: LossParameters
) -> None:
    facts: Facts = {
        "facility": [
            loan("old", "A", superseded_at=DAY_END - timedelta(days=1)),
            loan("old", "A", principal_cny=1_200, known_at=DAY_END, superseded_at=LATE),
            loan("old", "A", principal_cny=9_999, known_at=LATE),
            loan("unheard of", "A", known_at=LATE),
        ],
        "drawdown": [pledge("0007", "A", 70), pledge("0008", "A", 80, known_at=LATE)],
        "repayment": [
            event("0007", "pledge_ended", 59, 70, 0, known_at=LATE),
            event("old", "repaid", 59, 70, 1, known_at=LATE),
        ],
        "warehouse_receipt": [
            receipt("CD07", "L", 70, superseded_at=LATE),
            receipt("CD07", "L", 70, status="released", known_at=LATE),
        ],
        "collateral_reading": [count("CD07", 10), count("CD07", 0, 0, known_at=LATE)],
        "credit_outcome": [
            {
                **{"code_system": "bank", "enterprise_code": "A", "loan_number": "old"},
                **{"is_default": True, "default_date": DAY, "known_at": LATE},
            }
        ],
    }
    found = shown(
        rows_of(catalog, parameters, facts), "exposure_cny", "collateral_value_cny", "is_default"
    )
    assert found == {"old": (1_300, 0, False), "0007": (70, 100, False)}


def test_a_pledge_stands_until_it_ends_and_may_be_made_again(
    catalog: Path, parameters: LossParameters
) -> None:
    facts = {
        "drawdown": [
            pledge("1", "A", 70),
            pledge("2", "A", 80),
            pledge("3", "A", 90, drawdown_date=date(2020, 1, 5)),
            pledge("3", "A", 95, drawdown_date=date(2020, 2, 5)),
        ],
        "repayment": [
            event("1", "pledge_ended", 20, 70, 0),
            event("3", "pledge_ended", 20, 90, 0),
        ],
    }
    found = shown(rows_of(catalog, parameters, facts), "exposure_kind", "exposure_cny", "lgd_ratio")
    assert found == {"2": ("pledge_loan", 80, 0.4), "3": ("pledge_loan", 95, 0.4)}


def test_a_receipt_secures_the_loan_of_its_number_and_amount(
    catalog: Path, parameters: LossParameters
) -> None:
    facts = {
        "enterprise_link": [
            *(link("bank", "A1", "E1"), link("bank", "A2", "E2")),
            *(link("warehouse", "W1", "E1"), link("bank", "A4", "X", party_role="customer")),
        ],
        "drawdown": [
            pledge("000001", "A1", 70),
            # Of another firm, of another amount, and of an account that nobody has linked.
            *(pledge("000002", "A2", 70), pledge("000003", "A1", 71), pledge("000004", "A4", 70)),
        ],
        "warehouse_receipt": [
            receipt(f"CD{n:04}", f"L{n}", 70, enterprise_code="W1") for n in range(1, 5)
        ],
        "collateral_reading": [count(f"CD{n:04}", 10) for n in range(1, 5)],
    }
    found = shown(
        rows_of(catalog, parameters, facts),
        *("enterprise_id", "collateral_kind", "collateral_number", "collateral_value_cny"),
    )
    assert found == {
        "000001": ("E1", "other_physical", "CD0001", 100),
        "000002": ("E2", "none", None, 0),
        "000003": ("E1", "none", None, 0),
        "000004": ("E1", "other_physical", "CD0004", 100),
    }


def test_goods_are_worth_what_of_them_was_counted_lately(
    catalog: Path, parameters: LossParameters
) -> None:
    counts = {
        "CD1": [count("CD1", 4), count("CD1", 10, 2)],
        "CD2": [count("CD2", 30)],
        "CD3": [count("CD3", 10, 32)],
        "CD4": [count("CD4", 10, measure="pledged_quantity")],
        "CD5": [count("CD5", 0)],
    }
    facts: Facts = {
        "drawdown": [pledge(str(n), "A", 70) for n in range(1, 6)],
        "warehouse_receipt": [receipt(f"CD{n}", f"L{n}", 70) for n in range(1, 6)],
        "collateral_reading": [one for several in counts.values() for one in several],
    }
    found = shown(rows_of(catalog, parameters, facts), "collateral_value_cny", "lgd_ratio")
    # Covered for 0.6 * 100 of 70: 0.25 of these and 0.4 of the other 10.
    full = pytest.approx((100, (0.25 * 60 + 0.4 * 10) / 70))
    part = pytest.approx((40, (0.25 * 24 + 0.4 * 46) / 70))
    assert found == {"1": part, "2": full, "3": (0, 0.4), "4": (0, 0.4), "5": (0, 0.4)}


def test_a_lot_under_two_receipts_counts_once(catalog: Path, parameters: LossParameters) -> None:
    facts = {
        "drawdown": [pledge("1", "A", 70), pledge("2", "B", 140), pledge("3", "A", 70)],
        "warehouse_receipt": [
            *(receipt("CD1", "one lot", 70), receipt("CD2", "one lot", 140)),
            receipt("CD3", "another", 70),
        ],
        "collateral_reading": [count(f"CD{n}", 10) for n in range(1, 4)],
    }
    found = shown(rows_of(catalog, parameters, facts), "collateral_value_cny")
    assert found == {"1": (33.33,), "2": (66.67,), "3": (100,)}


RECEIPTS = st.lists(
    st.tuples(st.integers(1, 4), st.floats(0, 1e6), st.none() | st.floats(0, 30)), min_size=1
)


@given(RECEIPTS)
def test_no_lot_is_worth_more_than_any_of_its_receipts_says(
    drawn: list[tuple[int, float, float | None]],
) -> None:
    lots, lent, counted = zip(*drawn, strict=True)
    receipts = pd.DataFrame(
        {
            "code_system": "warehouse",
            "lot_code": lots,
            "lent_cny": lent,
            "quantity": 10.0,
            "counted_quantity": np.array(counted, dtype=float),
        }
    )
    values = with_values(receipts, 0.7).value_cny
    said = [a / 0.7 * min((c or 0) / 10, 1) for _, a, c in drawn]
    for lot in set(lots):
        mine = [n for n, one in enumerate(lots) if one == lot]
        lowest = min(said[n] for n in mine)
        # Nothing lent on any of them leaves nothing to share out.
        whole = lowest if sum(lent[n] for n in mine) > 0 else 0
        assert sum(values[n] for n in mine) == pytest.approx(whole, rel=1e-9, abs=1e-9)


def test_every_question_is_sql_of_the_engine_too() -> None:
    asked = queries({**LENDING_QUERIES, "machines": MACHINES}, DAY_END, 31)
    for name, sql in asked.items():
        assert sqlglot.parse_one(sql, read="spark"), name
