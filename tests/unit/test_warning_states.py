"""States of warnings and the watch list against a walk from day to day, on random histories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.enterprise_inputs import EnterpriseInputs
from loomline.indicators.catalogue import DeclaredIndicator, IndicatorCatalogue
from loomline.indicators.levels import AMBER, CANNOT_SAY, LEVEL_NAMES, levels_of, watched_values
from loomline.indicators.model import Indicator, Points, WatchPolicy
from loomline.indicators.rows import CARRIED, state_cells, states_of_rows, watch_rows
from loomline.indicators.states import WarningStates, next_states, no_states
from loomline.indicators.watch_list import LEAST_REASON, STATUSES, watch_list
from tests.unit.slow_warnings import slow_level, slow_state, slow_status

POINTS = Points(amber=1, red=3)
POLICY = WatchPolicy.model_validate(
    {
        "points": {"amber": 1, "red": 3},
        "strongest_per_domain": 2,
        "calm_domains": 1,
        "watch_from": 1.5,
        "escalate_from": 2.5,
        "escalate_domains": 2,
        "responses": {
            "call": dict.fromkeys(
                ("action_en", "action_zh", "escalation_en", "escalation_zh"), "Call."
            )
            | {"due_days": 5}
        },
        "sources": {"trial": "A trial."},
    }
)
START = date(2020, 1, 1)
TYPES = {"is_counted": pa.bool_(), "fading_points": pa.float64(), "weight_points": pa.float64()}
TYPES |= {name: pa.date32() for name in CARRIED if name.endswith("_date")}


def indicator(name: str = "trial", **changes: Any) -> Indicator:
    declared: dict[str, Any] = {
        "name": name,
        "input": name,
        "bad": "high",
        "amber": 1,
        "red": 2,
        "persistence_days": 0,
        "half_life_days": 30,
        "response": "call",
        "source": "trial",
        "says_en": "Bad.",
        "says_zh": "坏。",
    }
    return Indicator.model_validate(declared | changes)


def codes(*levels: str) -> np.ndarray[Any, np.dtype[np.int8]]:
    return np.array([[LEVEL_NAMES.index(level) for level in levels]], dtype=np.int8)


def walk(history: Sequence[tuple[date, str]], one: Indicator) -> WarningStates:
    """The state after all dates of a history, made from date to date."""
    state = no_states(date.min, 1, 1)
    for day, level in history:
        state = next_states([one], POINTS, state, codes(level), day)
    return state


def day_of(array: Any) -> date | None:
    return array[0, 0].item()


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[date, str]]:
    """Dates a day, some weeks or a season apart, each with a level."""
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 7, 31, 90]), min_size=1, max_size=25))
    levels = st.sampled_from([*LEVEL_NAMES, "none", "red"])
    days = np.cumsum([0, *steps[1:]])
    return [(START + timedelta(days=int(day)), draw(levels)) for day in days]


indicators = st.builds(
    lambda persistence, half_life: indicator(
        persistence_days=persistence, half_life_days=half_life
    ),
    st.sampled_from([0, 1, 7, 30, 100]),
    st.sampled_from([1, 10, 90, 365]),
)


@given(histories(), indicators)
def test_a_state_is_what_a_walk_through_the_days_finds(
    history: list[tuple[date, str]], one: Indicator
) -> None:
    state, right = walk(history, one), slow_state(history, one, POINTS)
    assert day_of(state.since) == right.since
    assert day_of(state.last_bad) == right.last_bad
    assert day_of(state.cleared) == right.cleared
    assert state.counts[0, 0] == right.counts
    assert state.weights[0, 0] == pytest.approx(right.weight, rel=1e-9)
    lasted = (right.last_bad - right.since).days if right.since and right.last_bad else 0
    assert state.lasted_days[0, 0] == lasted


@given(histories(), indicators, st.integers(1, 89))
def test_a_date_more_between_two_of_its_level_changes_no_later_state(
    history: list[tuple[date, str]], one: Indicator, later: int
) -> None:
    between = {
        day + timedelta(days=later): level
        for (day, level), (next_day, next_level) in pairwise(history)
        if level == next_level and day + timedelta(days=later) < next_day
    }
    more = sorted((between | dict(history)).items())
    with_more, without = walk(more, one), walk(history, one)
    assert day_of(with_more.since) == day_of(without.since)
    assert day_of(with_more.cleared) == day_of(without.cleared)
    assert with_more.weights[0, 0] == pytest.approx(without.weights[0, 0])


@given(st.sampled_from([0, 5, 30]), st.integers(1, 200), st.sampled_from(["none", "cannot_say"]))
def test_what_a_warning_weighs_halves_with_each_half_life_after_it_has_gone(
    persistence: int, days: int, level: str
) -> None:
    one = indicator(persistence_days=persistence, half_life_days=40)
    gone = START + timedelta(days=31)
    history = [(START, "red"), (gone - timedelta(days=1), "red"), (gone, level)]
    assert walk(history, one).weights[0, 0] == 3
    later = walk([*history, (gone + timedelta(days=days), level)], one)
    assert later.weights[0, 0] == pytest.approx(3 * 0.5 ** (days / 40))


def test_a_warning_weighs_nothing_before_it_has_lasted_long_enough() -> None:
    one = indicator(persistence_days=30)
    short = [(START, "red"), (START + timedelta(days=29), "red")]
    assert walk(short, one).weights[0, 0] == 0
    assert walk([*short, (START + timedelta(days=30), "amber")], one).weights[0, 0] == 1
    # One that ends before that leaves nothing behind.
    assert walk([*short, (START + timedelta(days=31), "none")], one).weights[0, 0] == 0


def test_silence_neither_ends_a_warning_nor_makes_it_last() -> None:
    one = indicator(persistence_days=10)
    silent = [(START, "red"), (START + timedelta(days=20), "cannot_say")]
    state = walk(silent, one)
    assert day_of(state.since) == START
    assert not state.counts[0, 0]
    assert walk([*silent, (START + timedelta(days=21), "red")], one).weights[0, 0] == 3


def test_a_state_can_only_go_on_from_an_earlier_one() -> None:
    state = no_states(START, 1, 1)
    with pytest.raises(ValueError, match="can't come before"):
        next_states([indicator()], POINTS, state, codes("none"), START)
    with pytest.raises(ValueError, match="can't come before"):
        next_states([indicator()], POINTS, state, codes("none", "red"), START + timedelta(days=1))


values = st.one_of(st.just(math.nan), st.floats(-3, 3), st.sampled_from([-2.0, -1.0, 1.0, 2.0]))


@given(st.lists(st.tuples(values, st.sampled_from(["17", "29", ""])), min_size=1, max_size=8))
def test_a_level_is_that_of_the_value_by_the_levels_of_its_trade(
    firms: list[tuple[float, str]],
) -> None:
    own = {"29": {"amber": 0.5, "red": 2.5}}
    high = indicator("high", by_trade=own)
    low = indicator("low", bad="low", amber=-1, red=-2)
    watched, trades = [value for value, _ in firms], [trade for _, trade in firms]
    found = levels_of([high, low], np.array([watched, watched]), trades)
    for row, one in enumerate((high, low)):
        right = [slow_level(one, value, trade) for value, trade in firms]
        assert [LEVEL_NAMES[code] for code in found[row]] == right


def test_a_rank_is_among_the_trade_or_among_all_where_that_is_small() -> None:
    trades = ["17"] * 6 + ["29", ""]
    inputs = EnterpriseInputs(
        [f"E{place}" for place in range(8)],
        trades,
        START,
        {"size": np.arange(8.0)},
    )
    ranked = indicator("size", scale="rank", amber=0.9, red=0.95)
    plain = indicator("size2", input="size", amber=6, red=7)
    watched = watched_values([ranked, plain], inputs)
    assert watched[0].tolist() == [0, 0.2, 0.4, 0.6, 0.8, 1, 6 / 7, 1]
    assert watched[1].tolist() == list(range(8))


def declared(*domains: str, **alone: str) -> list[DeclaredIndicator]:
    return [
        DeclaredIndicator(
            domain, "tester", indicator(f"i{place}", red_alone=alone.get(f"i{place}"))
        )
        for place, domain in enumerate(domains)
    ]


cells = st.tuples(st.sampled_from([0, 0, 0.05, 0.4, 1, 1.4, 1.6, 2.9, 3]), st.booleans())


@given(
    st.lists(st.lists(cells, min_size=6, max_size=6), min_size=1, max_size=5),
    st.sampled_from([{}, {"i0": "watch"}, {"i0": "watch", "i5": "escalated"}]),
)
def test_a_status_is_that_of_the_obvious_mean(
    firms: list[list[tuple[float, bool]]], alone: dict[str, str]
) -> None:
    every = declared("a", "a", "a", "b", "b", "c", **alone)
    weights = np.array([[weight for weight, _ in own] for own in firms])
    said = np.array([[is_said for _, is_said in own] for own in firms])
    found = watch_list(every, POLICY, said.T, weights.T)
    for place, own in enumerate(weights.tolist()):
        status, weight = slow_status(every, POLICY, said[place].tolist(), own)
        assert STATUSES[found.statuses[place]] == status
        assert found.weights[place] == pytest.approx(weight)
        start, end = found.reason_offsets[place : place + 2]
        reasons = found.reason_rows[start:end].tolist()
        right = [row for row in range(6) if own[row] >= LEAST_REASON]
        assert reasons == sorted(right, key=lambda row: (-own[row], row))


@given(histories(), histories())
def test_states_that_are_written_and_read_go_on_as_they_were(
    first: list[tuple[date, str]], second: list[tuple[date, str]]
) -> None:
    plain = [one.indicator for one in declared("a", "b")]
    state = no_states(date.min, 2, 1)
    for (day, one), (_, other) in zip(first, second, strict=False):
        levels = np.concatenate([codes(one), codes(other)])
        state = next_states(plain, POINTS, state, levels, day)
    (cells,) = state_cells(np.full((2, 1), np.nan), state).to_pylist()
    rows = [
        {**cell, "enterprise_id": "E1", "indicator": name, "level": LEVEL_NAMES[cell["level_code"]]}
        for cell, name in zip(cells, ("i0", "i1"), strict=True)
        if cell["since_date"] or cell["cleared_date"] or cell["fading_points"] > 0
    ]
    columns = {
        name: pa.array([row[name] for row in rows], TYPES.get(name, pa.string()))
        for name in CARRIED
    }
    # In another order, with a firm that is new and an indicator that is gone.
    read = states_of_rows(pa.table(columns), state.as_of_date, ["i1", "new", "i0"], ["E0", "E1"])
    for name in ("since", "last_bad", "cleared", "counts", "fading", "weights"):
        array, was = getattr(read, name), getattr(state, name)
        np.testing.assert_array_equal(array[[2, 0], 1], was[:, 0])
    assert ((read.levels[[2, 0], 1] >= AMBER) == (state.levels[:, 0] >= AMBER)).all()
    assert (read.weights[:, 0] == 0).all() and read.weights[1, 1] == 0


def test_a_status_is_kept_since_the_date_from_which_it_has_stood() -> None:
    catalogue = IndicatorCatalogue(tuple(declared("a", "b", i0="watch")), POLICY)
    ids = ["kept", "came", "new", "left"]
    inputs = EnterpriseInputs(ids, ["17", "", "17", ""], START, {})
    levels = np.concatenate([codes("red", "red", "red", "none"), codes(*["cannot_say"] * 4)])
    plain = [one.indicator for one in catalogue.indicators]
    states = next_states(plain, POINTS, no_states(date.min, 2, 4), levels, START)
    found = watch_list(catalogue.indicators, POLICY, levels != CANNOT_SAY, states.weights)
    before, earlier = date(2019, 12, 31), date(2019, 11, 30)
    then = {
        "kept": ("watch", earlier),
        "came": ("none", earlier),
        "left": ("watch", earlier),
    }
    rows = watch_rows(catalogue, inputs, states, found, (before, then)).to_pylist()
    told = {
        row["enterprise_id"]: (row["status"], row["status_since_date"], row["previous_status"])
        for row in rows
    }
    assert told == {
        "kept": ("watch", earlier, "watch"),
        "came": ("watch", START, "none"),
        "new": ("watch", START, None),
        "left": ("none", START, "watch"),
    }
    assert [row["trade"] for row in rows] == ["17", None, "17", None]
    assert [row["red_count"] for row in rows] == [1, 1, 1, 0]
    assert {row["said_count"] for row in rows} == {1}
    assert rows[0]["reasons"] == [
        {
            "indicator": "i0",
            "domain": "a",
            "level": "red",
            "since_date": START,
            "weight_points": 3.0,
        }
    ]
    assert rows[3]["reasons"] == []
