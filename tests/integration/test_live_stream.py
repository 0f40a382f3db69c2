"""`loomline stream` runs on: Kafka and the engine die under it, and each reading is there once.

Kafka is killed while the stream reads from it and a sender sends to it; the engine is killed when a
batch is in bronze and nothing of it in silver.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from loomline.broker.servers import start_brokers, stop_brokers
from tests.integration.homes import Home
from tests.integration.streams import (
    PATIENCE_SECONDS,
    VENDOR_A,
    create_contracted_topics,
    kill_broker,
    message,
    publish,
    start_command,
    wait_until,
)

START = datetime(2019, 7, 5, tzinfo=UTC)
BRONZE, TELEMETRY = "bronze.telemetry_vendor_a", "silver.telemetry"
METRICS = {"rotation": 612.5, "power": 5.25}
MESSAGES_A_FLOW = 60
PAUSE_SECONDS = 0.02
# Between the two writes of a batch is about a second.
LOOK_SECONDS = 0.01


@dataclass
class LiveHome:
    """A home with brokers, a stream that runs on, and what was sent to it."""

    home: Home
    streams: list[subprocess.Popen[str]] = field(default_factory=list)
    readings: set[tuple[str, str, datetime]] = field(default_factory=set)
    messages: int = 0
    exit_codes: list[int] = field(default_factory=list)

    def log(self) -> str:
        """What the streams have said."""
        return (self.home.settings.home / "stream.log").read_text()

    def start_stream(self) -> None:
        """Start `loomline stream`, which starts the engine."""
        with (self.home.settings.home / "stream.log").open("ab") as log:
            self.streams.append(start_command(self.home, log, "stream"))

    def end_stream(self) -> None:
        """Wait until the stream has ended."""
        self.exit_codes.append(self.streams[-1].wait(PATIENCE_SECONDS))

    def send(self, machine: str, until: threading.Event | None = None) -> None:
        """Publish a message a minute of a machine: so many, or slowly until told to stop."""

        def records() -> Iterator[tuple[str, bytes]]:
            number = 0
            while number < MESSAGES_A_FLOW if until is None else not until.wait(PAUSE_SECONDS):
                read_at = START + timedelta(minutes=number)
                self.readings |= {(machine, name, read_at) for name in METRICS}
                self.messages, number = self.messages + 1, number + 1
                yield VENDOR_A, message(machine, read_at, read_at, METRICS)

        publish(self.home.settings, records())

    def rows(self, table: str) -> int:
        """Rows that the commits of a table have added."""
        lines = [
            json.loads(line)
            for commit in self.home.commits(table)
            for line in commit.read_text().splitlines()
        ]
        written = [line["commitInfo"]["operationMetrics"] for line in lines if "commitInfo" in line]
        return sum(int(metrics.get("numOutputRows", 0)) for metrics in written)

    def wait_for_rows(self, table: str, count: int, look_seconds: float = 0.1) -> None:
        """Wait until a table has so many rows; the stream must run."""

        def are_there() -> bool:
            assert self.streams[-1].poll() is None, self.log()
            return self.rows(table) >= count

        wait_until(are_there, f"{table} has {count} rows", look_seconds)

    def wait_for_all(self) -> None:
        """Wait until silver has all that was sent."""
        self.wait_for_rows(TELEMETRY, len(self.readings))

    def kill_kafka_in_mid_flow(self) -> None:
        """Kill Kafka while it is written to and read from, and start it again."""
        enough = threading.Event()
        sending = threading.Thread(target=self.send, args=("meanwhile", enough))
        before = self.rows(BRONZE)
        sending.start()
        try:
            self.wait_for_rows(BRONZE, before + 1)
            kill_broker(self.home.settings, "Kafka")
            start_brokers(self.home.settings)
        finally:
            enough.set()
            sending.join()

    def kill_engine_behind_bronze(self) -> None:
        """Kill the engine when a batch has reached bronze and not silver."""
        in_bronze, in_silver = self.rows(BRONZE), self.rows(TELEMETRY)
        self.send("cut_off")
        self.wait_for_rows(BRONZE, in_bronze + 1, LOOK_SECONDS)
        self.home.kill_engine()
        assert self.rows(TELEMETRY) == in_silver, "the kill came too late to prove anything"


@pytest.fixture(scope="module")
def live(flow_home: Home) -> Iterator[LiveHome]:
    """A home whose stream has taken everything, though Kafka and the engine were killed."""
    live, settings = LiveHome(flow_home), flow_home.settings
    try:
        start_brokers(settings)
        create_contracted_topics(settings)
        live.start_stream()
        live.send("before")
        live.wait_for_all()
        live.kill_kafka_in_mid_flow()
        live.send("after")
        live.wait_for_all()
        live.kill_engine_behind_bronze()
        live.end_stream()
        live.start_stream()
        live.send("again")
        live.wait_for_all()
        live.streams[-1].terminate()
        live.end_stream()
        flow_home.run("run", "reconcile")
        yield live
    finally:
        for stream in live.streams:
            stream.kill()
            stream.wait()
        stop_brokers(settings)


def test_every_reading_is_in_silver_once_whatever_was_killed(live: LiveHome) -> None:
    rows = live.home.query(f"select machine_code, sensor_code, device_time from {TELEMETRY}")
    found = [(r["machine_code"], r["sensor_code"], r["device_time"]) for r in rows]
    expected = {(m, s, str(t.replace(tzinfo=None))) for m, s, t in live.readings}
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_each_log_reconciles_and_has_every_record_once(live: LiveHome) -> None:
    assert live.rows(BRONZE) == live.messages
    rows = live.home.query("select * from quality.reconciliation where source_file like 'kafka/%'")
    assert {row["is_reconciled"] for row in rows} == {"True"}
    assert {row["unread_rows"] for row in rows} == {"0"}
    assert sum(int(str(row["conformed_rows"])) for row in rows) == len(live.readings)


def test_a_stream_says_that_its_engine_died_and_ends_well_when_it_is_told_to(
    live: LiveHome,
) -> None:
    assert live.exit_codes == [1, 0]
    assert live.log().count("Error: ") == 1
    assert "The engine ended while Kafka's records were carried." in live.log()
