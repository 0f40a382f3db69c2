"""How fast the gateway is: from MQTT publish to Kafka's acknowledgement, and what it sustains.

Run from the repository: python bench/gateway_speed.py. Starts brokers and a gateway of its own on
free ports in a temporary folder, and stops them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import psutil
import typer
import yaml
from kafka import KafkaConsumer, TopicPartition

from loomline.broker.servers import broker_status, start_brokers, stop_brokers
from loomline.engine.checks import free_ports
from loomline.settings import Settings, load_settings
from simulator.feed.lines import MqttMessage, OpcUaValue
from simulator.feed.mqtt import Publisher
from simulator.feed.opc_ua import MachineServer

MQTT_TOPIC, OPC_UA_TOPIC = "telemetry.bench_mqtt", "telemetry.bench_opc_ua"
MACHINES = 200
READINGS_A_MESSAGE = 3
PARTITIONS = 3
GATEWAY = (
    "from loomline.settings import load_settings\n"
    "from streaming.gateway import run_gateway\n"
    "run_gateway(load_settings())\n"
)


@contextmanager
def gateway_home(folder: Path) -> Iterator[tuple[Settings, int, psutil.Process]]:
    """A home with both brokers and a gateway up; its settings, OPC UA port and gateway."""
    mqtt, kafka, controller, opc_ua = free_ports(4)
    os.environ["LOOMLINE_HOME"] = str(folder / "home")
    os.environ["LOOMLINE_CATALOG"] = str(folder)
    os.environ["LOOMLINE_MQTT_PORT"] = str(mqtt)
    os.environ["LOOMLINE_KAFKA_PORT"] = str(kafka)
    os.environ["LOOMLINE_KAFKA_CONTROLLER_PORT"] = str(controller)
    declaration = {
        "partitions": PARTITIONS,
        "retention_days": 1,
        "mqtt": [{"filters": ["factory/#"], "kafka_topic": MQTT_TOPIC}],
        "unrouted_kafka_topic": "telemetry.bench_unrouted",
        "opc_ua": [{"url": f"opc.tcp://127.0.0.1:{opc_ua}", "kafka_topic": OPC_UA_TOPIC}],
    }
    (folder / "gateway.yml").write_text(yaml.safe_dump(declaration))
    settings = load_settings()
    try:
        start_brokers(settings)
        log = folder / "gateway.log"
        with log.open("wb") as said:
            gateway = subprocess.Popen([sys.executable, "-c", GATEWAY], stdout=said)
        try:
            while "Connected to the MQTT" not in log.read_text():
                time.sleep(0.1)
            yield settings, opc_ua, psutil.Process(gateway.pid)
        finally:
            gateway.terminate()
            gateway.wait()
    finally:
        stop_brokers(settings)


class Ends:
    """How many records a topic has."""

    def __init__(self, settings: Settings, topic: str) -> None:
        address = f"{settings.bind_address}:{settings.kafka_port}"
        self._consumer = KafkaConsumer(bootstrap_servers=address)
        self._partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]

    def count(self) -> int:
        """Records in the topic now."""
        return sum(self._consumer.end_offsets(self._partitions).values())


def mqtt_message(number: int) -> MqttMessage:
    """A message of three readings, as vendor A sends them."""
    machine = f"M{number % MACHINES:04d}"
    metrics = {"temperature": 71.25, "pressure": 4.5, "rotation": float(number)}
    content = {"deviceId": machine, "ts": 1_561_910_400_000 + number, "metrics": metrics}
    topic = f"factory/S1/{machine}/telemetry"
    return MqttMessage("mqtt", content["ts"], topic, json.dumps(content).encode())


def measure_mqtt(settings: Settings, count: int) -> tuple[float, float]:
    """Seconds until the MQTT broker, and until Kafka, has `count` messages sent at full speed."""
    ends, publisher = Ends(settings, MQTT_TOPIC), Publisher(settings)
    before, clock = ends.count(), time.perf_counter()
    published = [0.0]

    def publish() -> None:
        for number in range(count):
            publisher.publish(mqtt_message(number))
        publisher.close()
        published[0] = time.perf_counter() - clock

    publishing = threading.Thread(target=publish)
    publishing.start()
    while ends.count() - before < count:
        time.sleep(0.02)
    seconds = time.perf_counter() - clock
    publishing.join()
    return published[0], seconds


def measure_latency(settings: Settings, count: int) -> list[float]:
    """Milliseconds from publishing one message until a reader of Kafka has it, one at a time."""
    consumer = KafkaConsumer(
        bootstrap_servers=f"{settings.bind_address}:{settings.kafka_port}",
        auto_offset_reset="latest",
        fetch_max_wait_ms=10,
    )
    consumer.assign([TopicPartition(MQTT_TOPIC, number) for number in range(PARTITIONS)])
    consumer.seek_to_end()
    consumer.poll(timeout_ms=1000)
    publisher, taken = Publisher(settings), []
    for number in range(count):
        clock = time.perf_counter()
        publisher.publish(mqtt_message(number))
        while not consumer.poll(timeout_ms=100):
            pass
        taken.append((time.perf_counter() - clock) * 1000)
    publisher.close()
    return sorted(taken)


def measure_opc_ua(settings: Settings, port: int, folder: Path, count: int) -> float:
    """Seconds until Kafka has `count` values that a server with history gave its nodes."""
    nodes = [f"ns=2;s=M{number:04d}.Pressure" for number in range(MACHINES)]
    server = MachineServer("127.0.0.1", port, dict.fromkeys(nodes, "plant"), folder / "history")
    ends = Ends(settings, OPC_UA_TOPIC)
    start = datetime(2019, 7, 1, tzinfo=UTC)
    # The first value of each node shows that the gateway follows it.
    server.write([OpcUaValue("", 0, "plant", node, 0.0, start, start) for node in nodes])
    while ends.count() < MACHINES:
        time.sleep(0.1)
    time.sleep(2)
    before, clock = ends.count(), time.perf_counter()
    for first in range(0, count, MACHINES):
        moment = start + timedelta(seconds=first + 1)
        server.write([OpcUaValue("", 0, "plant", n, float(first), moment, moment) for n in nodes])
    while ends.count() - before < count:
        time.sleep(0.02)
    seconds = time.perf_counter() - clock
    server.close()
    return seconds


def main(
    messages: Annotated[int, typer.Option(help="MQTT messages.")] = 30_000,
    values: Annotated[int, typer.Option(help="OPC UA values.")] = 20_000,
) -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as name, gateway_home(Path(name)) as started:
        settings, opc_ua_port, gateway = started
        measure_mqtt(settings, messages // 10)
        published, stored = measure_mqtt(settings, messages)
        latency = measure_latency(settings, 200)
        opc_ua = measure_opc_ua(settings, opc_ua_port, Path(name), values)
        print("| what | a second | readings a second |")
        print("| --- | --- | --- |")
        per_second = messages / published
        print(f"| MQTT publish to the broker's acknowledgement | {per_second:,.0f} | |")
        per_second = messages / stored
        readings = per_second * READINGS_A_MESSAGE
        print(f"| MQTT publish to Kafka's acknowledgement | {per_second:,.0f} | {readings:,.0f} |")
        per_second = values / opc_ua
        print(
            f"| OPC UA write to Kafka's acknowledgement | {per_second:,.0f} | {per_second:,.0f} |"
        )
        middle, late = latency[len(latency) // 2], latency[len(latency) * 99 // 100]
        print(f"\nOne message at a time: median {middle:.0f} ms, 99 of 100 within {late:.0f} ms.")
        memory = {"gateway": gateway, "sender": psutil.Process()}
        for broker in broker_status(settings):
            memory[broker.name] = psutil.Process(broker.process_id)
        for what, process in memory.items():
            print(f"{what}: {process.memory_info().rss / 1e6:,.0f} MB")
        print(f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.")


if __name__ == "__main__":
    typer.run(main)
