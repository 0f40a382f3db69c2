"""Which statement an enterprise is judged by, what its row says, and what the gate finds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from expectations.suites import load_suites
from loomline.tables import load_tables
from models.altman import zone_of
from models.financial_distress.distress_rows import distress_rows
from models.financial_distress.job import DISTRESS, distress_note
from models.financial_distress.statement import LINES, NO_EARLIER
from models.inventory import declared_model
from tests.unit.distress_facts import (
    EARLIER_SOUND,
    QUARTER_BEFORE,
    SOUND,
    YEAR_END,
    by_code,
    filed,
    opened_with,
    read,
    rows_of,
)
from tests.unit.planted_silver import DAY, DAY_END, LATE, Facts, link

PARTS = ("working_capital", "retained_earnings", "earnings", "equity")
ARROW = {
    "date": pa.date32(),
    "string": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "decimal(18,2)": pa.decimal128(18, 2),
    "array<string>": pa.list_(pa.string()),
}


def sound(code: str) -> list[dict[str, Any]]:
    """A statement of the year's end and the operating lines of a year before."""
    before = filed(code, date(2018, 12, 31), EARLIER_SOUND)
    return [*filed(code, YEAR_END, SOUND), *before]


def several() -> Facts:
    """A statement of every outcome."""
    owes_nothing = {"payables": 0, "wages_payable": 0, "tax_payable": 0, "short_term_loans": 0}
    nothing_owned = {"cash": 0, "receivables": 0, "inventory": 0, "fixed_assets": 0}
    return {
        "enterprise_link": [link("statements", "sound", "E1"), link("bank", "alone", "E2")],
        "financial_statement": [
            *sound("sound"),
            *filed("alone", YEAR_END, SOUND),
            *filed("short", YEAR_END, {**EARLIER_SOUND, "cash": 5}),
            *filed("owes nothing", YEAR_END, {**SOUND, **owes_nothing}),
            *filed("owns nothing", YEAR_END, {**SOUND, **nothing_owned}),
            *filed("to come", DAY + timedelta(days=31), SOUND),
        ],
    }


def test_without_a_statement_there_are_no_rows(catalog: Path) -> None:
    assert rows_of(catalog, {}).num_rows == 0


def test_every_enterprise_that_filed_has_one_row_with_its_outcome(catalog: Path) -> None:
    found = by_code(rows_of(catalog, several()))
    assert {code: row["outcome"] for code, row in found.items()} == {
        "sound": "scored",
        "alone": "missing",
        "short": "missing",
        "owes nothing": "implausible",
        "owns nothing": "implausible",
        "to come": "implausible",
    }
    assert found["alone"]["missing"] == [NO_EARLIER]
    assert set(found["short"]["missing"]) == {*LINES, NO_EARLIER} - {*EARLIER_SOUND, "cash"}
    assert found["owes nothing"]["implausible"] == ["no_liabilities"]
    assert found["owns nothing"]["implausible"] == ["assets_not_positive"]
    assert found["to come"]["implausible"] == ["period_not_over"]
    for row in found.values():
        assert (row["z_score"] is None) == (row["zone"] is None) == (row["outcome"] != "scored")
    # A code is linked by the system whose it is.
    assert (found["sound"]["enterprise_id"], found["alone"]["enterprise_id"]) == ("E1", None)


def test_a_scored_row_by_hand(catalog: Path) -> None:
    row = by_code(rows_of(catalog, several()))["sound"]
    # X1 to X4 are 0.2, 0.24, 0.2 and 1.5.
    assert [row[f"{part}_points"] for part in PARTS] == pytest.approx([1.312, 0.7824, 1.344, 1.575])
    assert (row["z_score"], row["zone"]) == (pytest.approx(5.0134), "safe")
    assert (row["period_end_date"], row["age_days"], row["earnings_months"]) == (YEAR_END, 60, 12)
    assert [one["reason"] for one in row["reasons"]] == [
        "retained_earnings",
        "working_capital",
        "earnings",
        "equity",
    ]
    assert row["reasons"][0]["reason_en"] == (
        "Retained earnings relative to total assets: 24.0%; adds 0.78 to Z''"
    )
    assert row["reasons"][0]["reason_zh"] == "留存收益与资产总额之比：24.0%；为Z''贡献0.78"


