"""The window algebra against a slow obvious one, on random histories."""

from __future__ import annotations

import math
from datetime import date
from itertools import product
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomline.families.algebra import window_values
from loomline.families.model import Family, Feature
from loomline.families.ranks import rank_among_trades
from loomline.families.state import DailyState, Steps, daily_state
from loomline.families.vocabulary import (
    AGGREGATIONS,
    COMPARISONS,
    STATE_DAYS,
    Comparison,
    Kind,
    WindowDays,
    reach_days,
)
from tests.unit.slow_windows import Firm, rank, unranked

MEASURES = ("sale", "cost")


def feature(
    aggregation: str, window: int, comparison: str, kinds: tuple[Kind, ...] = ("flow", "flow")
) -> Feature:
    is_ratio = aggregation == "ratio"
    unit = (
        "ratio"
        if is_ratio
        else next(words.unit for name, words in AGGREGATIONS.items() if name == aggregation)
    )
    named: dict[str, Any] = dict.fromkeys(
        ("family", "domain", "owner", "unit", "description_en", "description_zh", "missing_means"),
        "trial",
    )
    return Feature(
        name=f"{aggregation}_{'_'.join(kinds)}_{window}d_{comparison}",
        measures=MEASURES if is_ratio else MEASURES[:1],
        kinds=kinds if is_ratio else kinds[:1],
        aggregation=aggregation,
        window_days=window,
        comparison=comparison,
        change="difference" if unit in ("ratio", "days") else "relative",
        **named,
    )


# Aggregations with their shortest window, and ratios of each two kinds.
FORMS: list[tuple[str, int, tuple[Kind, ...]]] = [
    *((name, words.least_days, (words.kinds[0],)) for name, words in AGGREGATIONS.items()),
    *(("ratio", 7, kinds) for kinds in product(get_args(Kind), repeat=2)),
]
EVERY_FEATURE = [
    feature(aggregation, window, comparison, kinds)
    for aggregation, least, kinds in FORMS
    for window in get_args(WindowDays)
    if window >= least
    for comparison in get_args(Comparison)
    if reach_days(window, comparison) <= STATE_DAYS
]
UNRANKED = [one for one in EVERY_FEATURE if not COMPARISONS[one.comparison].is_ranked]


@st.composite
def histories(draw: st.DrawFn) -> list[int]:
    """The cents of 730 days: none, steady, sparse or dense, some below 0, from some day on."""
    kind = draw(st.sampled_from(["none", "steady", "random", "random", "random"]))
    days = [0] * STATE_DAYS
    if kind == "none":
        return days
    if kind == "steady":
        days = [draw(st.integers(-3, 10**9))] * STATE_DAYS
    else:
        random = np.random.default_rng(draw(st.integers(0, 2**32)))
        low = draw(st.sampled_from([-5, -(10**7), 0, 1]))
        high = draw(st.sampled_from([2, 10**7, 10**11]))
        is_active = random.random(STATE_DAYS) < draw(st.sampled_from([0.01, 0.2, 0.9]))
        days = np.where(is_active, random.integers(low, high, STATE_DAYS), 0).tolist()
    begin = draw(st.sampled_from([0, 0, 100, 365, 366, 400, 635, 700, 729, 730]))
    gap = draw(st.integers(0, STATE_DAYS))
    days[:begin] = [0] * begin
    days[gap : gap + 60] = [0] * len(days[gap : gap + 60])
    return days


@st.composite
def firms(draw: st.DrawFn) -> Firm:
    cents = {name: draw(histories()) for name in MEASURES}
    first = min((at for days in cents.values() for at, day in enumerate(days) if day), default=None)
    covered = 0 if first is None else STATE_DAYS - first
    longer = draw(st.sampled_from([0, 0, 5, 2000]))
    return Firm(draw(st.integers(-1, 1)), covered + longer, cents)


