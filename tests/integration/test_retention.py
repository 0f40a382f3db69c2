"""Retention lets old lines go: what stays reconciles, and rollups keep what they know.

The readings come as a file and as a log of Kafka, by a contract of the test's own.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from pyspark.sql import Row, SparkSession

from loomline.commands.lineage import lineage
from loomline.contracts.catalogue import contract_version, load_contracts
from loomline.errors import LoomlineError
from loomline.job import JobResult
from loomline.lake import (
    append_rows,
    changed_rows,
    create_tables,
    remove_rows,
    rows_at,
    sql_literal,
    table_version,
)
from loomline.runner import run_job
from loomline.settings import Settings
from spark_jobs.maintain import MANY_FILES
from streaming.batch import Batch, StreamSource, take_batch
from tests.integration.content import content_hash
from tests.integration.trial import trial_settings

CHINA = timezone(timedelta(hours=8))
SOURCE, TOPIC, LOG = "sample_retention", "telemetry.retention", "kafka/telemetry.retention/0"
# What was known on the first two of the four days is older than 400 days.
FIRST_DAY, DAYS, OLD_DAYS = date(2020, 3, 1), 4, 2
AS_OF_DATE = FIRST_DAY + timedelta(days=OLD_DAYS - 1 + 400)
CONTRACT = {
    "source": SOURCE,
    "description": "Readings of the retention trial.",
    "owner": "tests",
    "files": ["retention_*.jsonl"],
    "format": {"type": "json_lines"},
    "kafka_topic": TOPIC,
    "target": "silver.telemetry",
    "time_zone": "Asia/Shanghai",
    "columns": {
        "code_system": {"constant": SOURCE},
        "machine_code": {"from": "machine"},
        "sensor_code": {"constant": "power"},
        "device_time": {"from": "read_at", "formats": ["epoch_milliseconds"]},
        "value": {"from": "value"},
        "unit": {"constant": "kW"},
    },
    "working_columns": {
        "sent_at": {"from": "sent_at", "type": "timestamp", "formats": ["epoch_milliseconds"]}
    },
    "event_at": {"column": "sent_at"},
    "known_at": {"column": "sent_at"},
}
TELEMETRY, BRONZE = "silver.telemetry", f"bronze.{SOURCE}"
MINUTE, DAY = "silver.telemetry_minute", "silver.telemetry_day"
QUARANTINE, DEAD_LETTER = "quality.quarantine", "quality.dead_letter"
UNFINISHED, RETIRED = "ops.unfinished_file", "ops.retired_file"
OF_SOURCE, OF_SYSTEM = f"source = '{SOURCE}'", f"code_system = '{SOURCE}'"
# In the order in which maintain writes them, after it has said what it is about to do.
WRITTEN = (DAY, TELEMETRY, QUARANTINE, DEAD_LETTER, BRONZE)


def lines_of(machine: str) -> list[str]:
    """Readings of a machine every three hours, in the order in which they were sent."""
    lines = []
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, 1, tzinfo=CHINA)
    for number in range(8 * DAYS):
        sent_at = int((start + timedelta(hours=3 * number)).timestamp() * 1000)
        reading = {"machine": machine, "read_at": sent_at - 2000, "sent_at": sent_at}
        lines.append(json.dumps({**reading, "value": number}))
    return lines


# With a line that is sent twice and one that is none, on an old day and on one that is kept.
LOG_LINES = [x for n, line in enumerate(lines_of("of_log")) for x in [line] * (1 + (n in (3, 20)))]
LOG_LINES[5:5], LOG_LINES[30:30] = ["no reading"], ["no reading"]


@pytest.fixture(scope="module")
def trial(settings: Settings, catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The shared home with a catalogue that has the trial's contract only."""
    folder = tmp_path_factory.mktemp("retention_catalog")
    shutil.copytree(catalog / "tables", folder / "tables")
    (folder / "sources").mkdir()
    (folder / "sources" / f"{SOURCE}.yml").write_text(yaml.safe_dump(CONTRACT))
    return trial_settings(settings, folder)


def job(trial: Settings, name: str, as_of_date: date = AS_OF_DATE) -> JobResult:
    return run_job(name, as_of_date, settings=trial)


def stream(
    spark: SparkSession,
    trial: Settings,
    lines: list[str],
    number: int,
    first: int,
    partition: int = 0,
) -> None:
    """Bring lines into the lake as a batch of the log, or of that of another partition."""
    contract = load_contracts(trial.catalog)[SOURCE]
    shared = ("bronze.landed_file", "ops.conformed_file", QUARANTINE, DEAD_LETTER)
    create_tables(spark, trial.catalog, (BRONZE, TELEMETRY, *shared))
    records = spark.createDataFrame(
        [(TOPIC, partition, first + offset, line.encode()) for offset, line in enumerate(lines)],
        "topic string, partition int, offset long, value binary",
    )
    source = StreamSource(contract, contract_version(contract), ())
    take_batch(Batch("retention trial", number, trial.catalog), records, [source])


