"""The outbox: whatever happens on the way, nothing is lost but what is counted as lost."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.disorder import RATES, Outbox
from simulator.frame import Frame, make_frame
from simulator.randomness import Draws, spread

SOURCES = sorted(RATES)


def _facts(day: int, size: int) -> Frame:
    number = day * 10_000 + np.arange(size)
    return make_frame(size, number=number, amount=number * 3 + 100)


@settings(max_examples=40, deadline=None)
@given(
    source=st.sampled_from(SOURCES),
    sizes=st.lists(st.integers(0, 1500), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
)
def test_every_fact_arrives_right_in_the_end_or_is_counted_as_lost(
    source: str, sizes: list[int], seed: int
) -> None:
    pending: dict[str, Frame] = {}
    arrived: dict[int, int] = {}
    copies: Counter[int] = Counter()
    sent = []
    # Days without facts at the end, in which arrears still arrive.
    for day, size in enumerate(sizes + [0] * 25):
        outbox = Outbox(Draws(seed, day), pending)
        rows = outbox.rows(source, "stream", _facts(day, size), "amount")
        for number, amount in zip(rows["number"].tolist(), rows["amount"].tolist(), strict=True):
            arrived[number] = amount
            copies[number] += 1
        sent += outbox.sent
    lost = sum(entry.lost for entry in sent)
    assert len(arrived) == sum(sizes) - lost
    assert all(amount == number * 3 + 100 for number, amount in arrived.items())
    assert sum(copies.values()) == sum(entry.rows for entry in sent)
    again = sum(entry.duplicates + entry.wrong for entry in sent)
    assert sum(copies.values()) - len(copies) == again


@settings(max_examples=30, deadline=None)
@given(source=st.sampled_from(SOURCES), seed=st.integers(0, 100))
def test_rows_sent_are_facts_less_held_back_plus_arrears_plus_duplicates(
    source: str, seed: int
) -> None:
    pending: dict[str, Frame] = {}
    for day in range(3):
        outbox = Outbox(Draws(seed, day), pending)
        rows = outbox.rows(source, "stream", _facts(day, 5000), "amount")
        (entry,) = outbox.sent
        expected = entry.facts - entry.held_back + entry.arrears + entry.duplicates
        assert len(rows) == entry.rows == expected
        assert entry.facts == 5000 - entry.lost


def test_a_growing_file_repeats_what_it_had_until_its_first_day_comes_again() -> None:
    pending: dict[str, Frame] = {}
    sizes = []
    for day, is_first in enumerate((True, False, False, True)):
        outbox = Outbox(Draws(1, day), pending)
        sizes.append(len(outbox.kept("book", _facts(day, 10), is_first)))
    assert sizes == [10, 20, 30, 10]


@given(position=st.integers(0, 999_999), other=st.integers(0, 999_999))
def test_a_table_of_quantiles_is_read_in_order_and_hit_at_its_points(
    position: int, other: int
) -> None:
    table = (0, 10, 50, 100, 250, 500, 750, 900, 950, 990, 1000)
    low, high = spread(np.array(sorted((position, other)), dtype=np.int64), table).tolist()
    assert low <= high
    points = np.array([0, 10_000, 250_000, 500_000, 990_000], dtype=np.int64)
    assert spread(points, table).tolist() == [0, 10, 250, 500, 990]


def test_the_random_numbers_are_the_same_on_every_machine() -> None:
    """Recorded once: a library that changed them would change every simulated byte."""
    assert Draws(1, 2).integers("recorded", 0, 1_000_000, 4).tolist() == RECORDED


RECORDED = [781093, 948540, 16892, 760240]
