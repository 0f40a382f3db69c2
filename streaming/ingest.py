"""Kafka into the lake, by Structured Streaming through the engine: one stream a canonical table.

The job `stream` takes what Kafka holds and ends; `loomline stream` goes on until it is stopped.
"""

from __future__ import annotations

import signal
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from loomline.batch_lock import in_batch
from loomline.contracts.catalogue import contract_version, load_contracts, readers_of
from loomline.engine.checks import port_answers
from loomline.engine.server import ensure_engine, own_engine_is_down
from loomline.engine.session import open_session
from loomline.errors import EngineError, LoomlineError
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, table_version
from loomline.locks import held_at_once
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
LOOK_SECONDS = 0.2
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
    identity, catalog, home = stream_identity(folder), settings.catalog, settings.home

    def take(records: DataFrame, number: int) -> None:
        with in_batch(home):
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


def _report(query: StreamingQuery, target: str, told: int, say: Callable[[str], None]) -> int:
    """Tell of the last batch unless it was told already; the number of the batch told last."""
    progress = query.lastProgress
    if progress is not None and progress.numInputRows and progress.batchId > told:
        seconds = progress.durationMs.get("triggerExecution", 0) / 1000
        rows = progress.numInputRows
        say(f"stream       {target}  batch {progress.batchId}  {rows:,} records  {seconds:.1f} s")
        told = progress.batchId
    return told


def _alone(settings: Settings) -> AbstractContextManager[bool]:
    """Whether no other process of this home carries records: two would share the checkpoints."""
    return held_at_once(settings.home / "streaming" / "stream.lock")


def _start_all(spark: SparkSession, settings: Settings, once: bool) -> dict[str, StreamingQuery]:
    return {
        target: _start(spark, settings, target, sources, once)
        for target, sources in streams(settings.catalog).items()
    }


def run_streams(settings: Settings, say: Callable[[str], None] = print) -> None:
    """Carry Kafka's records into the lake until SIGTERM or Ctrl-C.

    Raises:
        LoomlineError: a stream ended by itself, or another process carries them; the message says
            why.
        EngineError: the engine could not be started, or ended meanwhile.
    """
    ensure_engine(settings)
    try:
        _carry_until_stopped(settings, say)
    except Exception as error:
        if own_engine_is_down(settings):
            raise EngineError(
                "The engine ended while Kafka's records were carried.",
                "Start `loomline stream` again: it goes on from what is committed.",
            ) from error
        raise


def _carry_until_stopped(settings: Settings, say: Callable[[str], None]) -> None:
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    with _alone(settings) as is_alone:
        if not is_alone:
            raise LoomlineError(
                "Another process of this home carries Kafka's records.",
                "Leave it to its work, or stop it first.",
            )
        queries = _start_all(open_session(settings), settings, once=False)
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        said, told = time.monotonic(), dict.fromkeys(queries, -1)
        while not stopping and any(query.isActive for query in queries.values()):
            time.sleep(LOOK_SECONDS)
            if time.monotonic() - said >= REPORT_SECONDS:
                said = time.monotonic()
                for target, query in queries.items():
                    told[target] = _report(query, target, told[target], say)
        _end(queries)


def run(context: JobContext) -> JobResult:
    """Carry what Kafka holds now into the lake, unless `loomline stream` does so all the time.

    Raises:
        LoomlineError: a stream ended by itself; the message says why.
    """
    settings, spark = context.settings, context.spark
    if not port_answers(settings.bind_address, settings.kafka_port):
        return JobResult(0, 0, ("no Kafka is up in this home; there is nothing to take",))
    with _alone(settings) as is_alone:
        if not is_alone:
            return JobResult(0, 0, ("`loomline stream` is running and carries the records",))
        before = {
            target: table_version(spark, target, context.warehouse)
            for target in streams(context.catalog)
        }
        queries = _start_all(spark, settings, once=True)
        while any(query.isActive for query in queries.values()):
            time.sleep(LOOK_SECONDS)
        _end(queries)
    taken = sum(
        progress.numInputRows for query in queries.values() for progress in query.recentProgress
    )
    written = sum(_rows_written(spark, target, version) for target, version in before.items())
    return JobResult(taken, written)


def _rows_written(spark: SparkSession, table: str, since: int | None) -> int:
    """Rows that the commits after a version have added to a table."""
    after = -1 if since is None else since
    commits = spark.sql(f"describe history {table}").where(f"version > {after}")
    rows = commits.selectExpr("sum(cast(operationMetrics['numOutputRows'] as bigint))").collect()
    return int(rows[0][0] or 0)


def _end(queries: dict[str, StreamingQuery]) -> None:
    for target, query in queries.items():
        failure = query.exception()
        query.stop()
        if failure is not None:
            raise LoomlineError(
                f"The stream into {target} ended: {str(failure).splitlines()[0]}",
                "Start it again: it goes on from what is committed.",
            )
