"""How silver.telemetry should be laid out: the same readings in several layouts, three reads each.

Run from the repository: python bench/telemetry_layout.py. Starts an engine of its own on free ports
in a temporary folder, and stops it. Files are kept so small that the month has as many of them as
years of a real lake have; what counts is the share of them that a read must open.
"""

from __future__ import annotations

import os
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from loomline.engine.server import start_engine, stop_engine
from loomline.engine.session import open_session
from loomline.settings import Settings

FILE_BYTES = 2 << 20
MACHINES_A_FACTORY = 10
SENSORS = 3
READINGS_A_DAY = 288
LATE_SHARE = 0.02
SCHEMA = "bench"
CLUSTERED = "cluster by ({})"
# A layout: what stands behind `using delta`, and what is run once the rows are in.
LAYOUTS = {
    "as appended": ("", ""),
    "compacted": ("", "optimize {}"),
    "partitioned by day, compacted": ("partitioned by (device_date)", "optimize {}"),
    "Z-order machine, time": ("", "optimize {} zorder by (machine_code, device_time)"),
    "clustered by machine, time": (CLUSTERED.format("machine_code, device_time"), "optimize {}"),
    "clustered by machine, time, known": (
        CLUSTERED.format("machine_code, device_time, known_at"),
        "optimize {}",
    ),
    "clustered by time": (CLUSTERED.format("device_time"), "optimize {}"),
}
ONE_DAY = "device_time >= timestamp'2019-07-11' and device_time < timestamp'2019-07-12'"
READS = {
    "one machine's day": f"machine_code = 'M00017' and {ONE_DAY}",
    "one factory's month": "machine_code between 'M00040' and 'M00049'"
    " and device_time >= timestamp'2019-07-01' and device_time < timestamp'2019-08-01'",
    "a day's ingest": "known_at >= timestamp'2019-07-11' and known_at < timestamp'2019-07-12'",
}


@dataclass(frozen=True)
class Measured:
    """What a read opened, how long it took (median of several), and what it found."""

    files: int
    bytes: int
    seconds: float
    answer: tuple[object, ...]


@contextmanager
def bench_engine(memory: str) -> Iterator[SparkSession]:
    """A session of an engine in a temporary home."""
    probes = [socket.socket() for _ in range(2)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    connect, thrift = (int(probe.getsockname()[1]) for probe in probes)
    for probe in probes:
        probe.close()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            home=Path(folder), connect_port=connect, thrift_port=thrift, engine_memory=memory
        )
        start_engine(settings)
        try:
            yield open_session(settings)
        finally:
            stop_engine(settings)


