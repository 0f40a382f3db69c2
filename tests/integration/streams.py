"""Homes with real brokers and a gateway that tests may kill, and what they send and read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

import psutil
import yaml
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError
from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from loomline.broker.kafka import MESSAGE_LIMIT_BYTES
from loomline.broker.servers import broker_status, start_brokers, stop_brokers
from loomline.settings import PROJECT_ROOT, Settings
from tests.integration.homes import Home

# Nothing is expected to take so long; a busy machine may be slow.
PATIENCE_SECONDS = 240
# A consumer that is behind and gets nothing for so long is replaced.
STALL_SECONDS = 5
TRUSTED, UNTRUSTED, OPC_UA, UNROUTED = (
    "telemetry.trusted",
    "telemetry.untrusted",
    "telemetry.opc_ua",
    "telemetry.unrouted",
)
# The topics that the project's own contracts read; the lake's tests send to the first two.
VENDOR_A, VENDOR_B = "telemetry.mqtt_vendor_a", "telemetry.mqtt_vendor_b"
CONTRACTED = (VENDOR_A, VENDOR_B, OPC_UA)
PARTITIONS, KEYS = 3, 12
COMMAND = "from loomline.commands.main import main; main()"
GATEWAY = (
    "from loomline.settings import load_settings\n"
    "from streaming.gateway import run_gateway\n"
    "run_gateway(load_settings())\n"
)


def declaration(opc_ua_port: int) -> dict[str, object]:
    """What the tests' gateway listens to."""
    return {
        "partitions": 3,
        "retention_days": 1,
        "mqtt": [
            {
                "filters": ["factory/#", "v1/devices/+/+"],
                "kafka_topic": TRUSTED,
                "sent_at_from_sender": True,
            },
            {"filters": ["plain/#"], "kafka_topic": UNTRUSTED},
        ],
        "unrouted_kafka_topic": UNROUTED,
        "opc_ua": [
            {
                "url": f"opc.tcp://127.0.0.1:{opc_ua_port}",
                "kafka_topic": OPC_UA,
                "folder_names_endpoint": True,
            }
        ],
    }


def wait_until(holds: Callable[[], bool], what: str, look_seconds: float = 0.1) -> None:
    """Wait until something holds; fail with `what` if it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"it never came to this: {what}"
        time.sleep(look_seconds)


def kill_broker(settings: Settings, name: str) -> None:
    """End one broker as a power cut would."""
    [status] = [status for status in broker_status(settings) if status.name == name]
    process = psutil.Process(status.process_id)
    process.kill()
    process.wait(PATIENCE_SECONDS)


def start_command(home: Home, output: int | IO[bytes], *arguments: str) -> subprocess.Popen[str]:
    """Start a `loomline` command in a home; all that it says goes to `output`."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=PROJECT_ROOT,
        env={**os.environ, **home.environment},
        stdout=output,
        stderr=output,
        text=True,
    )


def milliseconds(moment: datetime) -> int:
    """Epoch milliseconds of an instant."""
    return int(moment.timestamp() * 1000)


def message(
    machine: str, read_at: datetime, sent_at: datetime, metrics: dict[str, float], **more: object
) -> bytes:
    """A record of vendor A as the gateway writes it."""
    payload = {"deviceId": machine, "ts": milliseconds(read_at), "metrics": metrics, **more}
    record = {
        "topic": f"factory/ST1/{machine}/telemetry",
        "sent_at": milliseconds(sent_at),
        "payload": payload,
    }
    return json.dumps(record).encode()


def create_contracted_topics(settings: Settings) -> None:
    """Create the topics that the contracts read."""
    admin = KafkaAdminClient(bootstrap_servers=f"{settings.bind_address}:{settings.kafka_port}")
    configs = {"max.message.bytes": str(MESSAGE_LIMIT_BYTES)}
    admin.create_topics(
        [NewTopic(topic, PARTITIONS, 1, topic_configs=configs) for topic in CONTRACTED]
    )
    admin.close()


def publish(settings: Settings, records: Iterable[tuple[str, bytes]]) -> None:
    """Send records, each a topic and a value, one after the other and once, until Kafka has all.

    They may come slowly, and Kafka may be away meanwhile.
    """
    producer = KafkaProducer(
        bootstrap_servers=f"{settings.bind_address}:{settings.kafka_port}",
        acks="all",
        enable_idempotence=True,
        max_request_size=MESSAGE_LIMIT_BYTES,
    )
    sending = [
        producer.send(topic, value, key=str(number % KEYS).encode())
        for number, (topic, value) in enumerate(records)
    ]
    for future in sending:
        future.get(PATIENCE_SECONDS)
    producer.close()


