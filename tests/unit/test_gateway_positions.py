"""How far each node has come, whatever the order in which Kafka acknowledges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from streaming.positions import Positions

URL, NODE = "opc.tcp://site:4840", "ns=2;s=M.P"
START = datetime(2019, 7, 1, tzinfo=UTC)


def minute(count: int) -> datetime:
    return START + timedelta(minutes=count)


@given(order=st.permutations(list(range(8))), stored=st.integers(0, 8))
def test_a_position_has_nothing_missing_before_it(order: list[int], stored: int) -> None:
    positions = Positions(Path("unused"))
    steps = [positions.begin(URL, NODE, minute(n)) for n in range(8)]
    for number in order[:stored]:
        positions.stored(steps[number])
    there = set(order[:stored])
    missing = next((n for n in range(8) if n not in there), 8)
    assert positions.of(URL, NODE) == (minute(missing - 1) if missing else None)


def test_a_late_value_does_not_move_a_position_back() -> None:
    positions = Positions(Path("unused"))
    for moment in (minute(5), minute(2)):
        positions.stored(positions.begin(URL, NODE, moment))
    assert positions.of(URL, NODE) == minute(5)


def test_one_node_does_not_wait_for_another() -> None:
    positions = Positions(Path("unused"))
    positions.begin(URL, "other", minute(0))
    positions.stored(positions.begin(URL, NODE, minute(1)))
    assert positions.of(URL, NODE) == minute(1)


def test_what_was_on_its_way_before_a_break_moves_nothing() -> None:
    positions = Positions(Path("unused"))
    lost, behind = positions.begin(URL, NODE, minute(1)), positions.begin(URL, NODE, minute(2))
    positions.start_over(URL)
    positions.stored(lost)
    positions.stored(behind)
    assert positions.of(URL, NODE) is None


def test_positions_are_there_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "gateway" / "positions.json"
    positions = Positions(path)
    positions.save()
    assert not path.exists()
    positions.stored(positions.begin(URL, NODE, minute(3)))
    positions.save()
    assert Positions(path).of(URL, NODE) == minute(3)
