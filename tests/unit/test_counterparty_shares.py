"""Shares by credibility: against a slow way, and against what the members were made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.counterparties.credibility import Shares, shares
from models.counterparties.pairs import Pairs

ROW = st.tuples(st.integers(0, 5), st.integers(1, 50), st.integers(0, 20))


def one_owner(count: int) -> Pairs:
    return Pairs(np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64))


def found_of(pairs: Pairs, rows: list[tuple[int, int, int]]) -> Shares:
    pair, weight, tenths = (np.array(column) for column in zip(*rows, strict=True))
    return shares(pairs, pair, weight.astype(float), weight * tenths / 20)


def slow_shares(rows: list[tuple[int, int, int]], count: int) -> list[float]:
    """The formula of Bühlmann and Straub with the portfolio's mean as it is, by loops."""
    mine = {one: [(w, x / 20) for pair, w, x in rows if pair == one] for one in range(count)}
    whole = sum(w for _, w, _ in rows)
    overall = sum(w * x / 20 for _, w, x in rows) / whole
    means = {
        one: sum(w * x for w, x in of) / sum(w for w, _ in of) for one, of in mine.items() if of
    }
    freedom = sum(max(len(of) - 1, 0) for of in mine.values())
    if not freedom or len(means) < 2:
        return [overall] * count
    within = sum(w * (x - means[one]) ** 2 for one, of in mine.items() for w, x in of) / freedom
    around = sum(w * (means[one] - overall) ** 2 for one, of in mine.items() for w, _ in of)
    between = max((around - len(means) * within) / whole, 0)
    found = []
    for one in range(count):
        weight = sum(w for w, _ in mine[one])
        trust = weight / (weight + within / between) if between and weight else 0
        found.append(trust * means.get(one, 0) + (1 - trust) * overall)
    return found


@given(st.lists(ROW, min_size=1, max_size=20))
def test_the_shares_of_one_owner_are_those_of_the_formula(rows: list[tuple[int, int, int]]) -> None:
    assert found_of(one_owner(6), rows).value == pytest.approx(slow_shares(rows, 6), abs=1e-9)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(11)
    count = 600
    truth = random.beta(4, 6, count)
    pair = np.repeat(np.arange(count), random.integers(1, 30, count))
    came = (random.random(len(pair)) < truth[pair]).astype(float)
    found = shares(one_owner(count), pair, np.ones(len(pair)), came)
    held = ((found.lower <= truth) & (truth <= found.upper)).mean()
    assert held == pytest.approx(0.95, abs=0.03)
    own = np.bincount(pair, came) / np.bincount(pair)
    assert np.mean((found.value - truth) ** 2) < 0.7 * np.mean((own - truth) ** 2)


def test_a_pair_without_a_past_says_what_its_firm_does_elsewhere() -> None:
    # Firm 9 is short with owner 1 and new with owner 0, firm 7 is not; firm 8 is new altogether.
    pairs = Pairs(
        np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([9, 7, 2, 8, 9, 7, 4, 5], dtype=np.int64)
    )
    rows = [(pair, 1, level) for pair in (2, 5, 6, 7) for level in (18, 20, 19)]
    rows += [(4, 1, level) for level in (2, 0, 1)] * 4
    found = found_of(pairs, rows)
    assert list(found.level) == [2, 2, 3, 1, 3, 3, 3, 3]
    assert list(found.count) == [12, 3, 3, 3, 12, 3, 3, 3]
    assert found.value[0] < 0.2 < 0.8 < found.value[1]
    assert found.value[0] < found.value[3] < found.value[1]
    assert ((found.lower <= found.value) & (found.value <= found.upper)).all()


def test_what_takes_back_earlier_months_counts_in_the_ratio_alone() -> None:
    pair, weight = np.array([0, 0, 1, 1, 1]), np.array([50.0, 50, 50, 50, 0])
    taken = np.array([5.0, 5, 5, 5, 40])
    found = shares(one_owner(2), pair, weight, taken, np.array([1.0, 1, 1, 1, 0]))
    # Months with invoices do not differ at all, so that each says its own.
    assert found.value == pytest.approx([0.1, 0.5])
    assert list(found.count) == [2, 2]


def test_without_two_observations_of_anybody_there_is_no_interval() -> None:
    found = shares(one_owner(3), np.array([0, 1]), np.ones(2), np.array([1.0, 0.0]))
    assert list(found.value) == [0.5, 0.5, 0.5]
    assert np.isnan(found.lower).all()
    assert np.isnan(found.upper).all()
    nobody = shares(one_owner(3), np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    assert np.isnan(nobody.value).all()
    assert list(nobody.level) == [0, 0, 0]
