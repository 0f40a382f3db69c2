"""One micro-batch of Kafka records into the lake: bronze, silver, duplicates and dead letters.

The engine repeats a batch that was cut off, with the same records and the same number. Each write
carries that number as Delta's own transaction version, so that a write that was done already is
passed over; and a batch's own rows are never taken for rows that it repeats. So however often a
batch is begun, its rows are in each table once.

A log is one partition of a topic. It stands in `bronze.landed_file` as a file does, with the log's
name as `source_file` and the offset as `line_number`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from loomline.classifying import CONFORMED, DUPLICATE, QUARANTINED, classify_rows, possible_rivals
from loomline.contracts.model import Contract
from loomline.lake import kept, rows_frame, sql_literal
from loomline.parsing import parse_rows
from loomline.tables import table_declaration

QUARANTINE = "quality.quarantine"
DEAD_LETTER = "quality.dead_letter"
LANDED_FILE = "bronze.landed_file"
CONFORMED_FILE = "ops.conformed_file"


@dataclass(frozen=True)
class StreamSource:
    """A contract whose topic is streamed, its version, and the others that read the same rows."""

    contract: Contract
    version: str
    others: tuple[Contract, ...]


class Batch:
    """What a batch's writes need to know: whose stream, which batch, whose catalogue."""

    def __init__(self, stream: str, number: int, catalog: Path) -> None:
        self.catalog = catalog
        self._stream, self._number = stream, number
        self._written: set[str] = set()

    def append(self, frame: DataFrame, table: str) -> None:
        """Append to a table, unless this batch has done so before it was cut off.

        Delta would take a second write of the batch to a table for a repetition of the first.
        """
        if table in self._written:
            raise ValueError(f"{table} is written twice in one batch")
        self._written.add(table)
        writer = frame.select(*frame.sparkSession.table(table).columns).writeTo(table)
        writer = writer.option("txnAppId", f"{self._stream}:{table}")
        writer.option("txnVersion", str(self._number)).append()


def bronze_rows(records: DataFrame) -> DataFrame:
    """Kafka records in the shape of a bronze table, with their `topic`."""
    log = F.concat_ws("/", F.lit("kafka"), "topic", F.col("partition").cast("string"))
    is_text = F.is_valid_utf8(F.col("value").cast("string")) & F.col("value").isNotNull()
    text = F.when(is_text, F.col("value").cast("string"))
    raw_text = F.coalesce(text, F.base64("value"), F.lit(""))
    return records.select(
        "topic",
        F.sha2(log, 256).alias("file_sha256"),
        log.alias("source_file"),
        F.col("offset").alias("line_number"),
        raw_text.alias("raw_text"),
        F.expr("cast(map() as map<string,string>)").alias("fields"),
        F.when(~is_text, F.lit("row: is not UTF-8 text")).alias("problem"),
        F.current_timestamp().alias("landed_at"),
    )


def _own_rows(bronze: DataFrame) -> str:
    """The SQL condition of rows that are of this batch."""
    ranges = bronze.groupBy("file_sha256").agg(
        F.min("line_number").alias("first"), F.max("line_number").alias("last")
    )
    parts = [
        f"(file_sha256 = {sql_literal(row['file_sha256'])} "
        f"and line_number between {row['first']} and {row['last']})"
        for row in ranges.collect()
    ]
    return " or ".join(parts) or "false"


def _list_logs(batch: Batch, rows: DataFrame, versions: dict[str, str], target: str) -> None:
    """List the logs that are seen for the first time, as landed and as conformed from now on.

    `rows` have a `source`; `versions` are those of the contracts, by source, and `target` is the
    canonical table of all of them.
    """
    spark = rows.sparkSession
    listed = spark.table(LANDED_FILE).where(F.col("source").isin(*versions))
    known = {(row[0], row[1]) for row in listed.select("source", "file_sha256").collect()}
    logs = rows.groupBy("source", "file_sha256", "source_file").agg(F.min("landed_at")).collect()
    new = [log for log in logs if (log[0], log[1]) not in known]
    if not new:
        return
    marks: list[tuple[object, ...]] = [(log[0], log[1], versions[log[0]], target) for log in new]
    batch.append(rows_frame(spark, batch.catalog, CONFORMED_FILE, marks), CONFORMED_FILE)
    seen: list[tuple[object, ...]] = [(*log[:3], 0, 0, [], [], log[3], "") for log in new]
    batch.append(rows_frame(spark, batch.catalog, LANDED_FILE, seen), LANDED_FILE)


def take_batch(batch: Batch, records: DataFrame, sources: list[StreamSource]) -> None:
    """Bring the records of a batch into the lake.

    `sources` are those whose topics the records are of, all of one canonical table.
    """
    spark: SparkSession = records.sparkSession
    contract = sources[0].contract
    table = table_declaration(batch.catalog, contract.target)
    source_of = {str(one.contract.kafka_topic): one.contract.source for one in sources}
    names = F.create_map(*[F.lit(text) for pair in source_of.items() for text in pair])
    # Kept, since Kafka would be asked again for each table that the rows go to.
    bronze = kept(bronze_rows(records).withColumn("source", names[F.col("topic")]))
    present = {row["source"] for row in bronze.select("source").distinct().collect()}
    parsed = []
    for one in sources:
        if one.contract.source not in present:
            continue
        rows = bronze.where(F.col("source") == one.contract.source)
        batch.append(rows, one.contract.bronze_table)
        parsed.append(parse_rows(rows.drop("source"), one.contract, table, one.others))
    if not parsed:
        return
    versions = {one.contract.source: one.version for one in sources}
    _list_logs(batch, bronze, versions, contract.target)
    every = kept(reduce(DataFrame.unionByName, parsed))
    silver = spark.table(contract.target).where(f"not ({_own_rows(bronze)})")
    rivals = possible_rivals(silver, every, contract.key or table.key)
    judged = kept(classify_rows(every, contract, table, rivals))
    counts = {row[0] for row in judged.select("disposition").distinct().collect()}
    if CONFORMED in counts:
        batch.append(judged.where(F.col("disposition") == CONFORMED), contract.target)
    aside = judged.withColumns(
        {"target_table": F.lit(contract.target), "control_total": F.lit(None).cast("decimal(22,4)")}
    )
    if DUPLICATE in counts:
        batch.append(aside.where(F.col("disposition") == DUPLICATE), QUARANTINE)
    if QUARANTINED in counts:
        letters = aside.where(F.col("disposition") == QUARANTINED)
        batch.append(letters.withColumn("landed_at", F.current_timestamp()), DEAD_LETTER)
