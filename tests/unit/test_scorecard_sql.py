"""Scorecards as SQL score as the card does."""

from __future__ import annotations

import math
import sqlite3
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one, transpile

from models.scorecard import BinnedFeature, Scorecard
from models.scorecard_sql import column_expressions, select_list, spark_columns
from tests.unit.made_up_cards import MadeUp, made_up


def scored_by_card(card: Scorecard, values: pd.DataFrame) -> tuple[list[Decimal], np.ndarray]:
    cents = [round(x * 100) for x in card.score(values)]
    return [Decimal(x) / 100 for x in cents], card.probability(card.score(values))


def as_arrow(values: pd.DataFrame, is_null: bool) -> pa.Table:
    """Missing values as NULL, or as the NaN that they are."""
    columns = {x: pa.array(values[x].to_numpy(), from_pandas=is_null) for x in values}
    return pa.table(columns)


def in_duckdb(columns: str, rows: pa.Table) -> list[tuple[Decimal, float]]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("firms", rows)
        found: list[tuple[Decimal, float]] = connection.sql(
            f"select {columns} from firms"
        ).fetchall()
    return found


def check(found: list[tuple[Decimal, float]], made: MadeUp) -> None:
    scores, pd_ratios = scored_by_card(made.card, made.values)
    assert [row[0] for row in found] == scores
    assert all(isinstance(row[0], Decimal) for row in found)
    np.testing.assert_allclose([row[1] for row in found], pd_ratios, rtol=1e-12, atol=0)


@settings(max_examples=25)
@given(made_up(), st.booleans())
def test_plain_sql_scores_as_the_card_does(made: MadeUp, is_null: bool) -> None:
    check(in_duckdb(select_list(made.card), as_arrow(made.values, is_null)), made)


@settings(max_examples=15)
@given(made_up(), st.booleans())
def test_what_spark_is_given_says_the_same(made: MadeUp, is_null: bool) -> None:
    # No Spark here: its text is read by the rules of Spark and run by another engine.
    read = [transpile(x, read="spark", write="duckdb")[0] for x in spark_columns(made.card)]
    check(in_duckdb(", ".join(read), as_arrow(made.values, is_null)), made)


@settings(max_examples=15)
@given(made_up())
def test_an_engine_without_decimals_gives_the_nearest_number(made: MadeUp) -> None:
    columns = ", ".join(f'"{name}"' for name in made.values)
    with sqlite3.connect(":memory:") as connection:
        connection.execute(f"create table firms ({columns})")
        marks = ", ".join("?" * made.values.shape[1])
        connection.executemany(f"insert into firms values ({marks})", made.values.to_numpy())
        found = connection.execute(f"select {select_list(made.card)} from firms").fetchall()
    scores, pd_ratios = scored_by_card(made.card, made.values)
    assert [row[0] for row in found] == pytest.approx([float(x) for x in scores], abs=1e-9)
    np.testing.assert_allclose([row[1] for row in found], pd_ratios, rtol=1e-12, atol=0)


@settings(max_examples=10)
@given(made_up())
def test_nothing_but_case_cast_and_power_is_asked_of_an_engine(made: MadeUp) -> None:
    for sql in column_expressions(made.card).values():
        used = {type(x) for x in parse_one(sql).find_all(exp.Func)}
        assert used <= {exp.Case, exp.If, exp.Cast, exp.Pow}


@settings(max_examples=10)
@given(made_up())
def test_every_bound_is_floating_point_whatever_the_engine_makes_of_decimals(made: MadeUp) -> None:
    sql = column_expressions(made.card)["score"]
    bounds = [x.expression.sql() for x in parse_one(sql).find_all(exp.LT, exp.LTE)]
    assert len(bounds) == sum(len(x.bounds) + 1 for x in made.card.features)
    assert all("E" in bound for bound in bounds)


@pytest.mark.parametrize("bound", [0.1, 1 / 3, 1e-7, -2.5e17, 123_456_789.123_456_78])
def test_a_bound_is_written_to_the_last_bit(bound: float) -> None:
    card = Scorecard(0, (BinnedFeature("x", (bound,), (100, 200), 300),), 600.0, 20.0, 40.0)
    values = [math.nextafter(bound, -math.inf), bound, math.nextafter(bound, math.inf)]
    found = in_duckdb(select_list(card), pa.table({"x": pa.array(values)}))
    assert [row[0] for row in found] == [1, 2, 2]


def test_a_name_that_is_a_word_of_sql_is_quoted() -> None:
    card = Scorecard(0, (BinnedFeature("order", (1.0,), (100, 200), 0),), 600.0, 20.0, 40.0)
    found = in_duckdb(select_list(card), pa.table({"order": pa.array([0.5, None])}))
    assert [row[0] for row in found] == [Decimal(1), Decimal(0)]
    assert "`order`" in spark_columns(card)[0]


def test_an_unknown_dialect_is_refused() -> None:
    card = Scorecard(0, (BinnedFeature("x", (1.0,), (1, 2), 0),), 600.0, 20.0, 40.0)
    with pytest.raises(ValueError, match="klingon"):
        select_list(card, "klingon")