def test_what_lacks_earnings_alone_has_its_other_parts_and_says_why(catalog: Path) -> None:
    row = by_code(rows_of(catalog, several()))["alone"]
    assert [row[f"{part}_ratio"] for part in PARTS] == [0.2, 0.24, None, 1.5]
    (reason,) = row["reasons"]
    assert (reason["reason"], reason["points"]) == (NO_EARLIER, None)
    assert "3 to 12 months" in reason["reason_en"]
    assert "年度利润" in reason["reason_zh"]


def test_what_can_not_be_has_no_parts(catalog: Path) -> None:
    found = by_code(rows_of(catalog, several()))
    for code in ("owes nothing", "owns nothing", "to come"):
        assert [found[code][f"{part}_points"] for part in PARTS] == [None] * 4
        assert found[code]["reasons"]


def test_the_newest_period_that_is_over_counts_as_it_was_known_by_the_end_of_the_date(
    catalog: Path,
) -> None:
    cash = {**SOUND, "cash": 77}
    facts: Facts = {
        "enterprise_link": [
            link("statements", "A", "old", superseded_at=DAY_END - timedelta(days=1)),
            link("statements", "A", "E1", known_at=DAY_END, superseded_at=LATE),
            link("statements", "A", "late", known_at=LATE),
            link("statements", "A", "a customer", owner_code="X", party_role="customer"),
        ],
        "financial_statement": [
            *filed("A", QUARTER_BEFORE, SOUND),
            *filed("A", YEAR_END, SOUND, superseded_at=DAY_END),
            *filed("A", YEAR_END, cash, known_at=DAY_END, superseded_at=LATE),
            *filed("A", YEAR_END, SOUND, known_at=LATE),
            *filed("A", DAY, SOUND, known_at=LATE),
            *filed("A", date(2029, 12, 31), SOUND),
            *filed("unheard of", YEAR_END, SOUND, known_at=LATE),
        ],
    }
    statements = read(catalog, facts)
    assert statements[["enterprise_code", "enterprise_id", "cash"]].to_numpy().tolist() == [
        ["A", "E1", 77]
    ]
    assert by_code(distress_rows(statements, DAY))["A"]["period_end_date"] == YEAR_END


@pytest.mark.parametrize(
    ("ends", "months"),
    [
        ([date(2019, 9, 30)], 3),
        ([date(2019, 9, 30), date(2019, 3, 31), date(2019, 6, 30)], 9),
        ([date(2019, 9, 30), date(2018, 12, 31), date(2018, 9, 30)], 12),
        ([date(2018, 9, 30)], None),
        ([date(2019, 11, 30), date(2019, 10, 31)], None),
        ([], None),
    ],
)
def test_earnings_are_since_the_earliest_statement_of_the_twelve_months_before(
    catalog: Path, ends: list[date], months: int | None
) -> None:
    # A year before there is one that is not whole.
    part = {name: EARLIER_SOUND[name] for name in ("revenue", "cost_of_sales")}
    facts = filed("A", YEAR_END, SOUND)
    for end in ends:
        facts += filed("A", end, EARLIER_SOUND)
    if date(2018, 12, 31) not in ends:
        facts += filed("A", date(2018, 12, 31), part)
    facts += filed("B", date(2018, 12, 31), EARLIER_SOUND)
    row = by_code(rows_of(catalog, {"financial_statement": facts}))["A"]
    assert row["earnings_months"] == months
    assert (row["outcome"] == "scored") == (months is not None)
    if months is not None:
        assert float(row["earnings_cny"]) == pytest.approx(100 * 12 / months, abs=0.005)


AMOUNT = st.integers(-1_000, 10_000)


