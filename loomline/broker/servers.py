"""Start, stop and look at the brokers of a home."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from loomline.broker.jars import retrieve_jars
from loomline.broker.kafka import kafka_command, kafka_folder, prepare_kafka, properties_path
from loomline.broker.mqtt import MAIN_CLASS, mqtt_command, mqtt_folder, prepare_mqtt
from loomline.engine.checks import check_disk, check_java, check_port, port_answers
from loomline.errors import BrokerError
from loomline.locks import held
from loomline.processes import ServerProcess, Starting
from loomline.settings import Settings

START_SECONDS = 60


@dataclass(frozen=True)
class BrokerStatus:
    """One broker: its name, process, port, log, and whether the port answers."""

    name: str
    process_id: int | None
    port: int
    answers: bool
    log: Path

    @property
    def is_up(self) -> bool:
        """Whether the broker serves its port."""
        return self.process_id is not None and self.answers


@dataclass(frozen=True)
class _Broker:
    name: str
    server: ServerProcess
    port: int
    variable: str
    log: Path

    def status(self, settings: Settings) -> BrokerStatus:
        process = self.server.running()
        answers = port_answers(settings.bind_address, self.port)
        return BrokerStatus(
            self.name, process.pid if process else None, self.port, answers, self.log
        )


def _mqtt(settings: Settings) -> _Broker:
    folder = mqtt_folder(settings)
    server = ServerProcess(folder / "mqtt.pid", f"{MAIN_CLASS} {folder}")
    return _Broker("MQTT", server, settings.mqtt_port, "LOOMLINE_MQTT_PORT", folder / "mqtt.log")


def _kafka(settings: Settings) -> _Broker:
    folder = kafka_folder(settings)
    server = ServerProcess(folder / "kafka.pid", f"kafka.Kafka {properties_path(settings)}")
    return _Broker(
        "Kafka", server, settings.kafka_port, "LOOMLINE_KAFKA_PORT", folder / "kafka.log"
    )


def broker_status(settings: Settings) -> tuple[BrokerStatus, BrokerStatus]:
    """Look at this home's MQTT broker and at its Kafka."""
    return _mqtt(settings).status(settings), _kafka(settings).status(settings)


def start_brokers(settings: Settings) -> tuple[BrokerStatus, BrokerStatus]:
    """Start what is not up of this home's MQTT broker and Kafka, and wait until both answer.

    Raises:
        EngineError: Java is missing or too old, a port is taken, the disk is full, or jars could
            not be fetched.
        BrokerError: a broker ended or did not answer in time; the message says where its log is.
    """
    mqtt, kafka = _mqtt(settings), _kafka(settings)
    started: dict[str, subprocess.Popen[bytes]] = {}
    check_java()
    check_disk(settings.home)
    # Whoever else starts the brokers of this home waits, and then finds them up.
    with held(settings.home / "broker" / "start.lock"):
        retrieve_jars(settings.jars)
        if mqtt.server.running() is None:
            check_port(settings.bind_address, mqtt.port, mqtt.variable)
            prepare_mqtt(settings)
            started[mqtt.name] = mqtt.server.start(mqtt_command(settings), mqtt.log)
        if kafka.server.running() is None:
            check_port(settings.bind_address, kafka.port, kafka.variable)
            controller_port = settings.kafka_controller_port
            check_port(settings.bind_address, controller_port, "LOOMLINE_KAFKA_CONTROLLER_PORT")
            prepare_kafka(settings)
            started[kafka.name] = kafka.server.start(kafka_command(settings), kafka.log)
        for broker in (mqtt, kafka):
            _wait_until_up(broker, settings, started.get(broker.name))
    return broker_status(settings)


def _wait_until_up(
    broker: _Broker, settings: Settings, started: subprocess.Popen[bytes] | None
) -> None:
    def has_ended() -> bool:
        # A process that was just started has no command line to tell it by for a moment.
        return started.poll() is not None if started else broker.server.running() is None

    starting = Starting(broker.name, broker.log, "loomline broker stop", START_SECONDS)
    starting.wait(lambda: broker.status(settings).is_up, has_ended, BrokerError)


def stop_brokers(settings: Settings) -> bool:
    """Stop this home's brokers; every message stays. Returns whether one was running."""
    mqtt_ran, kafka_ran = _mqtt(settings).server.stop(), _kafka(settings).server.stop()
    return mqtt_ran or kafka_ran
