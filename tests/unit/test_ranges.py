"""Stretches of numbers: few, and none of the numbers outside."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loomline.ranges import stretches


@given(st.sets(st.integers(-1000, 1000)), st.integers(1, 8))
def test_every_number_is_in_one_of_at_most_so_many_stretches(steps: set[int], most: int) -> None:
    found = stretches(sorted(steps), most)
    assert len(found) <= most
    for step in steps:
        assert sum(first <= step <= last for first, last in found) == 1
    assert all(first in steps and last in steps for first, last in found)


def test_the_widest_gaps_are_left_out() -> None:
    assert stretches([1, 2, 3, 10, 900], most=2) == [(1, 10), (900, 900)]


def test_neighbours_are_one_stretch() -> None:
    assert stretches([1, 2, 3, 5]) == [(1, 3), (5, 5)]
