"""What a replay compares, and how it reads tables as a run found them."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from loomline.job import JobContext
from loomline.lake import relation
from loomline.settings import Settings
from models.replay.replaying import Difference, differences

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates())
ROWS = st.dictionaries(st.text(max_size=3), VALUES | st.lists(VALUES, max_size=3), max_size=5)


@given(ROWS)
def test_a_row_is_equal_to_itself_whatever_it_holds(row: dict[str, object]) -> None:
    assert differences(row, dict(reversed(row.items()))) == ()


@given(ROWS, ROWS)
def test_every_column_that_differs_or_is_missing_is_told_and_no_other(
    one: dict[str, object], other: dict[str, object]
) -> None:
    told = {each.column for each in differences(one, other)}
    assert one.keys() ^ other.keys() <= told <= one.keys() | other.keys()
    assert told == {each.column for each in differences(other, one)}
    for name in one.keys() & other.keys() - told:
        assert repr(one[name]) == repr(other[name])


def test_the_last_bit_and_the_sign_of_nothing_count() -> None:
    recorded = {"sum": 0.1 + 0.2, "zero": 0.0, "same": float("nan"), "listed": [{"value": 1.0}]}
    rebuilt = {"sum": 0.3, "zero": -0.0, "same": float("nan"), "listed": [{"value": 1.5}]}
    assert differences(recorded, rebuilt) == tuple(
        Difference(name, recorded[name], rebuilt[name]) for name in ("sum", "zero", "listed")
    )


def test_a_table_is_read_as_it_is_as_it_was_or_as_one_that_was_not_there() -> None:
    assert relation("silver.a") == "`silver`.`a`"
    assert relation("silver.a", {"silver.a": 3}) == "`silver`.`a` version as of 3"
    assert relation("silver.b", {"silver.a": 3}) == "(select * from `silver`.`b` where false)"
    now = JobContext(Settings(), date(2020, 2, 29))
    then = JobContext(Settings(), date(2020, 2, 29), table_versions={"silver.a": 0})
    assert (now.relation("silver.a"), then.relation("silver.a")) == (
        relation("silver.a"),
        relation("silver.a", {"silver.a": 0}),
    )
