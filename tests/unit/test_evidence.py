"""The figures of rules against a slow obvious implementation, scipy's own, and what must hold."""

from __future__ import annotations

import math
from dataclasses import fields
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import relative_risk

from loomline.evidence.counts import Counts
from loomline.evidence.figures import Evidence, evidence
from loomline.evidence.history import Firings, History, Scope, window_ends
from loomline.evidence.intervals import clustered_variance, log_lift
from loomline.evidence.verdicts import LEVEL, q_values
from loomline.evidence.vocabulary import HAS_EVIDENCE, NONE, TOO_FEW, WEAK
from tests.unit import slow_evidence as slow
from tests.unit.slow_evidence import Firm, Rule

# Month ends, and days in the middle of months.
DAYS = [date(2020, 1, 31), date(2020, 2, 29), date(2020, 3, 31), date(2020, 8, 15)]
UNTIL = date(2021, 5, 31)


def days64(days: list[date] | list[date | None]) -> np.ndarray:
    return np.array(days, dtype="datetime64[D]")


def history_of(firms: list[Firm], days: list[date], until: date) -> History:
    return History(
        [f"E{place}" for place in range(len(firms))],
        [firm.trade for firm in firms],
        days64(days),
        np.array([[day in firm.evaluated for day in days] for firm in firms]),
        np.array([firm.has_outcome for firm in firms]),
        days64([firm.default for firm in firms]),
        np.datetime64(until),
    )


