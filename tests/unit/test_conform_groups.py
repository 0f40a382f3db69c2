"""How many files are conformed at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs import conform


@given(lines=st.lists(st.integers(min_value=0, max_value=12), max_size=12))
def test_files_are_taken_in_their_order_as_many_at_a_time_as_the_limit_allows(
    lines: list[int],
) -> None:
    limit = 10
    of_file = {f"file {number}": count for number, count in enumerate(lines)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conform, "LINES_AT_ONCE", limit)
        groups = list(conform.at_once(of_file, of_file))
    assert [name for group in groups for name in group] == list(of_file)
    counts = [sum(of_file[name] for name in group) for group in groups]
    for group, count in zip(groups, counts, strict=True):
        assert count <= limit or len(group) == 1
    # No group would have had room for the next one's first file.
    for count, following in zip(counts, groups[1:], strict=False):
        assert count + of_file[following[0]] > limit
