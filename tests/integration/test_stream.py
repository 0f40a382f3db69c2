"""From Kafka into the lake: whatever is killed and whatever is sent, each reading is there once.

Records stand in Kafka as the gateway writes them. The engine is killed with SIGKILL in the middle
of a batch, when some of its tables have been written and others have not.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loomline.broker.servers import start_brokers, stop_brokers
from loomline.engine.server import engine_status, start_engine
from tests.integration.homes import Home
from tests.integration.streams import (
    VENDOR_A,
    VENDOR_B,
    create_contracted_topics,
    message,
    milliseconds,
    publish,
    start_command,
    wait_until,
)

START = datetime(2019, 7, 5, tzinfo=UTC)
MACHINES, MOMENTS = 12, 150
TELEMETRY, DEAD_LETTER = "silver.telemetry", "quality.dead_letter"


@dataclass
class Sent:
    """What is in Kafka: records by topic, and what the lake must make of them."""

    records: list[tuple[str, bytes]] = field(default_factory=list)
    readings: set[tuple[str, str, datetime]] = field(default_factory=set)
    duplicates: int = 0
    dead: Counter[str] = field(default_factory=Counter)

    def add(self, machine: str, read_at: datetime, delay: timedelta = timedelta(seconds=2)) -> None:
        """Two readings of a machine at a moment by its own clock."""
        metrics = {"rotation": 612.5, "power": 5.25}
        self.records.append((VENDOR_A, message(machine, read_at, read_at + delay, metrics)))
        self.readings |= {(machine, name, read_at) for name in metrics}


def everything() -> Sent:
    """A flow of readings with every fault that a flow has."""
    sent = Sent()
    for moment in range(MOMENTS):
        for machine in range(MACHINES):
            sent.add(f"M{machine}", START + timedelta(minutes=moment))
    # Sent twice, as a gateway does that was killed before it acknowledged.
    again = sent.records[: MACHINES * 5]
    sent.records += again
    sent.duplicates += 2 * len(again)
    # Cut off for three days, then everything at once and the last first.
    late = [START - timedelta(days=3) + timedelta(minutes=n) for n in range(20)]
    for read_at in reversed(late):
        sent.add("M0", read_at, delay=timedelta(days=3))
    # A clock that is a year ahead: the message says when it was really sent.
    ahead = START + timedelta(days=365)
    sent.add("M-ahead", ahead, delay=timedelta(days=-365, seconds=2))
    # Two megabytes in one message.
    big = message("M-big", START, START, {"rotation": 1.0}, remark="x" * (2 << 20))
    sent.records.append((VENDOR_A, big))
    sent.readings.add(("M-big", "rotation", START))
    for poison in (b"{", b"\xff\xfe\x00", b"null", b'{"topic": "t", "payload_base64": "AA=="}'):
        sent.records.append((VENDOR_A, poison))
        sent.dead[VENDOR_A] += 1
    # A value that is no number, a conflict with an earlier reading, a unit that nobody declared.
    wrong = {"rotation": 1.0, "power": "many"}
    sent.records.append((VENDOR_A, message("M-word", START, START, wrong)))
    sent.readings.add(("M-word", "rotation", START))
    sent.dead[VENDOR_A] += 1
    later = START + timedelta(seconds=10)
    sent.records.append((VENDOR_A, message("M0", START, later, {"rotation": 7.0})))
    sent.dead[VENDOR_A] += 1
    for unit in ("degF", "furlong"):
        payload = {"d": "B1", "t": "2019-07-05T08:00:00+08:00", "tag": unit, "v": 212.0, "u": unit}
        record = {"topic": f"v1/devices/B1/{unit}", "sent_at": milliseconds(START)}
        sent.records.append((VENDOR_B, json.dumps({**record, "payload": payload}).encode()))
    sent.readings.add(("B1", "degF", START))
    sent.dead[VENDOR_B] += 1
    return sent


def stream(home: Home) -> subprocess.Popen[str]:
    return start_command(home, subprocess.PIPE, "run", "stream", "--date", "2019-07-05")


@pytest.fixture(scope="module")
def sent() -> Sent:
    return everything()


@pytest.fixture(scope="module")
def streamed(flow_home: Home, sent: Sent) -> Iterator[Home]:
    """A home into which all records were streamed, its engine killed in the middle of a batch."""
    home = flow_home
    try:
        start_brokers(home.settings)
        create_contracted_topics(home.settings)
        publish(home.settings, sent.records)
        start_engine(home.settings)
        process = stream(home)

        def written(table: str) -> set[Path]:
            """The commits of a table, but for the first, which creates it empty."""
            return {path for path in home.commits(table) if int(path.stem) > 0}

        def silver_is_written() -> bool:
            assert process.poll() is None, process.communicate()
            return bool(written(TELEMETRY))

        wait_until(silver_is_written, "a batch has reached silver")
        home.kill_engine()
        process.communicate()
        assert not engine_status(home.settings).is_up
        # What the batch was to write after silver is not there.
        assert not written(DEAD_LETTER)
        start_engine(home.settings)
        printed = stream(home).communicate()
        home.run("run", "reconcile")
        yield home
        assert not printed[1], printed
    finally:
        stop_brokers(home.settings)


def test_every_reading_is_in_silver_once_though_the_engine_was_killed(
    streamed: Home, sent: Sent
) -> None:
    rows = streamed.query("select machine_code, sensor_code, device_time from silver.telemetry")
    found = [(str(r["machine_code"]), str(r["sensor_code"]), str(r["device_time"])) for r in rows]
    expected = {(m, s, str(t.replace(tzinfo=None))) for m, s, t in sent.readings}
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_what_came_twice_is_counted_as_a_duplicate(streamed: Home, sent: Sent) -> None:
    rows = streamed.query("select disposition, count(*) as n from quality.quarantine group by 1")
    assert {row["disposition"]: int(str(row["n"])) for row in rows} == {
        "duplicate": sent.duplicates
    }


def test_every_message_that_is_no_reading_is_a_dead_letter_with_its_reason(
    streamed: Home, sent: Sent
) -> None:
    rows = streamed.query("select source, raw_text, reasons from quality.dead_letter")
    assert Counter(row["source"] for row in rows) == {
        "telemetry_vendor_a": sent.dead[VENDOR_A],
        "telemetry_vendor_b": sent.dead[VENDOR_B],
    }
    assert all(row["reasons"] != "[]" for row in rows)
    texts = {row["raw_text"] for row in rows}
    assert {"{", "null"} <= texts
    # Bytes that are no text are kept in base64.
    assert "//4A" in texts


def test_each_log_reconciles_to_the_record(streamed: Home, sent: Sent) -> None:
    rows = streamed.query("select * from quality.reconciliation where source_file like 'kafka/%'")
    assert rows
    assert {row["is_reconciled"] for row in rows} == {"True"}
    bronze = streamed.query(
        "select count(*) as n from (select raw_text from bronze.telemetry_vendor_a "
        "union all select raw_text from bronze.telemetry_vendor_b)"
    )
    assert int(str(bronze[0]["n"])) == len(sent.records)


def test_dead_letters_are_no_rows_that_the_gate_misses(streamed: Home) -> None:
    # The home has streams alone: the gate misses tables that come from files, and says so.
    streamed.start("run", "gate_silver").communicate()
    met = streamed.query(
        "select is_met from quality.validation_result "
        "where table_name = 'quality.reconciliation' and severity = 'critical'"
    )
    assert {row["is_met"] for row in met} == {"True"}


def test_a_clock_a_year_ahead_is_kept_and_counts_from_when_it_was_sent(streamed: Home) -> None:
    rows = streamed.query(
        "select device_time, event_at, known_at from silver.telemetry "
        "where machine_code = 'M-ahead'"
    )
    assert {row["device_time"] for row in rows} == {str(datetime(2020, 7, 4))}
    sent_at = str((START + timedelta(seconds=2)).replace(tzinfo=None))
    assert {row["event_at"] for row in rows} == {sent_at}
    assert {row["known_at"] for row in rows} == {sent_at}


def test_a_unit_is_converted_and_an_unknown_one_is_not_guessed(streamed: Home) -> None:
    rows = streamed.query(
        "select value, unit, device_time from silver.telemetry where machine_code = 'B1'"
    )
    assert [(float(str(row["value"])), row["unit"]) for row in rows] == [
        (pytest.approx(100), "degC")
    ]
    assert rows[0]["device_time"] == str(START.replace(tzinfo=None))


def test_a_second_run_finds_nothing_to_do(streamed: Home) -> None:
    tables = ["silver.telemetry", "quality.dead_letter", "quality.quarantine"]
    before = streamed.hashes(tables)
    printed = stream(streamed).communicate()
    assert not printed[1], printed
    assert streamed.hashes(tables) == before


def test_when_a_contract_changes_its_dead_letters_are_judged_anew(
    streamed: Home, sent: Sent, catalog: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "catalog"
    shutil.copytree(catalog, changed)
    contract = changed / "sources" / "telemetry_vendor_b.yml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(
        f"{text}\nrules:\n  - {{name: read, sql: value is not null, reason: none}}\n"
    )
    environment = {**streamed.environment, "LOOMLINE_CATALOG": str(changed)}
    replace(streamed, environment=environment).run("run", "conform,reconcile")
    assert streamed.query("select source from quality.dead_letter") == []
    aside = streamed.query("select count(*) as n from quality.quarantine where line_number >= 0")
    assert int(str(aside[0]["n"])) == sent.duplicates + sent.dead.total()
    rows = streamed.query("select is_reconciled from quality.reconciliation")
    assert {row["is_reconciled"] for row in rows} == {"True"}
    found = streamed.query("select count(*) as n from silver.telemetry")
    assert int(str(found[0]["n"])) == len(sent.readings)
