"""How Kafka runs: one node that is both broker and controller (KRaft)."""

from __future__ import annotations

import base64
import subprocess
import uuid
from pathlib import Path

from loomline.broker.jars import KAFKA, class_path
from loomline.errors import BrokerError
from loomline.settings import Settings

# A record up to this size goes through whole. The broker takes a little more: key and headers.
RECORD_LIMIT_BYTES = 8 * 1024 * 1024
MESSAGE_LIMIT_BYTES = RECORD_LIMIT_BYTES + 256 * 1024
HEAP = "320m"
LOG_LEVEL = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


def kafka_folder(settings: Settings) -> Path:
    """Folder of Kafka's data, settings and log."""
    return settings.home / "broker" / "kafka"


def properties_path(settings: Settings) -> Path:
    """Kafka's own settings, written anew at each start."""
    return kafka_folder(settings) / "server.properties"


def kafka_properties(settings: Settings) -> dict[str, object]:
    """Kafka's own settings."""
    address = settings.bind_address
    broker = f"PLAINTEXT://{address}:{settings.kafka_port}"
    controller = f"{address}:{settings.kafka_controller_port}"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"{broker},CONTROLLER://{controller}",
        "advertised.listeners": broker,
        "controller.listener.names": "CONTROLLER",
        "log.dirs": kafka_folder(settings) / "data",
        # A mistyped topic is an error, not a new topic.
        "auto.create.topics.enable": "false",
        "message.max.bytes": MESSAGE_LIMIT_BYTES,
        # There is no replica: what is acknowledged is on the disk.
        "log.flush.interval.messages": 1,
        # One node holds what a cluster would spread.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 4,
        "group.initial.rebalance.delay.ms": 0,
        # After a kill the node is taken back when its last session has run out.
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 1000,
        # One machine with few processors and a small heap.
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }


def prepare_kafka(settings: Settings) -> None:
    """Write Kafka's settings and, before the first start, format its storage.

    Raises:
        BrokerError: the storage could not be formatted.
    """
    kafka_folder(settings).mkdir(parents=True, exist_ok=True)
    entries = kafka_properties(settings).items()
    path = properties_path(settings)
    path.write_text("".join(f"{key}={value}\n" for key, value in entries))
    if (kafka_folder(settings) / "data" / "meta.properties").exists():
        return
    command = ["java", "-Xmx128m", LOG_LEVEL, "-cp", class_path(settings.jars, KAFKA)]
    command += ["kafka.tools.StorageTool", "format", "--config", str(path)]
    command += ["--cluster-id", _cluster_id(), "--ignore-formatted"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokerError(
            "Kafka's storage could not be formatted.",
            f"Look at {kafka_folder(settings)}. Kafka said:\n{(done.stdout + done.stderr)[-800:]}",
        )


def _cluster_id() -> str:
    """A new cluster id as Kafka writes it; one starting with `-` would be taken for an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def kafka_command(settings: Settings) -> list[str]:
    """The command that runs Kafka in the foreground."""
    command = ["java", f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", LOG_LEVEL]
    command += ["-cp", class_path(settings.jars, KAFKA)]
    return [*command, "kafka.Kafka", str(properties_path(settings))]
