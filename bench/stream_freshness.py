"""How fresh silver is when readings stream from Kafka, and how many a second the lake sustains.

Run from the repository: python bench/stream_freshness.py [--rates 1000,5000,20000] [--seconds 60].
Starts brokers, an engine and `loomline stream` of its own on free ports in a temporary folder,
sends messages of three readings at each rate, and stops everything.

The freshness of a reading is the moment when Delta committed its row of silver.telemetry, less the
moment when its message was sent. A rate is sustained when what is sent in the last third of the
time is no staler than in the second.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from kafka import KafkaProducer
from pyspark.sql import SparkSession

from loomline.broker.servers import start_brokers, stop_brokers
from loomline.commands.shown import print_table
from loomline.engine.server import start_engine, stop_engine
from loomline.engine.session import open_session
from loomline.settings import Settings, load_settings
from streaming.declaration import load_gateway
from streaming.sink import create_topics, kafka_address

TOPIC, TABLE = "telemetry.mqtt_vendor_a", "silver.telemetry"
PORTS = ("CONNECT", "THRIFT", "MQTT", "KAFKA", "KAFKA_CONTROLLER")
STREAM = "from loomline.commands.main import main; main()"
READINGS_A_MESSAGE = 3
MACHINES = 20_000
TICK_SECONDS = 0.05
DRAIN_SECONDS = 600


@contextmanager
def streaming_home(folder: Path) -> Iterator[Settings]:
    """A home with brokers, engine and stream up."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    for name, probe in zip(PORTS, probes, strict=True):
        os.environ[f"LOOMLINE_{name}_PORT"] = str(probe.getsockname()[1])
        probe.close()
    os.environ["LOOMLINE_HOME"] = str(folder)
    settings = load_settings()
    try:
        start_brokers(settings)
        start_engine(settings)
        create_topics(settings, load_gateway(settings.catalog))
        log = (folder / "stream.log").open("wb")
        stream = subprocess.Popen([sys.executable, "-c", STREAM, "stream"], stdout=log, stderr=log)
        try:
            yield settings
        finally:
            stream.terminate()
            stream.wait()
            log.close()
    finally:
        stop_engine(settings)
        stop_brokers(settings)


def send(settings: Settings, rate: float, seconds: float, name: str) -> int:
    """Send readings at a rate for a while, or as fast as one process can; returns how many."""
    producer = KafkaProducer(bootstrap_servers=kafka_address(settings), linger_ms=20)
    start, sent = time.monotonic(), 0
    while (passed := time.monotonic() - start) < seconds:
        now = time.time_ns() // 1_000_000
        for _ in range(int(passed * rate / READINGS_A_MESSAGE) - sent):
            machine = f"{name}-{sent % MACHINES}"
            metrics = {"rotation": 600.0 + sent % 7, "power": 5.25, "vibration": 1.5}
            payload = {"deviceId": machine, "ts": now, "metrics": metrics}
            record = {"topic": f"factory/S/{machine}/telemetry", "sent_at": now, "payload": payload}
            producer.send(TOPIC, json.dumps(record).encode(), key=machine.encode())
            sent += 1
        time.sleep(TICK_SECONDS)
    producer.flush()
    producer.close()
    return sent * READINGS_A_MESSAGE


def wait_for(spark: SparkSession, name: str, count: int) -> None:
    """Wait until silver has so many readings of the machines of a name."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        if spark.catalog.tableExists(TABLE):
            rows = spark.table(TABLE).where(f"machine_code like '{name}-%'").count()
            if rows >= count:
                assert rows == count, f"{rows} readings in silver, {count} sent"
                return
        time.sleep(1)
    raise SystemExit(f"{name}: not all of {count:,} readings arrived in {DRAIN_SECONDS} s.")


def freshness(settings: Settings, spark: SparkSession, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Of each reading of a name: when it was sent, and how many seconds later it was committed."""
    committed: dict[str, float] = {}
    log = settings.warehouse / "silver.db" / "telemetry" / "_delta_log"
    for commit in log.glob("*.json"):
        for line in commit.read_text().splitlines():
            if added := json.loads(line).get("add"):
                committed[Path(added["path"]).name] = commit.stat().st_mtime
    rows = spark.sql(
        "select _metadata.file_name as file, unix_millis(known_at) as sent, count(*) as readings "
        f"from {TABLE} where machine_code like '{name}-%' group by all"
    ).toPandas()
    sent = rows.sent.to_numpy() / 1000
    later = rows.file.map(committed).to_numpy() - sent
    return np.repeat(sent, rows.readings), np.repeat(later, rows.readings)


def main(
    rates: Annotated[str, typer.Option(help="Readings a second, with commas.")] = "1000,5000,20000",
    seconds: Annotated[float, typer.Option(help="How long each rate is sent.")] = 60,
) -> None:
    """Measure each rate after a warm-up, and print a table."""
    table = []
    with tempfile.TemporaryDirectory() as folder, streaming_home(Path(folder)) as settings:
        spark = open_session(settings)
        # A stream's first batches compile what later ones run.
        wait_for(spark, "warm", send(settings, 1_000, 30, "warm"))
        for rate in (float(text) for text in rates.split(",")):
            name, clock = f"rate{rate:.0f}", time.monotonic()
            count = send(settings, rate, seconds, name)
            sending = time.monotonic() - clock
            wait_for(spark, name, count)
            sent, later = freshness(settings, spark, name)
            third = np.minimum((sent - sent.min()) * 3 // seconds, 2)
            second, last = (float(np.median(later[third == part])) for part in (1, 2))
            p50, p99 = np.quantile(later, [0.5, 0.99])
            is_sustained = "yes" if last < second * 1.25 + 0.5 else "no"
            cells = (f"{rate:,.0f}", f"{count / sending:,.0f}", f"{p50:.1f}", f"{p99:.1f}")
            table.append((*cells, f"{count / (sent.max() - sent.min() + p50):,.0f}", is_sustained))
            print(f"{rate:,.0f} readings a second: p50 {p50:.1f} s, p99 {p99:.1f} s", flush=True)
    print_table(
        ("wanted a second", "sent", "p50 s", "p99 s", "landed a second", "sustained"), table
    )


if __name__ == "__main__":
    typer.run(main)