class KafkaReader:
    """All that is in the topics, read on and on by one consumer.

    A consumer that gets nothing of what is there is replaced: one that met a broker's restart or a
    new topic at the wrong moment may wait for minutes.
    """

    def __init__(self, settings: Settings, topics: Iterable[str]) -> None:
        self._address = f"{settings.bind_address}:{settings.kafka_port}"
        self._next = {TopicPartition(t, p): 0 for t in topics for p in range(3)}
        self._read: dict[str, list[tuple[str, bytes]]] = {topic: [] for topic in topics}
        self._consumer = self._connected()

    def _connected(self) -> KafkaConsumer:
        consumer = KafkaConsumer(
            bootstrap_servers=self._address,
            enable_auto_commit=False,
            max_partition_fetch_bytes=16 * 1024 * 1024,
            fetch_max_bytes=32 * 1024 * 1024,
            reconnect_backoff_max_ms=500,
        )
        consumer.assign(list(self._next))
        for partition, offset in self._next.items():
            consumer.seek(partition, offset)
        return consumer

    def records(self, topic: str) -> list[tuple[str, bytes]]:
        """Keys and values of a topic's records, as far as they are there now."""
        last_progress = time.monotonic()
        while batch := self._consumer.poll(timeout_ms=200) or self._behind():
            if not isinstance(batch, dict):
                if time.monotonic() - last_progress > STALL_SECONDS:
                    self._consumer.close()
                    self._consumer = self._connected()
                    last_progress = time.monotonic()
                continue
            last_progress = time.monotonic()
            for partition, records in batch.items():
                for record in records:
                    self._read[record.topic].append((record.key.decode(), record.value))
                self._next[partition] = records[-1].offset + 1
        return self._read[topic]

    def _behind(self) -> bool:
        """Whether Kafka has more than was read; False while it can't be asked."""
        try:
            ends = self._consumer.end_offsets(list(self._next))
        except KafkaError:
            return False
        return any(ends[partition] > offset for partition, offset in self._next.items())

    def values(self, topic: str, key_start: str) -> list[bytes]:
        """Values of the records whose key starts with a text."""
        return [value for key, value in self.records(topic) if key.startswith(key_start)]

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()


@dataclass
class StreamHome:
    """A home with both brokers up, and at most one gateway."""

    settings: Settings
    environment: dict[str, str]
    opc_ua_port: int
    gateways: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """What the gateways have said."""
        return self.settings.home / "gateway.log"

    def write_catalog(self) -> None:
        """Write the declaration of the tests' senders."""
        self.settings.catalog.mkdir(parents=True)
        text = yaml.safe_dump(declaration(self.opc_ua_port))
        (self.settings.catalog / "gateway.yml").write_text(text)

    def start_gateway(self, before: str = "") -> None:
        """Start a gateway, after some Python, and wait until it is connected to MQTT."""
        said_before = self._times_connected()
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", before + GATEWAY],
                cwd=PROJECT_ROOT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
            )
        self.gateways.append(process)
        wait_until(
            lambda: process.poll() is not None or self._times_connected() > said_before,
            "the gateway is connected",
        )
        assert process.poll() is None, self.log.read_text()

    def _times_connected(self) -> int:
        return self.log.read_text().count("Connected to the MQTT") if self.log.exists() else 0

    def kill_gateway(self) -> None:
        """End the gateway as a power cut would."""
        self.gateways[-1].kill()
        self.gateways[-1].wait()

    def stop_gateway(self) -> int:
        """Ask the gateway to end; its exit code."""
        self.gateways[-1].terminate()
        return self.gateways[-1].wait(PATIENCE_SECONDS)

    def ensure_gateway(self) -> None:
        """Start a gateway unless one runs."""
        if not self.gateways or self.gateways[-1].poll() is not None:
            self.start_gateway()

    def kill_broker(self, name: str) -> None:
        """End one broker as a power cut would."""
        kill_broker(self.settings, name)

    def start_brokers(self) -> None:
        """Start what is not up."""
        start_brokers(self.settings)

    def close(self) -> None:
        """End all that was started."""
        for gateway in self.gateways:
            gateway.kill()
            gateway.wait()
        stop_brokers(self.settings)


class Sender:
    """A machine that publishes with QoS 1 and keeps what the broker has not acknowledged."""

    def __init__(self, settings: Settings) -> None:
        connected = threading.Event()
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        # With a limit paho lets a new message overtake one that waits for the limit.
        client.max_inflight_messages_set(0)
        client.reconnect_delay_set(min_delay=1, max_delay=1)
        client.on_connect = lambda *_: connected.set()
        client.connect(settings.bind_address, settings.mqtt_port)
        client.loop_start()
        assert connected.wait(PATIENCE_SECONDS)
        self._client = client

    def publish(self, topic: str, payload: bytes, sent_at: str | None = None) -> None:
        """Publish, and wait until the broker has it."""
        properties = Properties(PacketTypes.PUBLISH)
        if sent_at is not None:
            properties.UserProperty = ("sent_at", sent_at)
        info = self._client.publish(topic, payload, qos=1, properties=properties)
        info.wait_for_publish(PATIENCE_SECONDS)
        assert info.is_published()

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish many, and wait until the broker has them all."""
        infos = [self._client.publish(topic, payload, qos=1) for topic, payload in messages]
        for info in infos:
            info.wait_for_publish(PATIENCE_SECONDS)
            assert info.is_published()

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()
