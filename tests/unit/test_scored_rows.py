"""Scores with reasons, many firms at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.master_scale import load_master_scale
from models.number_texts import format_number, number_texts
from models.reasons import decimal_points
from models.scorecard import BinnedFeature, Scorecard
from models.scored_rows import grades, scored_batches, scored_rows
from tests.unit.made_up_cards import AMOUNTS, UNITS, MadeUp, made_up, names_of
from tests.unit.slow_reasons import scored_firm

CARD = Scorecard(
    base_cents=50_000,
    features=(
        BinnedFeature("concentration", (0.25, 0.7), (1_234, 0, -2_051), 0),
        BinnedFeature("sales", (1_000.0,), (-333, 777), -55),
    ),
    reference_score=600.0,
    reference_odds=20.0,
    points_to_double_odds=40.0,
)
NAMES = pd.DataFrame(
    {
        "feature": ["concentration", "sales"],
        "unit": ["index", "CNY"],
        "description_en": ["Supplier concentration", "Mean sales a month"],
        "description_zh": ["供应商集中度", "月均销售额"],
    }
)
CATALOG = Path(__file__).resolve().parents[2] / "catalog"
SCALE = load_master_scale(CATALOG)
SAME = {"as_of_date": date(2024, 6, 30), "model_version": "7", "is_approved": True}


def rows_of(values: list[tuple[float, float]]) -> list[dict[str, object]]:
    frame = pd.DataFrame(values, columns=["concentration", "sales"], dtype=float)
    frame.index = pd.Index([f"E{x}" for x in range(len(frame))])
    found: list[dict[str, object]] = scored_rows(CARD, frame, NAMES, SCALE, SAME).to_pylist()
    return found


@given(made_up())
def test_the_rows_are_those_of_one_firm_after_the_other(made: MadeUp) -> None:
    rows = scored_rows(made.card, made.values, made.names, SCALE, SAME).to_pylist()
    described = made.names.set_index("feature").to_dict("index")
    assert [row["enterprise_id"] for row in rows] == list(made.values.index)
    for row, values in zip(rows, made.values.to_dict("records"), strict=True):
        expected = scored_firm(made.card, values, described, SCALE)  # type: ignore[arg-type]
        assert row["pd_ratio"] == pytest.approx(expected.pop("pd_ratio"), rel=1e-13)
        assert {name: row[name] for name in expected} == expected
        # Decimals are equal whatever their places, texts of floats only bit by bit.
        assert str(row["score"]) == f"{expected['score']:.2f}"
        assert {name: row[name] for name in SAME} == SAME


@settings(max_examples=50)
@given(made_up())
def test_base_and_reasons_add_up_to_the_score_exactly(made: MadeUp) -> None:
    found = scored_rows(made.card, made.values, made.names, SCALE, {})
    for row in found.to_pylist():
        assert row["base_points"] + sum(x["points"] for x in row["reasons"]) == row["score"]
    scores = np.array([float(x) for x in found["score"].to_pylist()])
    assert (scores == made.card.score(made.values)).all()
    assert (found["pd_ratio"].to_numpy() == made.card.probability(scores)).all()


@settings(max_examples=25)
@given(made_up(), st.integers(1, 5))
def test_how_many_firms_are_worked_on_at_a_time_changes_nothing(made: MadeUp, some: int) -> None:
    given = (made.card, made.values, made.names, SCALE, SAME)
    whole = scored_rows(*given)
    assert scored_rows(*given, firms_at_once=some).equals(whole)
    sizes = [len(batch) for batch in scored_batches(*given, firms_at_once=some)]
    assert sum(sizes) == len(whole) and max(sizes) <= some


@given(st.lists(st.one_of(AMOUNTS, st.just(np.nan))), st.sampled_from(list(UNITS.values())))
# Texts differ here although the values are rounded to the same: -0, and the style from 1,000 on.
@example([0.0, -0.0, -0.3, 0.3, 999.6, 1000.2, -999.6, 999.96], "ratio")
@example([0.0, -0.0, -0.04, 0.04, 999.96, 1000.2, 0.35, 0.25, 0.45], "kWh")
@example([0.5, 1.5, 2.5, -0.5, -0.2, 1e300, 5e-324], "CNY")
@example([5e-324, 1.005, 1.015, 0.0995, 0.09995, 0.1, 99.95, 1e-5, 1.235e-4], "index")
def test_numbers_of_a_column_are_written_as_one_by_one(values: list[float], unit: str) -> None:
    places, texts = number_texts(np.array(values, dtype=float), unit)
    written = ["" if np.isnan(x) else format_number(x, unit) for x in values]
    assert [texts[place] for place in places] == written


def test_values_that_look_the_same_share_a_text() -> None:
    values = np.random.default_rng(5).random(20_000)
    texts = number_texts(values, "ratio")[1]
    assert len(texts) < 3_000


def test_a_probability_on_the_bound_of_a_grade_is_in_it() -> None:
    bounds = np.array([grade.pd_up_to_ratio for grade in SCALE.grades])
    ratios = np.concatenate([[0.0], bounds, np.nextafter(bounds, 0), np.nextafter(bounds[:-1], 1)])
    assert grades(SCALE, ratios).to_pylist() == [SCALE.grade_of(x) for x in ratios.tolist()]


@given(st.lists(st.integers(-(10**9) + 1, 10**9 - 1)))
def test_hundredths_become_exact_decimals(cents: list[int]) -> None:
    found = decimal_points(np.array(cents, dtype=np.int64))
    found.validate(full=True)
    assert found.to_pylist() == [Decimal(x) / 100 for x in cents]


@pytest.mark.parametrize("cents", [10**9, -(10**9)])
def test_points_with_too_many_digits_are_refused(cents: int) -> None:
    with pytest.raises(ValueError, match="more points"):
        decimal_points(np.array([cents]))


def test_a_reason_tells_value_bin_and_effect_in_both_languages() -> None:
    (row,) = rows_of([(0.83, 2_500.0)])
    worst, best = row["reasons"]  # type: ignore[misc]
    assert worst["reason_en"] == (
        "Supplier concentration: 0.83, in the range from 0.7 up; lowers the score by 20.51 points."
    )
    assert worst["reason_zh"] == "供应商集中度：0.83，不低于0.7；扣20.51分。"
    assert best["reason_en"] == (
        "Mean sales a month: CNY 2,500, in the range from CNY 1,000 up; "
        "raises the score by 7.77 points."
    )
    assert best["reason_zh"] == "月均销售额：2,500元，不低于1,000元；加7.77分。"


def test_a_missing_value_is_said_to_be_missing() -> None:
    (row,) = rows_of([(np.nan, np.nan)])
    by_feature = {x["feature"]: x for x in row["reasons"]}  # type: ignore[attr-defined]
    assert by_feature["sales"]["value"] is None
    assert by_feature["sales"]["bin"] == "missing"
    assert by_feature["sales"]["points"] == Decimal("-0.55")
    assert "not available" in by_feature["sales"]["reason_en"]
    assert "leaves the score as it is" in by_feature["concentration"]["reason_en"]


def test_no_firm_gives_no_row_and_the_same_columns() -> None:
    none = pd.DataFrame([], pd.Index([], dtype=object), ["concentration", "sales"], float)
    found = scored_rows(CARD, none, NAMES, SCALE, SAME)
    one = pd.DataFrame({"concentration": [0.1], "sales": [1.0]}, index=["E1"])
    assert len(found) == 0
    assert found.schema == scored_rows(CARD, one, NAMES, SCALE, SAME).schema


def test_a_feature_without_a_name_in_the_list_is_refused() -> None:
    one = pd.DataFrame({"concentration": [0.1], "sales": [1.0]}, index=["E1"])
    with pytest.raises(KeyError, match="sales"):
        scored_rows(CARD, one, names_of({"concentration": "index"}), SCALE, SAME)


def test_the_columns_have_the_types_of_the_table() -> None:
    one = pd.DataFrame({"concentration": [0.1], "sales": [np.nan]}, index=["E1"])
    schema = scored_rows(CARD, one, NAMES, SCALE, SAME).schema
    assert schema.field("score").type == schema.field("base_points").type == pa.decimal128(9, 2)
    assert schema.field("as_of_date").type == pa.date32()
    reason = schema.field("reasons").type.value_type
    assert {field.name: str(field.type) for field in reason} == {
        "feature": "string",
        "value": "double",
        "bin": "string",
        "points": "decimal128(9, 2)",
        "reason_en": "string",
        "reason_zh": "string",
    }