def state_of(some: list[Firm], as_of_date: date) -> DailyState:
    return DailyState(
        [f"E{place}" for place in range(len(some))],
        np.array([firm.trade for firm in some]),
        as_of_date,
        {name: np.array([firm.cents[name] for firm in some]) / 100 for name in MEASURES},
        {name: np.array([firm.history_days for firm in some]) for name in MEASURES},
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(firms(), min_size=1, max_size=2),
    st.dates(date(2003, 1, 1), date(2060, 1, 1)),
    st.integers(0, 9),
)
def test_every_feature_is_that_of_the_obvious_implementation(
    some: list[Firm], as_of_date: date, tenth: int
) -> None:
    values = window_values(UNRANKED, state_of(some, as_of_date))
    assert not np.isinf(values).any()
    for row, firm in enumerate(some):
        # A tenth of the features at once, for the obvious implementation is slow.
        for one, found in list(zip(UNRANKED, values[row], strict=True))[tenth::10]:
            right = unranked(one, firm, as_of_date)
            close = math.isclose(found, right, rel_tol=1e-9, abs_tol=1e-9)
            assert close or (math.isnan(found) and math.isnan(right)), (one.name, found, right)


@settings(max_examples=15, deadline=None)
@given(st.lists(firms(), min_size=7, max_size=14))
def test_a_ranked_feature_is_the_rank_of_what_precedes_it(some: list[Firm]) -> None:
    state = state_of(some, date(2024, 2, 29))
    ranked = [one for one in EVERY_FEATURE if COMPARISONS[one.comparison].is_ranked]
    before = [
        feature(one.aggregation, one.window_days, COMPARISONS[one.comparison].change, one.kinds)
        for one in ranked
    ]
    expected = rank_among_trades(window_values(before, state).T, state.trades).T
    np.testing.assert_array_equal(window_values(ranked, state), expected)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-1, 2), st.sampled_from([0.0, 1.0, 2.5, -7.0, 1e9, math.nan])),
        min_size=1,
        max_size=40,
    )
)
def test_a_rank_is_the_share_of_the_others_that_are_lower(found: list[tuple[int, float]]) -> None:
    trades, values = [trade for trade, _ in found], [value for _, value in found]
    ranks = rank_among_trades(np.array([values, values]), np.array(trades))
    expected = [rank(values, trades, place) for place in range(len(values))]
    np.testing.assert_allclose(ranks, [expected, expected], rtol=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.lists(firms(), min_size=2, max_size=6), st.randoms())
def test_values_do_not_depend_on_what_is_computed_beside_them(
    some: list[Firm], random: Any
) -> None:
    state = state_of(some, date(2024, 6, 30))
    whole = window_values(UNRANKED, state)
    row = random.randrange(len(some))
    columns = random.sample(range(len(UNRANKED)), 20)
    alone = window_values(
        [UNRANKED[at] for at in columns], state_of([some[row]], date(2024, 6, 30))
    )
    np.testing.assert_array_equal(alone[0], whole[row, columns])


def test_what_cancels_is_nothing_and_not_a_speck() -> None:
    days = [0] * (STATE_DAYS - 30) + [10, 20, -30] * 10
    state = state_of([Firm(0, STATE_DAYS, {"sale": days, "cost": days})], date(2024, 6, 30))
    some = [
        feature("sum", 30, "none"),
        feature("variation", 30, "none"),
        feature("ratio", 30, "none"),
    ]
    values = window_values(some, state)[0]
    assert values[0] == 0
    assert np.isnan(values[1:]).all()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e15])
def test_a_value_that_is_no_amount_is_refused(value: float) -> None:
    state = state_of([Firm(0, 9, dict.fromkeys(MEASURES, [1] * STATE_DAYS))], date(2024, 6, 30))
    state.values["sale"][0, 3] = value
    with pytest.raises(ValueError, match="1e15"):
        window_values([feature("sum", 7, "none")], state)


