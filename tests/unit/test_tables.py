"""The declared tables: complete, and of types that can hold what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loomline.errors import CatalogueError
from loomline.tables import BRONZE_SHAPE, load_tables, table_declaration

SIMPLE_TYPE = r"(string|bigint|int|double|boolean|date|timestamp|decimal\(\d+,\d+\))"
UNIT_OF_ENDING = {"_cny": "CNY", "_ratio": "ratio", "_days": "days", "_bytes": "bytes"}


def test_keys_and_layouts_and_retentions_are_of_columns_of_their_table(catalog: Path) -> None:
    for name, table in load_tables(catalog).items():
        assert table.key, f"{name} has no key"
        named = {*table.key, *table.partition_by, *table.cluster_by}
        if table.retention is not None:
            named.add(table.retention.column)
        assert named <= set(table.columns), name


def test_key_columns_are_required(catalog: Path) -> None:
    for name, table in load_tables(catalog).items():
        optional = [column for column in table.key if not table.columns[column].required]
        assert not optional, f"{name}: {optional}"


def test_types_are_those_of_spark(catalog: Path) -> None:
    for name, table in load_tables(catalog).items():
        for column, declared in table.columns.items():
            is_nested = declared.type.startswith(("map<", "array<"))
            assert is_nested or re.fullmatch(SIMPLE_TYPE, declared.type), f"{name}.{column}"


def test_money_is_decimal_and_units_follow_the_name(catalog: Path) -> None:
    for name, table in load_tables(catalog).items():
        for column, declared in table.columns.items():
            for ending, unit in UNIT_OF_ENDING.items():
                if column.endswith(ending):
                    assert declared.unit == unit, f"{name}.{column}"
            if declared.unit == "CNY":
                assert declared.type.startswith("decimal("), f"{name}.{column}"


def test_every_silver_row_says_when_it_happened_was_known_and_where_it_came_from(
    catalog: Path,
) -> None:
    needed = ("event_at", "known_at", "source", "source_file", "file_sha256", "line_number")
    for name, table in load_tables(catalog).items():
        if name.startswith("silver.") and table.has_shared_columns:
            assert all(table.columns[column].required for column in needed), name


def test_only_rows_that_need_not_be_erased_are_marked_as_gone_and_the_state_has_no_marks(
    catalog: Path,
) -> None:
    marked = {name for name, table in load_tables(catalog).items() if table.ends_rows}
    assert {"silver.invoice", "silver.ledger_entry", "silver.trade_relation"} <= marked
    # Rows let go must leave their files; the files of the state are read without Delta.
    assert not {"silver.telemetry", "features.daily_state"} & marked


def test_a_source_has_a_bronze_table_of_the_common_shape(catalog: Path) -> None:
    declared = table_declaration(catalog, "bronze.any_source")
    assert declared is load_tables(catalog)[BRONZE_SHAPE]


def test_an_undeclared_table_is_an_error_that_names_it(catalog: Path) -> None:
    with pytest.raises(CatalogueError, match=r"silver\.nothing"):
        table_declaration(catalog, "silver.nothing")


def test_a_catalogue_without_tables_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="No table is declared"):
        load_tables(tmp_path)