@pytest.fixture(scope="module")
def full(
    spark: SparkSession,
    trial: Settings,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A file and a log in the lake, rolled up and measured."""
    folder = tmp_path_factory.mktemp("retention")
    (folder / "retention_1.jsonl").write_text("\n".join(lines_of("of_file")) + "\n")
    run_job("land", AS_OF_DATE, folder, trial)
    job(trial, "conform")
    stream(spark, trial, LOG_LINES, number=1, first=0)
    job(trial, "rollup")
    job(settings, "daily_state")


@pytest.fixture(scope="module")
def maintained(
    full: None, spark: SparkSession, trial: Settings
) -> Iterator[dict[str, dict[str, int]]]:
    """The versions of tables before and after `maintain`; in the end all is taken out again."""
    tables = (*WRITTEN, UNFINISHED, RETIRED)
    create_tables(spark, trial.catalog, (UNFINISHED, RETIRED))
    before = {table: version(spark, table) for table in tables}
    job(trial, "maintain")
    yield {"before": before, "after": {table: version(spark, table) for table in tables}}
    of_source = ("bronze.landed_file", "ops.conformed_file", TELEMETRY, QUARANTINE, DEAD_LETTER)
    for table in (*of_source, RETIRED, "quality.reconciliation"):
        remove_rows(spark, table, OF_SOURCE)
    remove_rows(spark, "quality.key_check", f"as_of_date = {sql_literal(AS_OF_DATE)}")
    for table in (MINUTE, DAY):
        remove_rows(spark, table, OF_SYSTEM)
    spark.sql(f"drop table {BRONZE}")


def version(spark: SparkSession, table: str) -> int:
    found = table_version(spark, table)
    assert found is not None
    return found


def count(spark: SparkSession, table: str, condition: str = OF_SOURCE) -> int:
    return spark.table(table).where(condition).count()


def state(spark: SparkSession) -> list[str]:
    return [
        content_hash(spark, BRONZE),
        *(content_hash(spark, table, OF_SYSTEM) for table in (DAY, MINUTE)),
        *(
            content_hash(spark, table, OF_SOURCE)
            for table in (TELEMETRY, QUARANTINE, DEAD_LETTER, RETIRED)
        ),
    ]


def test_the_plan_says_what_would_go_and_nothing_goes(
    full: None, spark: SparkSession, trial: Settings
) -> None:
    before = state_without_notes(spark)
    notes = job(trial, "maintain_plan").notes
    # Of 8 readings a day: 16 of the file; of the log also one sent twice and one that is none.
    assert f"{BRONZE}: 34 lines of 2 files are old, with 32 rows of {TELEMETRY}" in notes
    assert state_without_notes(spark) == before


def state_without_notes(spark: SparkSession) -> list[str]:
    return [content_hash(spark, BRONZE), content_hash(spark, TELEMETRY, OF_SOURCE)]


def test_a_day_to_come_and_rollups_that_are_behind_are_refused(
    full: None, spark: SparkSession, trial: Settings
) -> None:
    with pytest.raises(LoomlineError, match="is still to come"):
        job(trial, "maintain", date.today() + timedelta(days=2))
    mark = spark.table("ops.rollup_mark").collect()[0]["table_version"]
    spark.sql(f"update ops.rollup_mark set table_version = {mark - 1}")
    with pytest.raises(LoomlineError, match="Run rollup first"):
        job(trial, "maintain")
    job(trial, "rollup")


def test_old_lines_are_gone_from_every_table_and_the_rest_reconciles(
    maintained: object, spark: SparkSession, trial: Settings
) -> None:
    assert count(spark, TELEMETRY) == 2 * 16
    assert count(spark, BRONZE, "true") == 2 * 16 + 2
    assert (count(spark, QUARANTINE), count(spark, DEAD_LETTER)) == (1, 1)
    noted = {row["source_file"]: row for row in spark.table(RETIRED).where(OF_SOURCE).collect()}
    assert {name: row["line_count"] for name, row in noted.items()} == {
        "retention_1.jsonl": 16,
        LOG: 18,
    }
    job(trial, "reconcile")
    proof = spark.table("quality.reconciliation").where(OF_SOURCE).collect()
    assert {row["source_file"]: row["is_reconciled"] for row in proof} == {
        "retention_1.jsonl": True,
        LOG: True,
    }
    assert sum(row["landed_rows"] for row in proof) == 2 * 16 + 2


def test_what_was_measured_stays_in_the_daily_state(
    maintained: object, spark: SparkSession, settings: Settings
) -> None:
    job(settings, "daily_state")
    of_system = f"code_system like '%{SOURCE}' and measure = 'readings'"
    days = spark.table("features.daily_state").where(of_system).groupBy("event_date")
    counts = {row[0]: row[1] for row in days.agg({"delta": "sum"}).collect()}
    assert counts == {FIRST_DAY + timedelta(days=day): 2 * 8 for day in range(DAYS)}


def test_a_run_that_was_cut_off_anywhere_is_finished_by_the_next(
    maintained: dict[str, dict[str, int]], spark: SparkSession, trial: Settings
) -> None:
    undisturbed = state(spark)
    # The notes as they were while the tables were written: the last commit took them away.
    noted = maintained["after"][UNFINISHED] - 1
    for done in (1, 3):
        for table in WRITTEN[done:]:
            before = maintained["before"][table]
            spark.sql(f"restore table {table} to version as of {before}")
        spark.sql(f"restore table {UNFINISHED} to version as of {noted}")
        # The next day comes before anybody looks at what was cut off.
        job(trial, "rollup")
        job(trial, "maintain")
        assert state(spark) == undisturbed


def test_rollups_keep_the_days_whose_readings_are_gone_and_what_comes_later_leaves_them(
    maintained: object, spark: SparkSession, trial: Settings
) -> None:
    days = spark.table(DAY).where(OF_SYSTEM)
    counts = {(r["machine_code"], r["reading_date"]): r["reading_count"] for r in days.collect()}
    assert len(counts) == 2 * DAYS
    assert set(counts.values()) == {8}
    final = {row["reading_date"] for row in days.where("is_final").collect()}
    assert final == {FIRST_DAY + timedelta(days=day) for day in range(OLD_DAYS)}
    rollups = [content_hash(spark, table, OF_SYSTEM) for table in (DAY, MINUTE)]
    late = json.loads(lines_of("of_log")[0])
    late |= {"read_at": late["read_at"] + 60_000, "sent_at": late["sent_at"] + 3 * 86_400_000}
    stream(spark, trial, [json.dumps(late)], number=2, first=len(LOG_LINES))
    job(trial, "rollup")
    assert [content_hash(spark, table, OF_SYSTEM) for table in (DAY, MINUTE)] == rollups


def test_of_a_log_every_record_behind_those_let_go_must_be_there(
    maintained: object, spark: SparkSession, trial: Settings
) -> None:
    through = {row["source_file"]: row["through_line"] for row in spark.table(RETIRED).collect()}
    first_kept = f"source_file = '{LOG}' and line_number = {through[LOG] + 1}"
    versions = {table: version(spark, table) for table in (BRONZE, TELEMETRY)}
    for table in versions:
        assert count(spark, table, first_kept) == 1
        remove_rows(spark, table, first_kept)
    # Counted anew: nobody has ever seen the record.
    job(trial, "audit")
    assert proof_of(spark, LOG)["is_reconciled"] is False
    for table, before in versions.items():
        spark.sql(f"restore table {table} to version as of {before}")
    job(trial, "audit")
    assert proof_of(spark, LOG)["is_reconciled"] is True
    assert proof_of(spark, LOG)["unread_rows"] == 0


def test_what_kafka_let_go_before_it_was_read_is_said_for_each_log(
    maintained: object, spark: SparkSession, trial: Settings
) -> None:
    stream(spark, trial, lines_of("of_late_log")[-3:], number=3, first=7, partition=1)
    said = "1 logs begin after offset 0: Kafka no longer had 7 records when they were first read"
    assert said in job(trial, "reconcile").notes
    late = LOG.replace("/0", "/1")
    assert (proof_of(spark, late)["is_reconciled"], proof_of(spark, late)["unread_rows"]) == (
        True,
        7,
    )
    assert proof_of(spark, LOG)["unread_rows"] == 0
    # A log whose every record is gone is not one that never had any.
    for table in (BRONZE, TELEMETRY):
        remove_rows(spark, table, f"source_file = '{late}'")
    job(trial, "audit")
    assert proof_of(spark, late)["is_reconciled"] is False


def proof_of(spark: SparkSession, name: str) -> Row:
    """The proof of a file or log of the trial."""
    rows = spark.table("quality.reconciliation").where(OF_SOURCE)
    return {row["source_file"]: row for row in rows.collect()}[name]


def test_lineage_looks_past_upkeep_to_the_job_that_made_the_rows(
    maintained: object, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    lineage(BRONZE)
    printed = " ".join(capsys.readouterr().out.split())
    assert "<- land as of" in printed
    assert "maintain" not in printed


def test_another_table_of_many_files_is_compacted_and_no_row_changes(
    maintained: object, spark: SparkSession, trial: Settings
) -> None:
    name, rows = "bronze.retention_scattered", MANY_FILES + 1
    create_tables(spark, trial.catalog, (name,))
    # A file a row.
    scattered = spark.range(0, rows, 1, rows).selectExpr(
        *("'0' as file_sha256", "'f' as source_file", "id as line_number", "'x' as raw_text"),
        *("map('a', 'b') as fields", "'y' as problem", "current_timestamp() as landed_at"),
    )
    append_rows(scattered, name)
    before, content = version(spark, name), content_hash(spark, name)
    notes = job(trial, "maintain_plan").notes
    assert any(x.startswith(f"{name}: {rows} files") and "to be compacted" in x for x in notes)
    assert version(spark, name) == before
    job(trial, "maintain")
    after = version(spark, name)
    assert after == before + 1
    assert spark.sql(f"describe detail {name}").collect()[0]["numFiles"] == 1
    assert changed_rows(spark, name, before, after).isEmpty()
    assert content_hash(spark, name) == content
    # The files of the old version are still there.
    assert rows_at(spark, name, before).count() == rows
    spark.sql(f"drop table {name}")
