"""The suites of the gates, as data: what is declared can be run, and what can't is told plainly."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.suites import SuiteFile, check_columns, load_suites, with_dates
from loomline.errors import CatalogueError
from loomline.tables import load_tables

GATES = ("silver", "scores", "rules", "evidence", "marts")
# Their tables are declared in catalog/tables.
DECLARED_GATES = ("silver", "scores", "rules", "evidence")
SUITE = """
table: silver.invoice
derived:
  amount_gap_cny: net_cny + tax_cny - total_cny
expectations:
  - expectation: {expectation}
    arguments: {arguments}
    severity: critical
    why: It must hold.
"""


def write_suite(folder: Path, expectation: str, arguments: str) -> Path:
    path = folder / "silver" / "invoice.yml"
    path.parent.mkdir()
    path.write_text(SUITE.format(expectation=expectation, arguments=arguments), encoding="utf-8")
    return path


@pytest.mark.parametrize("gate", GATES)
def test_every_suite_is_one_that_great_expectations_can_run(gate: str) -> None:
    assert load_suites(gate)


def test_every_declared_table_of_features_scores_and_rules_has_a_suite(catalog: Path) -> None:
    checked = {one.suite.table for gate in DECLARED_GATES for one in load_suites(gate)}
    assert "quality.key_check" in checked  # It has a row for each table of silver.
    schemas = ("features.", "scores.", "rules.")
    assert {table for table in load_tables(catalog) if table.startswith(schemas)} <= checked


@pytest.mark.parametrize("gate", DECLARED_GATES)
def test_every_expectation_is_on_a_column_that_the_table_declares(gate: str, catalog: Path) -> None:
    for suite_file in load_suites(gate):
        declared = list(load_tables(catalog)[suite_file.suite.table].columns)
        check_columns(suite_file, declared + list(suite_file.suite.derived))


@pytest.mark.parametrize("gate", GATES)
def test_every_table_has_at_least_one_critical_expectation(gate: str) -> None:
    for suite_file in load_suites(gate):
        severities = {declared.severity for declared in suite_file.suite.expectations}
        assert "critical" in severities, suite_file.path


@given(sides=st.tuples(*[st.integers(0, 9)] * 4), lost=st.integers(-2, 2))
def test_rows_that_are_nowhere_are_what_landed_less_every_side(
    sides: tuple[int, int, int, int], lost: int
) -> None:
    [suite] = [one.suite for one in load_suites("silver") if one.path.stem == "reconciliation"]
    names = ("conformed_rows", "duplicate_rows", "quarantined_rows", "dead_lettered_rows")
    rows = dict(zip(names, sides, strict=True)) | {"landed_rows": sum(sides) + lost}
    columns = ", ".join(f"{count} as {name}" for name, count in rows.items())
    sql = f"select {suite.derived['unexplained_rows']} from (select {columns})"
    with closing(sqlite3.connect(":memory:")) as database:
        assert database.execute(sql).fetchone() == (lost,)


def test_an_unknown_expectation_names_file_line_and_key(tmp_path: Path) -> None:
    path = write_suite(tmp_path, "expect_the_moon", "{column: status}")
    with pytest.raises(CatalogueError) as refused:
        load_suites("silver", tmp_path)
    assert str(refused.value).startswith(f"{path}:6: expectations.0.expectation: ")
    assert "expect_the_moon" in str(refused.value)


def test_an_unknown_argument_names_file_line_and_argument(tmp_path: Path) -> None:
    path = write_suite(
        tmp_path, "expect_column_values_to_be_in_set", "{column: status, value_sett: [valid]}"
    )
    with pytest.raises(CatalogueError) as refused:
        load_suites("silver", tmp_path)
    assert str(refused.value).startswith(f"{path}:7: expectations.0.arguments: ")
    assert "value_sett" in str(refused.value)


def test_an_expectation_on_a_column_that_the_table_lacks_names_the_column(tmp_path: Path) -> None:
    path = write_suite(tmp_path, "expect_column_values_to_be_unique", "{column: moon}")
    suite_file = only(load_suites("silver", tmp_path))
    with pytest.raises(CatalogueError) as refused:
        check_columns(suite_file, ["status", "amount_gap_cny"])
    assert str(refused.value).startswith(f"{path}:7: ")
    assert "silver.invoice has no column 'moon'" in str(refused.value)


def test_a_derived_column_may_be_expected_on(tmp_path: Path) -> None:
    write_suite(tmp_path, "expect_column_values_to_be_unique", "{column: amount_gap_cny}")
    check_columns(only(load_suites("silver", tmp_path)), ["status", "amount_gap_cny"])


def test_a_gate_without_a_suite_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="No suite is declared"):
        load_suites("silver", tmp_path)


def test_dates_become_literals_and_the_batch_stays_for_great_expectations() -> None:
    text = with_dates(
        "select * from {batch} where known_at <= {as_of_end} and day = {as_of_date}",
        date(2020, 2, 29),
        datetime(2020, 2, 29, 16, tzinfo=UTC),
    )
    assert text == (
        "select * from {batch} where known_at <= timestamp'2020-02-29 16:00:00Z' "
        "and day = date'2020-02-29'"
    )


def only(suites: list[SuiteFile]) -> SuiteFile:
    (one,) = suites
    return one