@given(
    lines=st.fixed_dictionaries(dict.fromkeys(LINES, AMOUNT)),
    earlier=st.fixed_dictionaries(dict.fromkeys(EARLIER_SOUND, AMOUNT)),
    gone=st.sets(st.sampled_from((*LINES, NO_EARLIER)), max_size=1),
)
def test_a_row_is_that_of_a_slow_second_implementation(
    catalog: Path, lines: dict[str, int], earlier: dict[str, int], gone: set[str]
) -> None:
    lines = opened_with(lines)
    there = {name: amount for name, amount in lines.items() if name not in gone}
    facts = filed("A", YEAR_END, there)
    if NO_EARLIER not in gone:
        facts += filed("A", QUARTER_BEFORE, earlier)
    row = by_code(rows_of(catalog, {"financial_statement": facts}))["A"]

    assert row["missing"] == sorted(gone)
    assets = [there.get(name) for name in ("cash", "receivables", "inventory", "fixed_assets")]
    debts = [
        there.get(name) for name in ("payables", "wages_payable", "tax_payable", "short_term_loans")
    ]
    owned = None if None in assets else sum(x for x in assets if x is not None)
    owed = None if None in debts else sum(x for x in debts if x is not None)
    can_not_be = (owned is not None and owned <= 0) or (owed is not None and owed <= 0)
    expected = "implausible" if can_not_be else "missing" if gone else "scored"
    assert row["outcome"] == expected
    if expected != "scored":
        assert row["z_score"] is None
        return
    assert owned is not None and owed is not None
    won = lines["revenue"] - earlier["revenue"]
    for name in ("cost_of_sales", "administrative_expenses", "credit_losses"):
        won -= lines[name] - earlier[name]
    z_score = (
        6.56 * (owned - lines["fixed_assets"] - owed) / owned
        + 3.26 * (owned - owed - lines["paid_in_capital"]) / owned
        + 6.72 * (won * 4) / owned
        + 1.05 * (owned - owed) / owed
    )
    assert row["z_score"] == pytest.approx(z_score, rel=1e-9, abs=1e-9)
    assert sum(row[f"{part}_points"] for part in PARTS) == pytest.approx(
        z_score, rel=1e-9, abs=1e-9
    )
    assert row["zone"] == zone_of(row["z_score"])
    added = [one["points"] for one in row["reasons"]]
    assert added == sorted(added)
    assert sum(added) == pytest.approx(row["z_score"], rel=1e-9, abs=1e-9)


def test_the_rows_have_the_columns_of_their_table(catalog: Path) -> None:
    rows, columns = rows_of(catalog, several()), load_tables(catalog)[DISTRESS].columns
    assert rows.column_names == list(columns)
    for column, declared in columns.items():
        if column != "reasons":
            assert rows.schema.field(column).type == ARROW[declared.type], column
        assert rows[column].null_count == 0 or not declared.required, column
    fields = ",".join(
        f"{one.name}:{'double' if one.type == pa.float64() else 'string'}"
        for one in rows.schema.field("reasons").type.value_type
    )
    assert columns["reasons"].type == f"array<struct<{fields}>>"


def test_the_note_counts_zones_and_outcomes(catalog: Path) -> None:
    assert distress_note(rows_of(catalog, several())) == (
        "Altman's Z'' of 6 enterprises: 0 distress, 0 grey, 1 safe; 2 lack something, "
        "3 can't be right"
    )


def failing(rows: pa.Table) -> set[str]:
    """The reasons of the gate's derived columns that find something in some rows."""
    (suite,) = [one.suite for one in load_suites("scores") if one.suite.table == DISTRESS]
    broken = set()
    with duckdb.connect() as database:
        database.register("batch", rows)
        for one in suite.expectations:
            if set(one.columns) <= set(suite.derived):
                sql = f"select 1 from batch where not ({suite.derived[one.columns[0]]})"
                sql = sqlglot.transpile(sql, read="spark", write="duckdb")[0]
                if database.sql(sql).fetchall():
                    broken.add(one.why)
    return broken


def changed(rows: pa.Table, column: str, values: Any) -> pa.Table:
    field = rows.schema.field(column)
    if not isinstance(values, pa.ChunkedArray):
        values = pa.array([values] * rows.num_rows, field.type)
    return rows.set_column(rows.column_names.index(column), field, values.cast(field.type))


def test_the_gate_passes_sound_rows_and_finds_unsound_ones(catalog: Path) -> None:
    rows = rows_of(catalog, several())
    told = "What has no Z'' says what it lacks or what can't be."
    by_sum = "Z'' is the sum of its four parts, and only a scored statement has it."
    assert failing(rows) == set()
    assert failing(changed(rows, "zone", "grey")) == {
        "The zone follows from Z'' by the published bounds."
    }
    assert failing(changed(rows, "earnings_points", 1.0)) == {by_sum}
    assert failing(changed(rows, "outcome", "scored")) == {by_sum, told}
    assert failing(changed(rows, "outcome", "missing")) == {by_sum, told}
    assert failing(changed(rows, "reasons", [])) == {"No row is without its reasons."}
    more = changed(rows, "equity_cny", pc.add(rows["equity_cny"].cast(pa.float64()), 1.0))
    assert failing(more) == {"What is owned is owed to somebody or is equity."}


def test_the_inventory_says_that_nothing_is_fitted(catalog: Path) -> None:
    declared = declared_model(catalog, "financial_distress")
    assert "not fitted" in declared.title_en
    assert declared.tier == 3
