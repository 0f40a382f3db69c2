"""Whatever is killed, what was published is in Kafka: real brokers, gateway and senders."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loomline.broker.kafka import RECORD_LIMIT_BYTES
from loomline.engine.checks import free_ports
from loomline.errors import LoomlineError
from loomline.settings import Settings
from simulator.feed.lines import OpcUaValue
from simulator.feed.opc_ua import MachineServer
from simulator.run import Parameters, simulate
from streaming.gateway import run_gateway
from tests.integration.homes import home_environment
from tests.integration.streams import (
    OPC_UA,
    TRUSTED,
    UNROUTED,
    UNTRUSTED,
    KafkaReader,
    Sender,
    StreamHome,
    wait_until,
)

FLOW = 2_000
START = datetime(2019, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamHome]:
    folder = tmp_path_factory.mktemp("streams")
    environment = home_environment(folder / "home")
    environment["LOOMLINE_CATALOG"] = str(folder / "catalog")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        home = StreamHome(Settings(), environment, free_ports(1)[0])
        home.write_catalog()
        try:
            home.start_brokers()
            home.start_gateway()
            yield home
        finally:
            home.close()


@pytest.fixture(scope="module")
def kafka(home: StreamHome) -> Iterator[KafkaReader]:
    reader = KafkaReader(home.settings, (TRUSTED, UNTRUSTED, OPC_UA, UNROUTED))
    yield reader
    reader.close()


@pytest.fixture
def sender(home: StreamHome) -> Iterator[Sender]:
    home.ensure_gateway()
    sender = Sender(home.settings)
    yield sender
    sender.close()


def numbered(name: str, count: int = FLOW) -> list[tuple[str, bytes]]:
    """Messages of ten machines, each told from all others by its payload."""
    return [(f"plain/{name}/{n % 10}", json.dumps({"n": n}).encode()) for n in range(count)]


def numbers_in(kafka: KafkaReader, name: str) -> set[int]:
    values = kafka.values(UNTRUSTED, f"plain/{name}/")
    return {json.loads(value)["payload"]["n"] for value in values}


def publish_meanwhile(sender: Sender, messages: list[tuple[str, bytes]]) -> threading.Thread:
    thread = threading.Thread(target=sender.publish_all, args=(messages,))
    thread.start()
    return thread


def test_kafka_has_a_machines_messages_in_the_order_in_which_the_gateway_got_them(
    kafka: KafkaReader, sender: Sender
) -> None:
    """While Kafka is there: what it refused meanwhile is sent again behind what it took."""
    sender.publish_all(numbered("order", 1000))
    wait_until(lambda: len(numbers_in(kafka, "order")) == 1000, "every message is in Kafka")
    for machine in range(10):
        values = kafka.values(UNTRUSTED, f"plain/order/{machine}")
        # A sender that is not trusted is stamped by the gateway.
        got_at = [json.loads(value)["sent_at"] for value in values]
        assert got_at == sorted(got_at)


def test_a_killed_gateway_loses_no_message(
    home: StreamHome, kafka: KafkaReader, sender: Sender
) -> None:
    publishing = publish_meanwhile(sender, numbered("gateway"))
    wait_until(lambda: len(numbers_in(kafka, "gateway")) > FLOW // 10, "the flow has begun")
    home.kill_gateway()
    home.start_gateway()
    publishing.join()
    expected = set(range(FLOW))
    wait_until(lambda: numbers_in(kafka, "gateway") == expected, "every message is in Kafka")


def test_a_killed_kafka_loses_no_message(
    home: StreamHome, kafka: KafkaReader, sender: Sender
) -> None:
    publishing = publish_meanwhile(sender, numbered("kafka"))
    wait_until(lambda: len(numbers_in(kafka, "kafka")) > FLOW // 10, "the flow has begun")
    home.kill_broker("Kafka")
    home.start_brokers()
    publishing.join()
    expected = set(range(FLOW))
    wait_until(lambda: numbers_in(kafka, "kafka") == expected, "every message is in Kafka")


def test_a_killed_mqtt_broker_loses_no_message(
    home: StreamHome, kafka: KafkaReader, sender: Sender
) -> None:
    publishing = publish_meanwhile(sender, numbered("mqtt"))
    wait_until(lambda: len(numbers_in(kafka, "mqtt")) > FLOW // 10, "the flow has begun")
    home.kill_broker("MQTT")
    home.start_brokers()
    publishing.join()
    expected = set(range(FLOW))
    wait_until(lambda: numbers_in(kafka, "mqtt") == expected, "every message is in Kafka")


def test_a_gateway_that_starts_later_finds_what_was_published_and_survived_the_broker(
    home: StreamHome, kafka: KafkaReader, sender: Sender
) -> None:
    assert home.stop_gateway() == 0
    sender.publish_all(numbered("later", 500))
    home.kill_broker("MQTT")
    home.start_brokers()
    assert not numbers_in(kafka, "later")
    home.start_gateway()
    expected = set(range(500))
    wait_until(lambda: numbers_in(kafka, "later") == expected, "every message is in Kafka")


@pytest.mark.parametrize(
    "payload",
    [b"not JSON", b"\xff\xfe\x00", b"", b'{"v": NaN}', b"\xef\xbb\xbf{}", b"[" * 5000],
    ids=["text", "not UTF-8", "empty", "NaN", "byte-order mark", "deep"],
)
def test_a_payload_that_is_not_json_passes_in_base64(
    kafka: KafkaReader, sender: Sender, payload: bytes
) -> None:
    topic = f"plain/poison/{hashlib.sha256(payload).hexdigest()[:8]}"
    sender.publish(topic, payload)
    wait_until(lambda: len(kafka.values(UNTRUSTED, topic)) > 0, "the payload is in Kafka")
    record = json.loads(kafka.values(UNTRUSTED, topic)[0])
    assert b64decode(record["payload_base64"]) == payload
    assert set(record) == {"topic", "sent_at", "payload_base64"}


def test_a_payload_of_2_megabytes_comes_through_whole(kafka: KafkaReader, sender: Sender) -> None:
    payload = json.dumps({"wave": "x" * 2_000_000}).encode()
    sender.publish("plain/large", payload)
    wait_until(lambda: len(kafka.values(UNTRUSTED, "plain/large")) > 0, "it is in Kafka")
    assert kafka.values(UNTRUSTED, "plain/large")[0].endswith(b',"payload":' + payload + b"}")


def test_a_payload_above_the_limit_is_whole_in_a_file_that_its_record_names(
    home: StreamHome, kafka: KafkaReader, sender: Sender
) -> None:
    payload = json.dumps("x" * RECORD_LIMIT_BYTES).encode()
    sender.publish("plain/oversized", payload)
    wait_until(lambda: len(kafka.values(UNTRUSTED, "plain/oversized")) > 0, "it is in Kafka")
    record = json.loads(kafka.values(UNTRUSTED, "plain/oversized")[0])
    content = (home.settings.home / record["payload_file"]).read_bytes()
    assert content == payload
    assert record["payload_sha256"] == hashlib.sha256(content).hexdigest()
    assert record["payload_bytes"] == len(payload)


def test_only_a_trusted_sender_says_when_it_sent(kafka: KafkaReader, sender: Sender) -> None:
    sender.publish("factory/clock", b"1", sent_at="1561910400000")
    sender.publish("plain/clock", b"1", sent_at="1561910400000")
    wait_until(lambda: len(kafka.values(TRUSTED, "factory/clock")) > 0, "the trusted is there")
    wait_until(lambda: len(kafka.values(UNTRUSTED, "plain/clock")) > 0, "the other is there")
    expected = b'{"topic":"factory/clock","sent_at":1561910400000,"payload":1}'
    assert kafka.values(TRUSTED, "factory/clock")[0] == expected
    now = json.loads(kafka.values(UNTRUSTED, "plain/clock")[0])["sent_at"]
    assert datetime.fromtimestamp(now / 1000, tz=UTC).year > 2019


def test_two_gateways_of_one_home_are_refused(home: StreamHome) -> None:
    home.ensure_gateway()
    with pytest.raises(LoomlineError, match="running already"):
        run_gateway(home.settings)


def reading(node: str, minute: int, value: float) -> OpcUaValue:
    moment = START + timedelta(minutes=minute)
    return OpcUaValue("opc_ua", 0, "opc.tcp://plant:4840", node, value, moment, moment)


def opc_ua_minutes(kafka: KafkaReader, node: str) -> set[str]:
    return {json.loads(value)["source_time"] for value in kafka.values(OPC_UA, node)}


def minutes(count: int) -> set[str]:
    return {f"{START + timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}" for m in range(count)}


def test_opc_ua_values_written_while_the_gateway_is_down_are_not_lost(
    home: StreamHome, kafka: KafkaReader, tmp_path: Path
) -> None:
    home.ensure_gateway()
    node = "ns=2;s=M1.Pressure"
    server = MachineServer(
        "127.0.0.1", home.opc_ua_port, {node: "opc.tcp://plant:4840"}, tmp_path / "history"
    )
    try:
        # A frozen sensor sends one value again and again; each is a reading of its own.
        server.write([reading(node, minute, 4.2) for minute in range(100)])
        wait_until(lambda: opc_ua_minutes(kafka, node) == minutes(100), "the first 100 are there")
        home.kill_gateway()
        server.write([reading(node, minute, 4.2) for minute in range(100, 2500)])
        home.start_gateway()
        server.write([reading(node, minute, 4.3) for minute in range(2500, 2600)])
        # New values are in Kafka before all old ones; a kill between the two loses neither.
        wait_until(lambda: len(opc_ua_minutes(kafka, node)) > 100, "it catches up")
        home.kill_gateway()
        home.start_gateway()
        wait_until(lambda: opc_ua_minutes(kafka, node) == minutes(2600), "all 2,600 are there")
    finally:
        server.close()
    first = json.loads(kafka.values(OPC_UA, node)[0])
    assert first == {
        "endpoint": "opc.tcp://plant:4840",
        "node": node,
        "value": 4.2,
        "status": "Good",
        "source_time": first["source_time"],
        "server_time": first["source_time"],
    }


def test_a_gateway_that_an_opc_ua_server_outruns_goes_on_from_the_history(
    home: StreamHome, kafka: KafkaReader, tmp_path: Path
) -> None:
    home.ensure_gateway()
    assert home.stop_gateway() == 0
    home.start_gateway(before="import streaming.opc_ua\nstreaming.opc_ua.QUEUE_SIZE = 20\n")
    node = "ns=2;s=M2.Pressure"
    server = MachineServer(
        "127.0.0.1", home.opc_ua_port, {node: "opc.tcp://plant:4840"}, tmp_path / "history"
    )
    try:
        server.write([reading(node, 0, 1.0)])
        wait_until(lambda: len(opc_ua_minutes(kafka, node)) == 1, "the node is followed")
        for first in range(1, 1001, 100):
            server.write([reading(node, minute, 1.0) for minute in range(first, first + 100)])
            time.sleep(0.05)
        wait_until(lambda: opc_ua_minutes(kafka, node) == minutes(1001), "all 1,001 are there")
    finally:
        server.close()
    assert "sends faster than Kafka takes" in home.log.read_text()
    assert home.stop_gateway() == 0


FEED = (
    "import sys\n"
    "from datetime import date\n"
    "from pathlib import Path\n"
    "from loomline.settings import load_settings\n"
    "from simulator.feed.run import Pace, feed\n"
    "folder, port = Path(sys.argv[1]), int(sys.argv[2])\n"
    "feed(load_settings(), folder, date(2019, 7, 1), Pace(rate=5_000), port, stay_seconds=600)\n"
)


def test_a_fed_day_is_in_kafka_as_its_files_have_it(
    home: StreamHome, kafka: KafkaReader, tmp_path: Path
) -> None:
    home.ensure_gateway()
    simulate(Parameters(30, 5), 1, tmp_path, say=lambda _line: None)
    telemetry = tmp_path / "files" / "telemetry"
    lines = {
        kind: (telemetry / f"{kind}_20190701.jsonl").read_bytes().splitlines()
        for kind in ("mqtt_vendor_a", "mqtt_vendor_b", "opc_ua")
    }
    # An MQTT record is its line, byte for byte.
    published = {*lines["mqtt_vendor_a"], *lines["mqtt_vendor_b"]}
    written = {canonical(line) for line in lines["opc_ua"]}
    assert published and written
    log = tmp_path / "feed.log"
    with log.open("wb") as said:
        feeding = subprocess.Popen(
            [sys.executable, "-c", FEED, str(tmp_path), str(home.opc_ua_port)],
            env={**os.environ, **home.environment},
            stdout=said,
        )
    try:
        wait_until(
            lambda: {value for _, value in kafka.records(TRUSTED)} >= published, "every message"
        )
        wait_until(
            lambda: {canonical(value) for _, value in kafka.records(OPC_UA)} >= written,
            "every OPC UA value",
        )
        wait_until(lambda: "Done" in log.read_text(), "the feeder is done")
    finally:
        feeding.terminate()
        feeding.wait()
    counts = ", ".join(f"{kind} {len(of_kind):,}" for kind, of_kind in lines.items())
    assert f"Done: {counts} sent." in log.read_text()


def canonical(text: bytes) -> str:
    """JSON in one spelling, for 4.20 is 4.2."""
    return json.dumps(json.loads(text), sort_keys=True)


def test_the_gateway_says_what_it_has_done(home: StreamHome, sender: Sender) -> None:
    assert home.stop_gateway() == 0
    last = home.log.read_text().splitlines()[-1]
    assert last.startswith("Stopped: received ")
    counts = re.findall(r"(received|acknowledged) ([\d,]+?)(?:, )", last)
    assert counts[0][1] == counts[1][1] != "0"
