"""The feeder: what it reads, in which order, and when it is due."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from asyncua import ua

from loomline.errors import LoomlineError
from simulator.feed.history import PAGE, ReadingHistory
from simulator.feed.lines import MqttMessage, day_files, messages, opc_ua_nodes
from simulator.feed.pace import Pace
from simulator.run import Parameters, simulate

DAY = date(2019, 7, 1)
START = datetime(2019, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    simulate(Parameters(30, 5), 1, folder, say=lambda _line: None)
    return folder


def test_every_line_of_the_day_s_files_is_sent_and_an_mqtt_line_byte_for_byte(
    folder: Path,
) -> None:
    files = day_files(folder, DAY)
    sent = list(messages(files))
    counts = Counter(message.kind for message in sent)
    assert counts == {kind: len(path.read_bytes().splitlines()) for kind, path in files.items()}
    for kind in ("mqtt_vendor_a", "mqtt_vendor_b"):
        lines = [
            b'{"topic":"%b","sent_at":%d,"payload":%b}'
            % (message.topic.encode(), message.moment_ms, message.payload)
            for message in sent
            if isinstance(message, MqttMessage) and message.kind == kind
        ]
        assert sorted(lines) == sorted(files[kind].read_bytes().splitlines())


def test_messages_of_all_kinds_go_out_together_by_their_moments(folder: Path) -> None:
    moments = [message.moment_ms for message in messages(day_files(folder, DAY))]
    rising = sum(one <= other for one, other in pairwise(moments))
    assert rising > 0.9 * len(moments)


def test_every_node_has_its_endpoint(folder: Path) -> None:
    files = day_files(folder, DAY)
    nodes = opc_ua_nodes(files["opc_ua"])
    text = files["opc_ua"].read_text()
    assert all(f'"endpoint":"{end}","node":"{node}"' in text for node, end in nodes.items())


def test_a_day_that_was_not_simulated_is_told_with_a_remedy(folder: Path) -> None:
    with pytest.raises(LoomlineError, match="Simulate that day first"):
        day_files(folder, date(2020, 1, 1))


def test_speed_follows_the_messages_moments_and_rate_their_number() -> None:
    assert Pace().due_seconds(9, 61_000, 1_000) == 60
    assert Pace(speed=600).due_seconds(9, 61_000, 1_000) == 0.1
    assert Pace(rate=100).due_seconds(9, 61_000, 1_000) == 0.09
    # A message that came late is due at once.
    assert Pace().due_seconds(9, 0, 1_000) == 0


def test_speed_and_rate_together_are_refused() -> None:
    with pytest.raises(LoomlineError, match="contradict"):
        Pace(speed=1, rate=1)


def test_the_history_gives_back_every_reading_page_by_page(tmp_path: Path) -> None:
    history = ReadingHistory(tmp_path / "feed" / "history.sqlite")
    node = "ns=2;s=M.P"
    moments = [START + timedelta(seconds=n) for n in range(2 * PAGE + 10)]
    history.add([(node, moment, moment + timedelta(seconds=1), 4.2) for moment in moments])
    history.add([("ns=2;s=other", START, START, 1.0)])

    async def read(start: datetime | None) -> list[ua.DataValue]:
        found: list[ua.DataValue] = []
        while True:
            page, after = await history.read_node_history(
                ua.NodeId.from_string(node), start, ua.get_win_epoch(), 0
            )
            found += page
            if after is None:
                return found
            start = after

    values = asyncio.run(read(None))
    assert [value.SourceTimestamp for value in values] == moments
    assert values[0].ServerTimestamp == START + timedelta(seconds=1)
    since = asyncio.run(read(moments[PAGE]))
    assert [value.SourceTimestamp for value in since] == moments[PAGE:]
