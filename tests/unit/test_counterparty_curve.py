"""How long items take, and how far a pair differs from its like; against slow and random ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.arrays import Floats
from models.counterparties.curve import LONGEST_DAYS, Curve, Spells, fitted_curve, watched
from models.counterparties.habits import (
    GREATEST_STRENGTH,
    Habits,
    day_reached,
    habits,
    remaining,
    remaining_interval,
    strength,
)
from models.counterparties.pairs import Pairs

ITEM = st.tuples(st.integers(-8, 8), st.integers(-8, 12), st.booleans())
ITEMS = st.lists(ITEM, min_size=1, max_size=25)


def spells_of(drawn: list[tuple[int, int, bool]]) -> Spells:
    after, until, is_ended = (np.array(column) for column in zip(*drawn, strict=True))
    return watched(after, until, is_ended)


def slow_hazard(drawn: list[tuple[int, int, bool]], day: int) -> float:
    """1/Y + 1/(Y-1) + ..., a term an item that ended on the day."""
    at_risk = sum(after < day <= until for after, until, _ in drawn)
    ended = sum(after < until == day and is_ended for after, until, is_ended in drawn)
    return sum(1 / (at_risk - place) for place in range(ended))


@given(ITEMS)
def test_the_curve_is_that_of_counting_day_by_day(drawn: list[tuple[int, int, bool]]) -> None:
    curve = fitted_curve(spells_of(drawn))
    total = 0.0
    for day in range(-9, 14):
        total += slow_hazard(drawn, day)
        assert curve.until(np.array([day]))[0] == pytest.approx(total, abs=1e-9)


@given(ITEMS)
def test_as_many_ends_are_expected_as_there_were(drawn: list[tuple[int, int, bool]]) -> None:
    spells = spells_of(drawn)
    expected = fitted_curve(spells).expected(spells)
    assert (expected >= -1e-12).all()
    ended = sum(is_ended and after < until for after, until, is_ended in drawn)
    assert expected.sum() == pytest.approx(ended, abs=1e-9)


def test_who_is_seen_on_weekly_lists_alone_is_not_thereby_late() -> None:
    random = np.random.default_rng(3)
    count = 40_000
    # A tenth is settled every day; items are on lists every seventh day only.
    life = random.geometric(0.1, count)
    first_list = random.integers(1, 8, count)
    # Open on the day of a list is what is settled later.
    is_seen = life > first_list
    lists_seen = (life - 1 - first_list) // 7
    last_list = first_list + 7 * lists_seen
    until = last_list + 4
    spells = watched(first_list[is_seen], until[is_seen], np.ones(is_seen.sum(), dtype=bool))
    curve = fitted_curve(spells)
    truth = np.log(1 / 0.9) * 14
    found = curve.until(np.array([21]))[0] - curve.until(np.array([7]))[0]
    assert found == pytest.approx(truth, rel=0.06)
    # Watched from the start, they would seem to have survived what nobody could see.
    blind = fitted_curve(
        watched(np.zeros(is_seen.sum(), dtype=int), until[is_seen], spells.is_ended)
    )
    assert blind.until(np.array([7]))[0] < 0.6 * np.log(1 / 0.9) * 7


def test_nothing_is_watched_beyond_the_longest_wait() -> None:
    spells = watched(np.array([-9_000]), np.array([9_000]), np.array([True]))
    assert (spells.after[0], spells.until[0]) == (-LONGEST_DAYS, LONGEST_DAYS)
    assert not spells.is_ended[0]


def alone(count: int) -> Pairs:
    """Pairs of one owner, nobody of them known elsewhere."""
    return Pairs(np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64))


def made_up(random: np.random.Generator, shape: float | None) -> tuple[Floats, Floats, Floats]:
    """Ended and expected items of 400 members, and the true factor of each."""
    count = 400
    truth = np.ones(count) if shape is None else random.gamma(shape, 1 / shape, count)
    member = np.repeat(np.arange(count), 15)
    waited = np.ceil(random.exponential(12 / truth[member])).astype(int)
    longest = random.integers(5, 60, len(member))
    until, is_ended = np.minimum(waited, longest), waited <= longest
    spells = watched(np.zeros(len(member), dtype=int), until, is_ended)
    expected = fitted_curve(spells).expected(spells)
    pairs = alone(count)
    return pairs.sums(member, is_ended.astype(float)), pairs.sums(member, expected), truth


def test_the_strength_is_near_that_by_which_members_were_made_to_differ() -> None:
    random = np.random.default_rng(5)
    ended, expected, truth = made_up(random, 4.0)
    # The fast ones leave the common curve first, so members seem somewhat more alike than they are.
    assert 4 < strength(ended, expected) < 7
    assert strength(*made_up(random, 1.0)[:2]) < 2.5
    found = habits(alone(len(truth)), ended, expected)
    shrunken, own = found.factor * found.shape / found.rate, ended / expected
    # Drawn towards one another they are nearer to the truth than each by itself.
    scale = truth.mean()
    assert np.mean((shrunken * scale - truth) ** 2) < 0.9 * np.mean((own * scale - truth) ** 2)


def test_members_that_do_not_differ_say_what_all_say() -> None:
    ended, expected, _ = made_up(np.random.default_rng(6), None)
    assert strength(ended, expected) > 100
    assert strength(ended[:1], expected[:1]) == GREATEST_STRENGTH


def test_a_pair_borrows_from_its_firm_elsewhere_and_then_from_its_owner() -> None:
    # Owner 0 has pairs 0 to 3, owner 1 has 4 to 7; firms 9 and 6 are new with owner 0 only.
    pairs = Pairs(np.repeat(np.arange(2), 4), np.array([9, 6, -1, 8, 9, 6, -1, 7], dtype=np.int64))
    ended = np.array([0.0, 0, 60, 0, 5, 120, 90, 0])
    expected = np.array([0.0, 0, 70, 0, 40, 70, 95, 0])
    found = habits(pairs, ended, expected)
    assert list(found.level) == [2, 2, 3, 1, 3, 3, 3, 1]
    assert list(found.count) == [5, 120, 60, 60, 5, 120, 90, 215]
    mean = found.factor * found.shape / found.rate
    # One firm was slow elsewhere and the other fast, and nobody knows the third.
    assert mean[0] < 0.6 * mean[3]
    assert mean[3] < 0.9 * mean[1]


CURVE = Curve(-3, np.array([0.0, 0.1, 0.0, 0.6, 0.2, 0.0, 0.3]), np.zeros(7))
HABIT = st.tuples(st.floats(0.2, 3), st.floats(0.2, 50), st.floats(0.2, 50))


def one_habit(factor: float, shape: float, rate: float) -> Habits:
    zero = np.zeros(1, dtype=np.int64)
    return Habits(np.array([factor]), np.array([shape]), np.array([rate]), zero, zero)


@given(HABIT, st.integers(-6, 3), st.floats(0.05, 0.95))
def test_the_day_reached_is_the_first_on_which_so_little_remains(
    habit: tuple[float, float, float], known_days: int, part_left: float
) -> None:
    mine, known = one_habit(*habit), np.array([known_days])
    later = range(known_days + 1, CURVE.last_day + 1)
    left = [remaining(mine, CURVE, known, day)[0] for day in later]
    reached = [day for day, part in zip(later, left, strict=True) if part <= part_left + 1e-9]
    (found,) = day_reached(mine, CURVE, known, part_left)
    assert (np.isnan(found) and not reached) or found == reached[0]


def test_what_remains_is_the_mean_over_the_habits_that_a_debtor_may_have() -> None:
    mine, known = one_habit(1.4, 3.0, 2.5), np.array([-1])
    factors = np.random.default_rng(8).gamma(3.0, 1 / 2.5, 400_000)
    # From day 0 to day 3: hazards of 0.6, 0.2, 0 and 0.3.
    left = np.exp(-1.4 * factors * 1.1)
    assert remaining(mine, CURVE, known, 3)[0] == pytest.approx(left.mean(), abs=0.002)
    lower, upper = (end[0] for end in remaining_interval(mine, CURVE, known, 3))
    assert (lower, upper) == pytest.approx(tuple(np.quantile(left, [0.025, 0.975])), abs=0.005)


def test_what_is_known_is_certain_and_what_nobody_was_watched_for_is_not_said() -> None:
    mine = one_habit(1.0, 3.0, 3.0)
    assert remaining(mine, CURVE, np.array([5]), 5)[0] == 1
    assert remaining(mine, CURVE, np.array([9]), 5)[0] == 1
    assert np.isnan(remaining(mine, CURVE, np.array([0]), 4)[0])
    assert np.isnan(remaining_interval(mine, CURVE, np.array([0]), 4)[0][0])
    assert np.isnan(day_reached(mine, CURVE, np.array([9]), 0.5)[0])