def readings(spark: SparkSession, machines: int, day: int) -> DataFrame:
    """The readings that come in on a day: its own but for late ones, and late ones of days before.

    A row's delay depends on the row alone, so that a late one is left out once and brought once.
    """
    frames = []
    for delay in range(4):
        made = day - delay
        if made < 0:
            continue
        of_day = machines * SENSORS * READINGS_A_DAY
        rows = spark.range(made * of_day, (made + 1) * of_day)
        chance = F.abs(F.xxhash64("id", F.lit("late"))) % 10_000
        late = F.when(chance < 10_000 * LATE_SHARE, chance % 3 + 1).otherwise(0)
        place = F.col("id") % of_day
        second = (
            F.lit(made) * 86_400
            + F.floor(place / (machines * SENSORS)) * (86_400 // READINGS_A_DAY)
            + place % 60
        )
        time_ = F.timestamp_seconds(F.lit(1_561_939_200) + second)
        frames.append(
            rows.where(late == delay).select(
                F.lit("sensors").alias("code_system"),
                F.format_string("M%05d", place % machines).alias("machine_code"),
                F.format_string("sensor_%d", F.floor(place / machines) % SENSORS).alias(
                    "sensor_code"
                ),
                time_.alias("device_time"),
                (F.xxhash64("id") % 100_000 / 1000).alias("value"),
                F.lit("kW").alias("unit"),
                F.timestamp_seconds(F.lit(1_561_939_200 + delay * 86_400) + second + 3).alias(
                    "known_at"
                ),
                F.concat(F.lit("kafka/telemetry/"), (place % 3).cast("string")).alias(
                    "source_file"
                ),
                F.col("id").alias("line_number"),
                F.to_date(time_).alias("device_date"),
            )
        )
    frame = frames[0]
    for other in frames[1:]:
        frame = frame.unionByName(other)
    return frame


def scanned(frame: DataFrame) -> tuple[int, int]:
    """Files and bytes that the run of a frame's query opened."""
    files = size = 0
    _, nodes = frame.executionInfo.metrics.extract_graph()
    for node in nodes.values():
        of_node = {metric.name: int(metric.value) for metric in node.metrics}
        files += of_node.get("number of files read", of_node.get("numFiles", 0))
        size += of_node.get("size of files read", of_node.get("filesSize", 0))
    return files, size


def measure(spark: SparkSession, table: str, condition: str, times: int) -> Measured:
    """Read the rows of a condition several times."""
    taken, files, size, answer = [], 0, 0, ()
    for _ in range(times + 1):
        frame = (
            spark.table(table)
            .where(condition)
            .agg(
                F.count("*"),
                F.sum(F.xxhash64("machine_code", "sensor_code", "device_time", "value") % 1_000),
            )
        )
        clock = time.perf_counter()
        answer = tuple(frame.collect()[0])
        taken.append(time.perf_counter() - clock)
        files, size = scanned(frame)
    # The first run also reads the table's log.
    return Measured(files, size, statistics.median(taken[1:]), answer)


def lay_out(spark: SparkSession, table: str, layout: tuple[str, str]) -> float:
    """Copy the appended rows into a table of a layout; seconds that its upkeep took."""
    made_with, upkeep = layout
    spark.sql(f"create table {table} using delta {made_with} as select * from {SCHEMA}.appended")
    clock = time.perf_counter()
    if upkeep:
        spark.sql(upkeep.format(table))
    return time.perf_counter() - clock


def main(
    days: Annotated[int, typer.Option(help="Days of readings.")] = 30,
    machines: Annotated[int, typer.Option(help="Machines, ten a factory.")] = 200,
    times: Annotated[int, typer.Option(help="Measured runs of each read.")] = 3,
    memory: Annotated[str, typer.Option(help="Heap of the engine.")] = "2g",
) -> None:
    """Measure and print a table."""
    with bench_engine(memory) as spark:
        spark.conf.set("spark.databricks.delta.optimize.maxFileSize", str(FILE_BYTES))
        spark.sql(f"create schema {SCHEMA}")
        appended = f"{SCHEMA}.appended"
        for day in range(days):
            frame = readings(spark, machines, day)
            if day == 0:
                frame.writeTo(appended).using("delta").create()
            else:
                frame.writeTo(appended).append()
        rows = spark.table(appended).count()
        print(f"{rows:,} readings of {machines} machines on {days} days\n")
        reads = " | ".join(f"{name}: files, MB, s" for name in READS)
        print(f"| layout | files | upkeep s | {reads} |")
        print("| --- " * (3 + len(READS)) + "|")
        answers: dict[str, tuple[object, ...]] = {}
        for name, layout in LAYOUTS.items():
            table, upkeep = appended, 0.0
            if any(layout):
                table = f"{SCHEMA}.candidate"
                spark.sql(f"drop table if exists {table}")
                upkeep = lay_out(spark, table, layout)
            files = spark.sql(f"describe detail {table}").collect()[0]["numFiles"]
            cells = []
            for read, condition in READS.items():
                found = measure(spark, table, condition, times)
                if answers.setdefault(read, found.answer) != found.answer:
                    raise AssertionError(f"{read} of {name}: {found.answer}, {answers[read]}")
                cells.append(f"{found.files}, {found.bytes / 1e6:.1f}, {found.seconds:.2f}")
            print(f"| {name} | {files} | {upkeep:.0f} | {' | '.join(cells)} |", flush=True)
        print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.")


if __name__ == "__main__":
    typer.run(main)
