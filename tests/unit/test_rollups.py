"""Days as spans, and lines as conditions: what is computed anew, and what is let go."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.retention import OldLines, lines_condition, rows_condition
from spark_jobs.rollups import spans


@given(st.sets(st.integers(-1000, 40_000)))
def test_spans_hold_exactly_the_days_and_never_touch(days: set[int]) -> None:
    found = spans(days)
    assert {day for first, last in found for day in range(first, last + 1)} == days
    for (_, end), (start, _) in pairwise(found):
        assert start > end + 1


def test_no_line_is_no_condition_that_could_hold() -> None:
    assert lines_condition({}) == "false"
    assert rows_condition([]) == "false"


def test_lines_of_one_file_are_let_go_only_for_their_own_source() -> None:
    lines = [OldLines("a", "f", "f.csv", 7, 7, 7), OldLines("b", "f", "f.csv", 9, 9, 9)]
    assert rows_condition(lines) == (
        "(source = 'a' and ((file_sha256 = 'f' and line_number <= 7))) or "
        "(source = 'b' and ((file_sha256 = 'f' and line_number <= 9)))"
    )
