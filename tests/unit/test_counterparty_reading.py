"""What the models of counterparties read off the lake as of a date, against slow ways."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from models.counterparties.inputs import ORDERED_QUERIES, OWED_QUERIES, queries
from models.counterparties.receivable_rows import item_spells
from models.counterparties.supplier_rows import line_spells
from tests.unit.counterparty_facts import (
    SUNDAYS,
    invoice,
    listed,
    movement,
    order,
    party,
    read,
    together,
)
from tests.unit.planted_silver import DAY, DAY_END, LATE, Facts, link

DUE = SUNDAYS[4]


def found_items(catalog: Path, facts: Facts) -> dict[str, dict[str, Any]]:
    items = read(catalog, facts)["items"]
    return {row["document_number"]: row for row in pa.Table.from_pandas(items).to_pylist()}


def test_an_item_is_gone_with_the_next_list_of_its_system(catalog: Path) -> None:
    rows = [listed("stays", "C1", "D", day, DUE) for day in SUNDAYS]
    rows += [listed("gone", "C1", "D", day, DUE) for day in SUNDAYS[2:5]]
    # Missing on one list only: it was never gone.
    rows += [listed("gap", "C2", "D", day, DUE) for day in (*SUNDAYS[2:5], SUNDAYS[-1])]
    rows += [listed("credit", "C2", "D", SUNDAYS[3], DUE, amount=-5)]
    rows += [listed("payable", "C2", "D", SUNDAYS[3], DUE, direction="payable")]
    settled = {"settled_date": date(2020, 1, 9), "list_date": date(2020, 1, 9), "open_amount": 0}
    told = listed("told", "U", "D", DUE, date(2020, 1, 2))
    rows += [{**told, "code_system": "another", **settled}]
    items = read(catalog, {"receivable": rows})["items"]
    spells, is_open = item_spells(items)
    late = {
        number: (int(after), int(until), bool(ended), bool(is_one_open))
        for number, after, until, ended, is_one_open in zip(
            items.document_number,
            spells.after,
            spells.until,
            spells.is_ended,
            is_open,
            strict=True,
        )
    }
    assert late == {
        "stays": (-28, 56, False, True),
        # Gone between the day itself and a week later: four days late.
        "gone": (-14, 4, True, False),
        "gap": (-14, 56, False, True),
        # Told of when it was settled, and watched from its issue on.
        "told": (-31, 7, True, False),
    }


VERSION = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from("123"),
    st.integers(0, len(SUNDAYS) - 1),
    st.integers(0, 20),
    st.none() | st.integers(0, 20),
    st.integers(1, 9),
)


def slow_items(rows: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """First and last list with an item, the next list of anybody, and its last amount."""
    known = [
        row
        for row in rows
        if row["known_at"] <= DAY_END
        and not (row["superseded_at"] and row["superseded_at"] <= DAY_END)
    ]
    lists = sorted({row["list_date"] for row in known})
    found = {}
    for key in {(row["enterprise_code"], row["document_number"]) for row in known}:
        mine = [row for row in known if (row["enterprise_code"], row["document_number"]) == key]
        days = [row["list_date"] for row in mine]
        later = [day for day in lists if day > max(days)]
        (last,) = [row for row in mine if row["list_date"] == max(days)]
        found[key] = (min(days), max(days), later[0] if later else None, last["amount"])
    return found


@settings(max_examples=50)
@given(st.lists(VERSION, max_size=14, unique_by=lambda one: one[:3]))
def test_only_lists_that_were_known_by_the_date_count(
    catalog: Path, drawn: list[tuple[str, str, int, int, int | None, int]]
) -> None:
    rows = []
    for creditor, number, place, days_after, superseded_after, amount in drawn:
        day = SUNDAYS[place]
        known = datetime(day.year, day.month, day.day, 16, tzinfo=DAY_END.tzinfo)
        known += timedelta(days=7 * days_after)
        gone = None if superseded_after is None else known + timedelta(days=7 * superseded_after)
        moments = {"known_at": known, "superseded_at": gone}
        rows.append(listed(number, creditor, "D", day, DUE, amount=amount, **moments))
    items = read(catalog, {"receivable": rows})["items"]
    found = {
        (row.enterprise_code, row.document_number): (
            row.first_list_date,
            row.last_list_date,
            None if pd.isna(row.next_list_date) else row.next_list_date,
            row.amount,
        )
        for row in items.itertuples()
    }
    assert found == slow_items(rows)


def test_a_debtor_is_one_firm_by_its_credit_code_or_by_its_link(catalog: Path) -> None:
    customer = {"party_role": "customer"}
    facts: Facts = {
        "receivable": [
            *(listed("1", "C1", "D1", DUE, DUE), listed("2", "C2", "D2", DUE, DUE)),
            *(listed("3", "C2", "D3", DUE, DUE), listed("4", "C2", "D4", DUE, DUE)),
        ],
        "enterprise_link": [
            *(link("erp", "C1", "E1"), link("tax", "T9", "E9")),
            link("erp", "D2", "E9", owner_code="C2", **customer),
            link("erp", "D3", "E8", owner_code="C2", **customer),
            # Another creditor's customer of that number, and a link that nobody knew.
            link("erp", "D4", "E9", owner_code="C1", **customer),
            link("erp", "D4", "E9", owner_code="C2", known_at=LATE, **customer),
        ],
        "party": [
            party("erp", "C1", "customer", "D1", "91X"),
            party("tax", "*", "enterprise", "T9", "91X"),
        ],
    }
    found = found_items(catalog, facts)
    firms = {number: row["firm_code"] for number, row in found.items()}
    assert firms == {"1": "91X", "2": "91X", "3": "E8", "4": None}
    assert {number: row["enterprise_id"] for number, row in found.items()} == {
        **{"1": "E1", "2": None, "3": None, "4": None}
    }


def test_invoices_are_those_of_creditors_by_customer_and_month(catalog: Path) -> None:
    facts: Facts = {
        "receivable": [listed("1", "C1", "D1", DUE, DUE)],
        "enterprise_link": [link("erp", "C1", "E1"), link("bank", "C2", "E2")],
        "invoice": [
            *(invoice("E1", "X", 3, 60.0), invoice("E1", "X", 3, 40.0)),
            *(invoice("E1", "X", 3, -25.0), invoice("E1", "Y", 4, 10.0)),
            invoice("E1", "X", 3, 7.0, status="voided"),
            invoice("E1", "X", 3, 7.0, direction="purchase"),
            *(invoice("E1", "X", 3, 7.0, known_at=LATE), invoice("E2", "X", 3, 7.0)),
        ],
    }
    rows = read(catalog, facts)["invoiced"]
    assert rows.drop(columns="month_number").to_numpy().tolist() == [
        ["E1", "X", 100, 25],
        ["E1", "Y", 10, 0],
    ]


WANTED = date(2020, 1, 10)


def test_what_came_of_a_line_is_found_by_line_or_by_order_and_material(catalog: Path) -> None:
    receipt = {"code_system": "erp", "enterprise_code": "B1", "receipt_number": "R"}
    facts = together(
        *(order("A", "S1", WANTED), order("B", "S2", WANTED), order("C", "S2", WANTED)),
        order("E", "S2", WANTED),
        movement("1", "A", WANTED, 4),
        movement("2", "A", WANTED + timedelta(days=3), 5),
        movement("3", "A", WANTED, 9, material_code="another"),
        movement("4", "A", WANTED, 9, movement_type="issue"),
        movement("5", "C", WANTED, 9, known_at=LATE),
        {
            "receipt": [
                {
                    **receipt,
                    **{"order_number": "B", "line_code": "10", "quantity": 10},
                    **{"rejected_quantity": 3, "received_date": WANTED - timedelta(days=1)},
                },
                {**receipt, "order_number": "B", "line_code": "20", "quantity": 10},
                {**receipt, "order_number": "E", "line_code": "10", "quantity": 6},
            ]
        },
    )
    lines = read(catalog, facts)["lines"]
    assert list(lines.supplier_code) == ["S1", "S2", "S2", "S2"]
    assert list(lines.delivered) == [9, 7, 0, 6]
    assert list(lines.delivered_in_time) == [4, 7, 0, 0]
    assert list(lines.undated_count) == [0, 0, 0, 1]
    spells = line_spells(lines, DAY)
    # Nobody knows when the last one came: it was not watched.
    assert list(spells.until) == [0, -1, 50, -11]
    assert list(spells.after) == [-11] * 4
    assert list(spells.is_ended) == [True, True, False, False]


@pytest.mark.parametrize("name", [*OWED_QUERIES, *ORDERED_QUERIES])
def test_every_question_is_sql_of_the_engine(name: str) -> None:
    asked = queries({**OWED_QUERIES, **ORDERED_QUERIES}, DAY_END)
    assert sqlglot.parse_one(asked[name], read="spark")
