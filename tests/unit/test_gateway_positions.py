"""How far each node has come, whatever the order in which Kafka acknowledges."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from streaming.positions import BEGINNING, Positions, Step

URL, NODE = "opc.tcp://site:4840", "ns=2;s=M.P"
START = datetime(2019, 7, 1, tzinfo=UTC)


def minute(count: int) -> datetime:
    return START + timedelta(minutes=count)


Event = tuple[str, int]


@dataclass
class Gateway:
    """A gateway and a server with a history: a slow, obvious account of who has which value.

    `values` are the minutes of the node's values in the order in which the server got them, and
    `in_kafka` the places of those that Kafka has. `sent` are on their way, or were before a break.
    """

    positions: Positions = field(default_factory=lambda: Positions(Path("unused")))
    values: list[int] = field(default_factory=list)
    in_kafka: set[int] = field(default_factory=set)
    sent: list[tuple[int, Step]] = field(default_factory=list)
    to_read: list[int] = field(default_factory=list)
    gap: Step | None = None

    def position(self) -> datetime:
        return self.positions.of(URL, NODE) or BEGINNING

    def connects(self) -> None:
        """It begins to read the history from the position on."""
        self.positions.start_over(URL)
        since = self.position()
        self.gap = self.positions.begin_gap(URL, NODE)
        self.to_read = [n for n, value in enumerate(self.values) if minute(value) >= since]

    def comes(self, value: int) -> None:
        """The server gets a value and sends it at once."""
        self.values.append(value)
        step = self.positions.begin(URL, NODE, minute(value))
        self.sent.append((len(self.values) - 1, step))

    def reads(self, place: int) -> None:
        """One value comes out of the history, in whatever order; after the last one it is read."""
        if self.to_read:
            value = self.to_read.pop(place % len(self.to_read))
            step = self.positions.begin(URL, NODE, minute(self.values[value]), self.gap)
            self.sent.append((value, step))
        elif self.gap is not None:
            self.positions.stored(self.gap)
            self.gap = None

    def is_stored(self, place: int) -> None:
        """Kafka acknowledges one of what is on its way."""
        if self.sent:
            value, step = self.sent.pop(place % len(self.sent))
            self.in_kafka.add(value)
            self.positions.stored(step)

    def lost(self) -> set[int]:
        """What neither Kafka has nor a gateway gets that reads the history from the position on."""
        position = self.position()
        missing = set(range(len(self.values))) - self.in_kafka
        return {n for n in missing if minute(self.values[n]) < position}


EVENTS = st.one_of(
    st.tuples(st.sampled_from(["comes"] * 3 + ["reads", "is_stored"] * 3), st.integers(0, 12)),
    st.just(("breaks", 0)),
)


@given(events=st.lists(EVENTS, max_size=60))
@example(
    # What is new is in Kafka, and the last value of the history was sent but is not there.
    [("comes", 5), ("breaks", 0), ("comes", 9), ("reads", 0), ("reads", 0), ("is_stored", 1)]
)
def test_a_kill_at_any_moment_loses_nothing_that_came(events: list[Event]) -> None:
    gateway = Gateway()
    gateway.connects()
    for kind, number in events:
        if kind == "breaks":
            gateway.connects()
        else:
            getattr(gateway, kind)(number)
        assert gateway.lost() == set()
    while gateway.to_read or gateway.gap:
        gateway.reads(0)
    while gateway.sent:
        gateway.is_stored(0)
        assert gateway.lost() == set()
    assert gateway.position() == max([BEGINNING, *map(minute, gateway.values)])


@given(order=st.permutations(list(range(8))), stored=st.integers(0, 8), data=st.data())
def test_a_position_is_the_last_moment_or_that_of_the_first_value_on_its_way(
    order: list[int], stored: int, data: st.DataObject
) -> None:
    moments = [minute(n) for n in data.draw(st.permutations([0, 1, 1, 2, 3, 5, 5, 8]))]
    positions = Positions(Path("unused"))
    steps = [positions.begin(URL, NODE, moment) for moment in moments]
    for number in order[:stored]:
        positions.stored(steps[number])
    there, missing = order[:stored], order[stored:]
    expected = max((moments[n] for n in there), default=None)
    if expected is not None:
        expected = min([expected, *(moments[n] for n in missing)])
    assert positions.of(URL, NODE) == expected


def test_a_late_value_holds_the_position_back_until_kafka_has_it() -> None:
    positions = Positions(Path("unused"))
    positions.stored(positions.begin(URL, NODE, minute(5)))
    late = positions.begin(URL, NODE, minute(2))
    assert positions.of(URL, NODE) == minute(2)
    positions.stored(late)
    assert positions.of(URL, NODE) == minute(5)


def test_breaks_do_not_begin_earlier_and_earlier() -> None:
    positions = Positions(Path("unused"))
    positions.stored(positions.begin(URL, NODE, minute(5)))
    for _ in range(3):
        positions.start_over(URL)
        gap = positions.begin_gap(URL, NODE)
        # With `late_hours` the history has values from before the position.
        positions.begin(URL, NODE, gap.moment - timedelta(minutes=3), gap)
    assert positions.of(URL, NODE) == minute(5)


def test_a_clock_that_stands_at_its_beginning_leaves_a_moment_to_read_from() -> None:
    positions = Positions(Path("unused"))
    positions.stored(positions.begin(URL, NODE, minute(5)))
    positions.begin(URL, NODE, datetime(1601, 1, 1, tzinfo=UTC))
    assert positions.of(URL, NODE) == BEGINNING


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