def test_a_state_that_lacks_a_measure_or_days_is_refused() -> None:
    days = {"sale": np.zeros((1, 700))}
    state = DailyState(["E1"], np.array([0]), date(2024, 6, 30), days, {"sale": np.array([0])})
    with pytest.raises(ValueError, match=r"sale has the shape \(1, 700\)"):
        window_values([feature("sum", 7, "none")], state)
    with pytest.raises(ValueError, match="no measure cost"):
        window_values(
            [feature("ratio", 7, "none")],
            DailyState(
                ["E1"],
                np.array([0]),
                date(2024, 6, 30),
                {"sale": np.zeros((1, STATE_DAYS))},
                state.history_days,
            ),
        )
    with pytest.raises(ValueError, match="1 enterprises, but trades"):
        DailyState(["E1"], np.array([0, 1]), date(2024, 6, 30), days, {})


def test_no_enterprise_and_no_feature_are_no_values() -> None:
    nobody = DailyState(
        [],
        np.array([], dtype=int),
        date(2024, 6, 30),
        {name: np.zeros((0, STATE_DAYS)) for name in MEASURES},
        {name: np.array([], dtype=int) for name in MEASURES},
    )
    assert window_values(EVERY_FEATURE, nobody).shape == (0, len(EVERY_FEATURE))
    assert window_values([], nobody).shape == (0, 0)


def steps_of(changes: list[tuple[int, int, float]]) -> Steps:
    """Steps from places, days back and amounts."""
    places, back, amounts = (np.array(part) for part in zip(*changes, strict=True))
    return Steps(places, back, amounts.astype(float))


def test_the_days_of_a_flow_are_its_steps_and_no_others() -> None:
    changes = [(0, 0, 0.1 + 0.2 - 0.3), (1, 729, 2.5), (1, 730, 9.0), (1, -1, 9.0), (2, 5, 0.25)]
    days = steps_of(changes).dense("flow", 3)
    assert days.shape == (3, STATE_DAYS)
    assert (days[1, 0], days[2, -6], np.count_nonzero(days)) == (2.5, 0.25, 2)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(-2, 1200), st.integers(-(10**9), 10**9)),
        min_size=1,
        max_size=60,
        unique_by=lambda change: change[:2],
    )
)
def test_a_balance_is_all_that_was_added_and_taken_away_up_to_its_day(
    changes: list[tuple[int, int, int]],
) -> None:
    cents = [(place, back, amount / 100) for place, back, amount in changes]
    balances = steps_of(cents).dense("balance", 3)
    for place, back in product(range(3), (0, 1, 30, 400, STATE_DAYS - 1)):
        stands = sum(cent for of, day, cent in changes if of == place and day >= max(back, 0))
        assert balances[place, STATE_DAYS - 1 - back] == pytest.approx(stands / 100, abs=1e-9)


def family(**declared: Any) -> Family:
    """A family of one measure, which has the family's name."""
    said = dict.fromkeys(("domain", "owner", "description", "missing_means"), "trial")
    name = declared["family"]
    table, sender = declared.pop("table", name), declared.pop("sender", None)
    measure = {
        "name": name,
        "table": f"silver.{table}",
        "sender": sender,
        "day": "day",
        "value": "1",
        "unit": "rows",
        "description_en": name,
        "description_zh": name,
    }
    return Family.model_validate({**said, "measures": [measure], **declared})


def test_a_history_begins_with_the_first_row_of_a_table_that_shows_one() -> None:
    families = [
        family(family="order"),
        family(family="stop", also_covered_by=["silver.order"]),
        family(family="notice", covers_everybody=True),
        family(family="waybill", table="order", sender="carriers"),
    ]
    steps = {
        "order": steps_of([(0, 9, 1.0), (0, 50, 0.00001), (1, 3, -1.0)]),
        "stop": steps_of([(1, 4, 1.0), (2, 7, 1.0)]),
        "notice": steps_of([(1, 20, 1.0)]),
        "waybill": steps_of([(2, 2, 1.0)]),
    }
    trades = np.zeros(3, dtype=np.int64)
    state = daily_state(families, ["E0", "E1", "E2"], trades, date(2024, 6, 30), steps)
    found = {name: days.tolist() for name, days in state.history_days.items()}
    assert found == {
        "order": [10, 4, 0],
        "stop": [10, 5, 8],
        "notice": [21, 21, 21],
        "waybill": [0, 0, 3],
    }
    assert state.values_of("stop")[2, STATE_DAYS - 8] == 1