def firings_of(rules: list[Rule], firms: list[Firm], days: list[date]) -> Firings:
    fired = [
        (number, place, days.index(day))
        for number, rule in enumerate(rules)
        for place, day in sorted(rule.fired)
    ]
    columns = np.array(fired, dtype=np.int64).reshape(-1, 3)
    # In no order, and some twice: neither may matter.
    columns = np.concatenate([columns, columns[::2]])
    columns = np.random.default_rng(0).permutation(columns)
    scope = Scope(
        np.array([[day in rule.in_force for day in days] for rule in rules]),
        np.array(
            [[not rule.trades or firm.trade in rule.trades for firm in firms] for rule in rules]
        ),
    )
    return Firings(scope, columns[:, 0], columns[:, 1], columns[:, 2])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Firm], list[Rule]]:
    """Firms and rules of which some tell who defaults, and some do not."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.sampled_from([1, 3, 30, 120]))
    default_share = draw(st.sampled_from([0.0, 0.1, 0.4, 1.0]))
    firms = []
    for _ in range(count):
        default = DAYS[0] + timedelta(days=int(random.integers(-40, 700)))
        firms.append(
            Firm(
                str(random.choice(["", "17", "29"])),
                bool(random.random() < 0.9),
                frozenset(day for day in DAYS if random.random() < 0.9),
                default if random.random() < default_share else None,
            )
        )
    rules = []
    for _ in range(draw(st.integers(1, 4))):
        level = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
        raised = draw(st.sampled_from([0.0, 0.3, 1.0]))
        trades = draw(st.sampled_from([[], [], ["17"], ["17", "29"]]))
        rules.append(
            Rule(
                frozenset(day for day in DAYS if random.random() < 0.9),
                frozenset(trades),
                frozenset(
                    (place, day)
                    for place, firm in enumerate(firms)
                    for day in DAYS
                    if random.random() < (level if firm.default is None else max(level, raised))
                ),
            )
        )
    return firms, rules


def found_of(figures: Evidence, rule: int) -> dict[str, float]:
    parts = (figures.hits, figures.lifts, figures.early_warnings, figures.stability)
    return {
        field.name: getattr(part, field.name)[rule]
        for part in parts
        for field in fields(part)
        if field.name not in ("method", "reference_date")
    }


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_every_figure_is_that_of_the_obvious_implementation(
    world: tuple[list[Firm], list[Rule]],
) -> None:
    firms, rules = world
    figures = evidence(history_of(firms, DAYS, UNTIL), firings_of(rules, firms, DAYS))
    for number, rule in enumerate(rules):
        cells = slow.cells_of(rule, firms, UNTIL)
        right = (
            slow.hit_figures(rule, firms)
            | slow.lift_figures(cells, DAYS)
            | slow.warning_figures(rule, firms, UNTIL)
            | slow.stability_figures(rule, firms, DAYS, UNTIL)
        )
        found = found_of(figures, number)
        assert found.keys() == right.keys()
        for name, value in right.items():
            assert found[name] == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True), name
        is_few = slow.expected(cells) < 10
        assert figures.lifts.method[number] == ("one_date" if is_few else "all_dates")
        if is_few:
            at = figures.lifts.reference_date[number]
            assert at == np.datetime64(slow.reference_date(cells, DAYS))
        assert figures.expected_enterprise_count[number] == pytest.approx(slow.expected(cells))
        for other in range(len(rules)):
            share, jaccard = slow.jaccard(rule, rules[other], firms)
            assert figures.overlap.shares[number, other] == pytest.approx(share, nan_ok=True)
            assert figures.overlap.jaccard[number, other] == pytest.approx(jaccard, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(worlds(), st.randoms())
def test_firings_after_the_default_and_outcomes_of_open_windows_change_no_lift(
    world: tuple[list[Firm], list[Rule]], random: object
) -> None:
    firms, rules = world
    before = evidence(history_of(firms, DAYS, UNTIL), firings_of(rules, firms, DAYS)).lifts
    # The last date's window is open; nobody may learn from it, whatever happens.
    later = [
        Rule(
            rule.in_force,
            rule.trades,
            rule.fired
            | {(place, DAYS[-1]) for place in range(len(firms))}
            | {
                (place, day)
                for place, firm in enumerate(firms)
                for day in DAYS
                if firm.default is not None and firm.default <= day
            },
        )
        for rule in rules
    ]
    after = evidence(history_of(firms, DAYS, UNTIL), firings_of(later, firms, DAYS)).lifts
    for field in fields(before):
        np.testing.assert_array_equal(getattr(before, field.name), getattr(after, field.name))


@given(st.dates(date(2000, 1, 1), date(2050, 12, 31)))
def test_a_window_ends_a_year_later_and_that_of_a_month_end_on_a_month_end(day: date) -> None:
    assert window_ends(days64([day]))[0] == np.datetime64(slow.window_end(day))


@settings(max_examples=100, deadline=None)
@given(*[st.integers(1, 60)] * 4)
def test_with_one_date_an_enterprise_the_variance_is_that_of_independent_cases(
    a: int, b: int, c: int, d: int
) -> None:
    fired = np.repeat([1.0, 1.0, 0.0, 0.0], [a, b, c, d])[None]
    defaults = np.repeat([1.0, 0.0, 1.0, 0.0], [a, b, c, d])[None]
    one = np.ones_like(fired)
    log = log_lift(Counts(fired * defaults, fired, defaults, one))
    total = a + b + c + d
    # Of the logarithm of a share among the fired by that among all, by the delta method.
    naive = 1 / a - 1 / (a + b) - 1 / (a + c) - 1 / total + 2 * a / ((a + b) * (a + c))
    assert log.variance(one)[0] == pytest.approx(naive * total / (total - 1))
    # The same sums of influences for the risk ratio give the interval of Katz.
    risk = (
        fired * defaults / a - fired / (a + b) - (1 - fired) * defaults / c + (1 - fired) / (c + d)
    )
    spread = math.sqrt(clustered_variance(risk, one)[0] * (total - 1) / total)
    katz = relative_risk(a, a + b, c, c + d)
    half = math.log(katz.confidence_interval(0.95).high / katz.relative_risk)
    assert slow.Z * spread == pytest.approx(half)


def simulated(random: np.random.Generator, effect: float) -> tuple[list[Firm], list[Rule]]:
    """Firms that fire on all dates or on none, so that a date more says nothing more."""
    firms, fired = [], set()
    days = [date(2019, month, 28) for month in range(1, 13)]
    for place in range(150):
        weak = random.random() < 0.3
        defaults = random.random() < 0.25 * (effect if weak else 1)
        firms.append(Firm("", True, frozenset(days), date(2019, 12, 30) if defaults else None))
        fired |= {(place, day) for day in days if weak}
    return firms, [Rule(frozenset(days), frozenset(), frozenset(fired))]


def test_the_interval_holds_the_lift_as_often_as_it_says_though_dates_repeat_themselves() -> None:
    random, held, held_naively, tries, effect = np.random.default_rng(5), 0, 0, 300, 2.0
    true_lift = effect / (0.3 * effect + 0.7)
    for _ in range(tries):
        firms, rules = simulated(random, effect)
        days = sorted(firms[0].evaluated)
        lifts = evidence(
            history_of(firms, days, date(2020, 12, 31)), firings_of(rules, firms, days)
        ).lifts
        held += lifts.lift_lower[0] <= true_lift <= lifts.lift_upper[0]
        # As if each date were a case of its own.
        half = math.log(lifts.lift_upper[0] / lifts.lift[0]) / math.sqrt(len(days))
        held_naively += abs(math.log(lifts.lift[0] / true_lift)) <= half
    assert 0.92 <= held / tries <= 0.98
    assert held_naively / tries < 0.6


def test_of_rules_that_say_nothing_no_more_look_good_than_the_level_though_dates_repeat() -> None:
    random = np.random.default_rng(3)
    rules, firms, days = 1500, 400, 12
    months = np.datetime64("2018-01", "M") + np.arange(days) + 1
    default_dates = np.full(firms, np.datetime64("NaT"), dtype="datetime64[D]")
    bad = random.random(firms) < 0.15
    default_dates[bad] = np.datetime64("2018-02-01") + random.integers(0, 600, bad.sum())
    history = History(
        [f"E{place}" for place in range(firms)],
        [""] * firms,
        months.astype("datetime64[D]") - 1,
        np.ones((firms, days), dtype=bool),
        np.ones(firms, dtype=bool),
        default_dates,
        np.datetime64("2020-06-30"),
    )
    # A firm that a rule fires for is one that it fires for on all dates.
    fired = np.repeat((random.random((rules, firms)) < 0.3)[:, :, None], days, axis=2)
    scope = Scope(np.ones((rules, days), dtype=bool), np.ones((rules, firms), dtype=bool))
    figures = evidence(history, Firings(scope, *np.nonzero(fired)))
    assert (figures.lifts.method == "all_dates").mean() > 0.9
    p_values = figures.lifts.p_value
    assert (p_values < 0.05).mean() < 0.06
    assert (p_values < 0.005).mean() < 0.008
    assert (figures.verdict == HAS_EVIDENCE).sum() == 0


def test_rules_dealt_at_random_are_seldom_found_and_one_that_tells_is() -> None:
    random = np.random.default_rng(11)
    days = [date(2019, 12, 31)]
    firms = [
        Firm("", True, frozenset(days), date(2020, 6, 1) if place < 60 else None)
        for place in range(400)
    ]
    idle = [
        Rule(
            frozenset(days),
            frozenset(),
            frozenset((int(x), days[0]) for x in random.choice(400, 60, replace=False)),
        )
        for _ in range(300)
    ]
    telling = Rule(
        frozenset(days), frozenset(), frozenset((place, days[0]) for place in range(30, 90))
    )
    never = Rule(frozenset(days), frozenset(), frozenset())
    figures = evidence(
        history_of(firms, days, date(2020, 12, 31)),
        firings_of([telling, never, *idle], firms, days),
    )
    assert figures.verdict[0] == HAS_EVIDENCE
    assert figures.verdict[1] == TOO_FEW
    said = list(figures.verdict[2:])
    assert said.count(HAS_EVIDENCE) <= 3
    # By chance one in twenty looks good on its own.
    assert 1 <= said.count(WEAK) <= 30
    assert said.count(NONE) >= 250


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.5, 1.0])), min_size=1, max_size=30
    )
)
def test_q_values_are_those_of_benjamini_and_hochberg_over_what_can_be_found(
    some: list[tuple[float, float]],
) -> None:
    p_values, least = (np.array(part) for part in zip(*some, strict=True))
    found = q_values(p_values, least)
    testable = least <= LEVEL
    assert np.isnan(found[~testable]).all()
    right = slow.benjamini_hochberg(p_values[testable].tolist())
    assert found[testable].tolist() == pytest.approx(right)


def test_a_rule_that_fires_for_all_has_a_lift_of_one_and_no_evidence() -> None:
    days = [date(2019, 11, 30), date(2019, 12, 31)]
    firms = [
        Firm("", True, frozenset(days), date(2020, 6, 1) if place < 20 else None)
        for place in range(70)
    ]
    everybody = frozenset((place, day) for place in range(70) for day in days)
    figures = evidence(
        history_of(firms, days, date(2020, 12, 31)),
        firings_of([Rule(frozenset(days), frozenset(), everybody)], firms, days),
    )
    assert figures.lifts.lift[0] == pytest.approx(1)
    assert (figures.lifts.p_value[0], figures.verdict[0]) == (1.0, NONE)


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="1 enterprises, but 0 trades"):
        History(["E1"], [], days64(DAYS), np.zeros((1, 4), bool), *[np.zeros(1, bool)] * 2, UNTIL)
    with pytest.raises(ValueError, match="do not ascend"):
        history_of([Firm("", True, frozenset(), None)], DAYS[::-1], UNTIL)
    scope = Scope(np.ones((1, 4), bool), np.ones((1, 1), bool))
    with pytest.raises(ValueError, match="1 rules, 0 enterprises"):
        Firings(scope, np.zeros(1, int), np.zeros(0, int), np.zeros(1, int))
    nothing = Firings(Scope(np.ones((0, 4), bool), np.ones((0, 1), bool)), *[np.zeros(0, int)] * 3)
    with pytest.raises(ValueError, match="without a rule"):
        evidence(history_of([Firm("", True, frozenset(), None)], DAYS, UNTIL), nothing)
