"""The rows of the tables of debtors and suppliers, and their gate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlglot

from expectations.suites import load_suites, with_dates
from loomline.jobs import find_job
from loomline.tables import load_tables
from models.counterparties.inputs import ORDERED, OWED
from models.counterparties.job import RECEIVABLES, SUPPLIERS
from models.counterparties.receivable_rows import receivable_rows
from models.counterparties.supplier_rows import supplier_rows
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
from tests.unit.planted_silver import DAY, DAY_END, Facts, link

ARROW = {
    **{"date": pa.date32(), "string": pa.string(), "double": pa.float64()},
    **{"bigint": pa.int64(), "boolean": pa.bool_(), "decimal(18,2)": pa.decimal128(18, 2)},
}


def owed() -> Facts:
    """C1 has a punctual and a slow debtor and one without a past, C2 the slow one."""
    rows = []
    for place, due in enumerate(SUNDAYS[1:8]):
        for creditor, debtor, weeks in (("C1", "P", 1), ("C1", "S", 5), ("C2", "Z", 5)):
            rows += [
                listed(f"{debtor}{place}", creditor, debtor, day, due)
                for day in SUNDAYS
                if due - timedelta(days=7) <= day < due + timedelta(days=7 * weeks)
            ]
    last = SUNDAYS[-1]
    for creditor, debtor in (("C1", "P"), ("C1", "S"), ("C1", "N"), ("C2", "N"), ("C3", "T")):
        rows.append(listed("open", creditor, debtor, last, last + timedelta(days=7)))
    months = [
        invoice("E1", buyer, month, total)
        for month in (1, 2, 3, 4)
        for buyer, total in (("91P", 100.0), ("91S", 100.0 + month))
    ]
    return {
        "receivable": rows,
        "enterprise_link": [link("erp", "C1", "E1")],
        "party": [
            *(
                party("erp", "C1", "customer", "P", "91P"),
                party("erp", "C1", "customer", "S", "91S"),
            ),
            *(
                party("erp", "C2", "customer", "Z", "91S"),
                party("erp", "C3", "customer", "T", "91S"),
            ),
        ],
        "invoice": [*months, *(invoice("E1", "91S", month, -50.0 - month) for month in (2, 3, 4))],
    }


def orders() -> Facts:
    """Supplier S1 delivers in full and in time, S2 half of it and late, S3 nothing yet."""
    made = []
    for place in range(6):
        wanted = date(2019, 11, 1) + timedelta(days=7 * place)
        late = wanted + timedelta(days=9 + place % 2)
        made += [
            order(f"1{place}", "S1", wanted),
            movement(f"1{place}", f"1{place}", wanted, 10 - place % 2),
            order(f"2{place}", "S2", wanted),
            movement(f"2{place}", f"2{place}", late, 5 + place % 2),
        ]
    return together(*made, order("30", "S3", DAY + timedelta(days=5)))


def made(catalog: Path) -> Mapping[str, pa.Table]:
    found = read(catalog, together(owed(), orders()))
    return {
        RECEIVABLES: receivable_rows(found["items"], found["invoiced"], DAY),
        SUPPLIERS: supplier_rows(found["lines"], DAY),
    }


@pytest.mark.parametrize("name", [RECEIVABLES, SUPPLIERS])
def test_the_rows_have_the_columns_of_their_table(name: str, catalog: Path) -> None:
    rows, columns = made(catalog)[name], load_tables(catalog)[name].columns
    assert rows.num_rows
    assert rows.column_names == list(columns)
    for column, declared in columns.items():
        assert rows.schema.field(column).type == ARROW[declared.type], column
        assert rows[column].null_count == 0 or not declared.required, column


def test_debtors_are_told_apart_by_what_is_known_of_them(catalog: Path) -> None:
    rows = {
        (row["enterprise_code"], row["counterparty_code"]): row
        for row in made(catalog)[RECEIVABLES].to_pylist()
        if row["document_number"] == "open"
    }
    slow, punctual, unknown = rows["C1", "S"], rows["C1", "P"], rows["C1", "N"]
    # Five weeks less a half, and a week less a half after the due day.
    assert slow["median_days_late"] >= unknown["median_days_late"] > punctual["median_days_late"]
    assert slow["late_over_30_ratio"] > unknown["late_over_30_ratio"]
    assert unknown["late_over_30_ratio"] > punctual["late_over_30_ratio"]
    assert {who: row["level"] for who, row in rows.items()} == {
        ("C1", "P"): "debtor_with_creditor",
        ("C1", "S"): "debtor_with_creditor",
        ("C1", "N"): "creditor",
        ("C2", "N"): "creditor",
        # A creditor without a past knows the debtor from others.
        ("C3", "T"): "debtor",
    }
    assert (punctual["known_days_late"], punctual["settled_item_count"]) == (-7, 7)
    assert rows["C3", "T"]["late_over_30_ratio"] > unknown["late_over_30_ratio"]


def test_what_is_taken_back_is_the_debtors_own_or_its_creditors(catalog: Path) -> None:
    rows = {
        (row["enterprise_code"], row["counterparty_code"]): row
        for row in made(catalog)[RECEIVABLES].to_pylist()
    }
    slow, punctual, unknown = rows["C1", "S"], rows["C1", "P"], rows["C1", "N"]
    assert slow["dilution_ratio"] > unknown["dilution_ratio"] > punctual["dilution_ratio"]
    assert unknown["dilution_ratio"] == pytest.approx((3 * 50 + 9) / (8 * 100 + 10))
    assert (slow["dilution_level"], unknown["dilution_level"]) == (
        *("debtor_with_creditor", "creditor"),
    )
    assert (slow["invoiced_month_count"], unknown["invoiced_month_count"]) == (4, 8)
    assert rows["C2", "N"]["dilution_ratio"] is None
    assert rows["C2", "N"]["dilution_level"] is None


def test_suppliers_are_told_apart_by_what_came(catalog: Path) -> None:
    full, half, new = made(catalog)[SUPPLIERS].to_pylist()
    assert full["in_time_ratio"] > 0.85
    assert half["in_time_ratio"] < 0.1
    assert half["in_the_end_ratio"] == pytest.approx(0.55, abs=0.06)
    assert half["median_days_late"] in (9, 10)
    assert full["median_days_late"] == 0
    # Of what is wanted in five days nothing is short.
    assert new["in_time_ratio"] == pytest.approx((5.7 + 0) / 12)
    assert (new["in_time_level"], new["in_time_line_count"]) == ("buyer", 12)


def test_without_an_open_item_there_is_no_row(catalog: Path) -> None:
    settled = {"settled_date": date(2020, 1, 9), "list_date": date(2020, 1, 9)}
    facts = {"receivable": [{**listed("1", "C", "D", SUNDAYS[0], SUNDAYS[0]), **settled}]}
    found = read(catalog, facts)
    assert receivable_rows(found["items"], found["invoiced"], DAY).num_rows == 0


def failing(name: str, rows: pa.Table) -> set[str]:
    """The reasons of the derived columns of the gate that find something in some rows."""
    (suite,) = [one.suite for one in load_suites("scores") if one.suite.table == name]
    broken = set()
    with duckdb.connect() as database:
        database.register("batch", rows)
        for one in suite.expectations:
            if set(one.columns) <= set(suite.derived):
                is_held = f"coalesce({suite.derived[one.columns[0]]}, false)"
                sql = with_dates(f"select 1 from batch where not {is_held}", DAY, DAY_END)
                (sql,) = sqlglot.transpile(sql, read="spark", write="duckdb")
                if database.sql(sql).fetchall():
                    broken.add(one.why)
    return broken


def changed(rows: pa.Table, column: str, values: pa.ChunkedArray) -> pa.Table:
    return rows.set_column(
        rows.column_names.index(column), column, values.cast(rows.schema.field(column).type)
    )


def test_the_gate_passes_sound_rows_and_finds_unsound_ones(catalog: Path) -> None:
    sound = made(catalog)
    for name, rows in sound.items():
        assert failing(name, rows) == set()
    rows = sound[RECEIVABLES]
    earlier = changed(rows, "median_days_late", pc.subtract(rows["known_days_late"], 1))
    assert failing(RECEIVABLES, earlier) == {"An item that was open on a day is settled after it."}
    uncounted = changed(rows, "settled_item_count", pc.multiply(rows["settled_item_count"], 0))
    assert failing(RECEIVABLES, uncounted) == {
        "A level without a past of its own is not the one that a figure rests on."
    }
    late = changed(rows, "known_days_late", pc.add(rows["known_days_late"], 900))
    assert "What is open 30 days after its due day will be settled later than that." in failing(
        RECEIVABLES, late
    )
    suppliers = sound[SUPPLIERS]
    outside = changed(suppliers, "in_time_ratio", pc.add(suppliers["in_time_upper"], 0.1))
    assert failing(SUPPLIERS, outside) == {"A value lies within its interval."}


def test_the_job_reads_what_it_declares() -> None:
    job = find_job("counterparties")
    assert set(job.reads) == {*OWED, *ORDERED}
    assert set(job.writes) == {RECEIVABLES, SUPPLIERS}
