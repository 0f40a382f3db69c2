"""Kafka into the lake, by Structured Streaming through the engine: one stream a canonical table."""

from __future__ import annotations

import signal
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from loomline.contracts.catalogue import contract_version, load_contracts, readers_of
from loomline.engine.server import start_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.lake import create_tables
from loomline.settings import Settings
from streaming.batch import (
    CONFORMED_FILE,
    DEAD_LETTER,
    LANDED_FILE,
    QUARANTINE,
    Batch,
    StreamSource,
    take_batch,
)

# So many records a batch at most: what waits stays in Kafka, not in the engine's memory.
RECORDS_A_BATCH = 60_000
TRIGGER = "1 second"
REPORT_SECONDS = 10
# A record of up to eight megabytes must fit into one fetch.
FETCH_BYTES = 9 << 20


def streams(catalog: Path) -> dict[str, list[StreamSource]]:
    """The sources that have a Kafka topic, by their canonical table."""
    of_target, contracts = defaultdict(list), load_contracts(catalog)
    for contract in contracts.values():
        if contract.kafka_topic is not None:
            others = tuple(readers_of(contracts, contract))
            source = StreamSource(contract, contract_version(contract, others), others)
            of_target[contract.target].append(source)
    return dict(of_target)


def stream_identity(folder: Path) -> str:
    """The name under which a stream's batches are numbered; it lives as long as its checkpoint."""
    path = folder / "identity"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / "identity.partial"
        partial.write_text(str(uuid.uuid4()))
        partial.replace(path)
    return path.read_text()


def _start(
    spark: SparkSession, settings: Settings, target: str, sources: list[StreamSource], once: bool
) -> StreamingQuery:
    tables = [one.contract.bronze_table for one in sources]
    shared = (target, LANDED_FILE, CONFORMED_FILE, QUARANTINE, DEAD_LETTER)
    create_tables(spark, settings.catalog, (*tables, *shared))
    folder = settings.home / "streaming" / target
    identity, catalog = stream_identity(folder), settings.catalog

    def take(records: DataFrame, number: int) -> None:
        take_batch(Batch(identity, number, catalog), records, sources)

    topics = [str(one.contract.kafka_topic) for one in sources]
    records = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", f"{settings.bind_address}:{settings.kafka_port}")
        .option("subscribe", ",".join(topics))
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", str(RECORDS_A_BATCH))
        .option("kafka.max.partition.fetch.bytes", str(FETCH_BYTES))
        .option("kafka.fetch.max.bytes", str(FETCH_BYTES))
        .load()
    )
    writer = records.writeStream.foreachBatch(take).option(
        "checkpointLocation", str(folder / "checkpoint")
    )
    writer = writer.trigger(availableNow=True) if once else writer.trigger(processingTime=TRIGGER)
    return writer.start()


def _report(query: StreamingQuery, target: str, say: Callable[[str], None]) -> None:
    progress = query.lastProgress
    if progress is not None and progress["numInputRows"]:
        seconds = progress["durationMs"].get("triggerExecution", 0) / 1000
        rows = int(progress["numInputRows"])
        say(
            f"stream       {target}  batch {progress['batchId']}  {rows:,} records  {seconds:.1f} s"
        )


def run_streams(settings: Settings, once: bool, say: Callable[[str], None] = print) -> None:
    """Carry Kafka's records into the lake until SIGTERM or Ctrl-C; or, `once`, what is there now.

    Raises:
        LoomlineError: a stream ended by itself; the message says why.
    """
    if not settings.spark_remote:
        start_engine(settings)
    spark = open_session(settings)
    queries = {
        target: _start(spark, settings, target, sources, once)
        for target, sources in streams(settings.catalog).items()
    }
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    said = time.monotonic()
    while not stopping and any(query.isActive for query in queries.values()):
        time.sleep(0.5)
        if time.monotonic() - said >= REPORT_SECONDS:
            said = time.monotonic()
            for target, query in queries.items():
                _report(query, target, say)
    for target, query in queries.items():
        failure = query.exception()
        query.stop()
        if failure is not None:
            raise LoomlineError(
                f"The stream into {target} ended: {str(failure).splitlines()[0]}",
                "Start it again: it goes on from what is committed.",
            )
