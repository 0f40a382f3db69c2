"""What changed and why, against slow obvious implementations and planted changes."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.changes import (
    Measure,
    compare,
    firm_moves,
    input_moves,
    moves,
    score_steps,
    warning_change,
    warning_changes,
    warning_counts,
)
from reports.parts import Words
from tests.unit.slow_changes import (
    slow_firm_change,
    slow_warning_change,
    slow_warning_changes,
    slow_warning_count,
)

Row = dict[str, Any]
LEVELS = ("none", "amber", "red", "cannot_say")
FIRMS, INDICATORS = ("E1", "E2", "E3"), ("a", "b")
GRADES = ["A", "B", "C"]

POINTS = st.integers(-5000, 5000).map(lambda cents: Decimal(cents) / 100)
VALUES = st.none() | st.integers(-50, 50).map(float)


def state(enterprise: str, indicator: str, level: str) -> Row:
    weight = {"amber": 1.0, "red": 3.0}.get(level, 0.0)
    value = None if level == "cannot_say" else weight
    return {
        **{"enterprise_id": enterprise, "indicator": indicator, "level": level},
        **{"watched_value": value, "weight_points": weight},
    }


@st.composite
def states(draw: st.DrawFn) -> list[Row]:
    rows = []
    for enterprise in FIRMS:
        for indicator in INDICATORS:
            level = draw(st.sampled_from((*LEVELS, None)))
            if level is not None:
                rows.append(state(enterprise, indicator, level))
    return rows


@st.composite
def scores(draw: st.DrawFn) -> Row:
    """A score that its base points and reasons add up to."""
    features = draw(st.lists(st.sampled_from("uvwxyz"), unique=True))
    reasons = [
        {
            **{"feature": feature, "value": draw(VALUES), "points": draw(POINTS)},
            **{"reason_en": f"{feature}.", "reason_zh": f"{feature}。"},
        }
        for feature in features
    ]
    base = draw(POINTS)
    total = base + sum((reason["points"] for reason in reasons), Decimal(0))
    return {"base_points": base, "score": total, "reasons": reasons}


@given(scores(), scores())
def test_the_steps_add_up_to_the_change_of_the_score(before: Row, now: Row) -> None:
    steps = score_steps(before, now)
    total = sum(step["points_change"] for step in steps)
    assert total == pytest.approx(float(now["score"] - before["score"]), abs=1e-6)
    sizes = [abs(step["points_change"]) for step in steps]
    assert sizes == sorted(sizes, reverse=True)
    assert all(sizes)


@given(scores())
def test_a_score_has_no_steps_from_itself_nor_from_nothing(score: Row) -> None:
    assert score_steps(score, score) == ()
    assert score_steps(None, score) == ()
    assert score_steps(score, None) == ()


def test_a_planted_step_names_the_feature_with_both_values() -> None:
    def score(points: str, value: float) -> Row:
        reason = {"feature": "sales", "value": value, "points": Decimal(points)}
        return {
            "base_points": Decimal(600),
            "reasons": [{**reason, "reason_en": "Sales fell.", "reason_zh": "销售下降。"}],
        }

    (step,) = score_steps(score("12.50", 1.1), score("-3.25", 0.4))
    assert (step["feature"], step["value_before"], step["value"]) == ("sales", 1.1, 0.4)
    assert (step["points_before"], step["points"], step["points_change"]) == (12.5, -3.25, -15.75)
    assert step["reason_en"] == "Sales fell."


@pytest.mark.parametrize("before", [*LEVELS, None])
@pytest.mark.parametrize("now", [*LEVELS, None])
def test_a_change_of_level_is_called_by_its_name(before: str | None, now: str | None) -> None:
    assert warning_change(before, now) == slow_warning_change(before, now)


@given(states(), states())
def test_warnings_that_changed_are_those_of_a_walk(before: list[Row], now: list[Row]) -> None:
    found = warning_changes(before, now)
    told = {(row["enterprise_id"], row["indicator"], row["change"]) for row in found}
    assert told == slow_warning_changes(before, now)
    assert len(found) == len(told)
    for row in found:
        for rows, level, value in (
            (before, "level_before", "value_before"),
            (now, "level", "watched_value"),
        ):
            own = [
                one
                for one in rows
                if (one["enterprise_id"], one["indicator"])
                == (row["enterprise_id"], row["indicator"])
            ]
            assert [row[level], row[value]] == (
                [own[0]["level"], own[0]["watched_value"]] if own else [None, None]
            )


def test_what_rose_most_comes_first_and_what_cleared_last() -> None:
    levels = {"a": ("amber", "red"), "b": ("none", "red"), "c": ("red", "none")}
    before, now = (
        [state("E1", name, pair[place]) for name, pair in levels.items()] for place in (0, 1)
    )
    found = [(row["indicator"], row["change"]) for row in warning_changes(before, now)]
    assert found == [("b", "rose"), ("a", "rose"), ("c", "cleared")]


@given(states(), states())
def test_counts_of_firms_are_those_of_a_walk(before: list[Row], now: list[Row]) -> None:
    levels = {(row["enterprise_id"], row["indicator"]): row["level"] for row in before}
    pairs = Counter(
        (row["indicator"], levels[row["enterprise_id"], row["indicator"]], row["level"])
        for row in now
        if (row["enterprise_id"], row["indicator"]) in levels
    )
    found = warning_counts(
        {"indicator": name, "level_before": was, "level": level, "enterprise_count": count}
        for (name, was, level), count in pairs.items()
    )
    counted = {row["indicator"]: row for row in found}
    for name in INDICATORS:
        right = slow_warning_count(before, now, name)
        if not right["on"] and not right["on_before"]:
            assert name not in counted
            continue
        assert right == {kind: counted[name][f"{kind}_count"] for kind in right}
        assert counted[name]["on_change"] == right["on"] - right["on_before"]
    changes = [row["on_change"] for row in found]
    assert changes == sorted(changes, reverse=True)


@st.composite
def firms(draw: st.DrawFn) -> list[Row]:
    return [
        {
            "enterprise_id": enterprise,
            "status": draw(st.sampled_from(("none", "watch", "escalated", None))),
            "grade": draw(st.sampled_from((*GRADES, None))),
            "weight_points": draw(st.sampled_from((0.0, 1.0, 9.5, None))),
            "pd_ratio": draw(st.sampled_from((0.01, 0.2, None))),
        }
        for enterprise in FIRMS
        if draw(st.booleans())
    ]


@given(firms(), firms())
def test_firms_that_changed_are_those_of_a_walk(before: list[Row], now: list[Row]) -> None:
    found = {
        row["enterprise_id"]: row["direction"]
        for row in firm_moves(before, now, {grade: i for i, grade in enumerate(GRADES)})
    }
    right = {}
    for row in now:
        for was in before:
            if was["enterprise_id"] == row["enterprise_id"]:
                change = slow_firm_change(was, row, GRADES)
                if change is not None:
                    right[row["enterprise_id"]] = change[1]
    assert found == right


def test_a_step_of_the_status_comes_before_any_grade_and_a_grade_before_points() -> None:
    def firm(name: str, status: str, grade: str, weight: float) -> Row:
        return {
            **{"enterprise_id": name, "status": status, "grade": grade},
            **{"weight_points": weight, "pd_ratio": 0.1},
        }

    before = [firm(name, "none", "A", 0.0) for name in FIRMS]
    now = [
        firm("E1", "none", "A", 11.0),
        firm("E2", "watch", "A", 1.0),
        firm("E3", "none", "C", 0.0),
    ]
    moved = firm_moves(before, now, {"A": 1, "B": 2, "C": 3})
    assert [row["enterprise_id"] for row in moved] == ["E2", "E3", "E1"]
    assert moved[0]["status_before"] == "none"
    assert moved[2]["weight_change"] == 11.0


@given(
    st.dictionaries(st.sampled_from("abcd"), VALUES),
    st.dictionaries(st.sampled_from("abcd"), VALUES),
)
def test_moves_are_differences_and_what_has_none_is_last(
    before: dict[str, float | None], now: dict[str, float | None]
) -> None:
    rows = [
        [{"name": name, "value": value} for name, value in one.items()] for one in (before, now)
    ]
    found = moves(*rows, "name", "value")
    assert {row["name"] for row in found} == set(now)
    for row in found:
        was, is_now = before.get(row["name"]), now[row["name"]]
        right = None if was is None or is_now is None else is_now - was
        assert row["change"] == right
    sizes = [None if row["change"] is None else abs(row["change"]) for row in found]
    known = [size for size in sizes if size is not None]
    assert sizes == sorted(known, reverse=True) + [None] * (len(sizes) - len(known))


def test_an_input_moves_for_the_worse_by_the_side_that_is_better() -> None:
    dimension = {
        "dimension": "growth",
        "inputs": [
            {"input": "cost", "better": "low", "weight": 1.0},
            {"input": "sales", "better": "high", "weight": 3.0},
            {"input": "gone", "better": "high", "weight": 2.0},
        ],
    }
    before, now = {"cost": 1.0, "sales": 2.0, "gone": 5.0}, {"cost": 2.0, "sales": 3.0}
    found = input_moves(dimension, before, now)
    told = [(row["feature"], row["direction"], row["before"], row["now"]) for row in found]
    assert told == [
        ("sales", "better", 2.0, 3.0),
        ("gone", "same", 5.0, None),
        ("cost", "worse", 1.0, 2.0),
    ]


def test_measures_are_compared_in_their_unit_and_a_missing_one_is_no_change() -> None:
    measures = (
        Measure("pd_ratio", Words("PD", "概率"), "%", "low", 100),
        Measure("score", Words("Score", "评分"), "points", "high"),
        Measure("firms", Words("Firms", "企业")),
    )
    before = {"pd_ratio": 0.02, "score": Decimal("600.50"), "firms": 3}
    rows = compare(measures, before, {"pd_ratio": 0.05, "score": None, "firms": 4})
    assert [row["direction"] for row in rows] == ["worse", "same", "other"]
    assert rows[0]["change"] == pytest.approx(3)
    assert (rows[1]["before"], rows[1]["now"], rows[1]["change"]) == (600.5, None, None)
