"""Run one job for one date and record the run: status, rows, and the version of every table."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path

from pyspark.sql import SparkSession

from loomline.code import code_commit
from loomline.disk import is_disk_full
from loomline.engine.checks import check_room
from loomline.engine.server import ensure_engine, own_engine_is_down
from loomline.errors import DiskFull, EngineError
from loomline.job import Job, JobContext, JobFunction, JobResult
from loomline.jobs import find_job
from loomline.lake import append_rows, create_tables, rows_frame, table_version, tables_of
from loomline.locks import held
from loomline.settings import Settings, load_settings
from loomline.tables import table_declaration

JOB_RUNS = "ops.job_runs"


def expand_tables(spark: SparkSession, names: tuple[str, ...]) -> list[str]:
    """Table names with each `schema.*` replaced by the tables that the schema has now."""
    expanded: list[str] = []
    for name in names:
        schema, _, table = name.partition(".")
        if table != "*":
            expanded.append(name)
        else:
            expanded += sorted(tables_of(spark, schema))
    return expanded


def table_versions(context: JobContext, names: tuple[str, ...]) -> dict[str, int]:
    """The Delta version of each table that exists."""
    spark = context.spark
    tables = expand_tables(spark, names)
    versions = {name: table_version(spark, name, context.warehouse) for name in tables}
    return {name: version for name, version in versions.items() if version is not None}


def _record(
    context: JobContext,
    job: Job,
    started_at: datetime,
    tables_read: dict[str, int],
    found_before: dict[str, int],
    outcome: JobResult | BaseException,
) -> None:
    spark, result = context.spark, outcome if isinstance(outcome, JobResult) else None
    create_tables(spark, context.catalog, (JOB_RUNS,))
    columns = table_declaration(context.catalog, JOB_RUNS).columns
    found_now = table_versions(context, job.writes).items()
    row = {
        "run_id": str(uuid.uuid4()),
        "job": job.name,
        "as_of_date": context.as_of_date,
        "status": "succeeded" if result else "failed",
        "rows_in": result.rows_in if result else None,
        "rows_out": result.rows_out if result else None,
        "tables_read": tables_read,
        "tables_written": {k: v for k, v in found_now if found_before.get(k) != v},
        "code_commit": code_commit(),
        "notes": list(result.notes) if result else [f"{type(outcome).__name__}: {outcome}"],
        "started_at": started_at,
        "ended_at": datetime.now(UTC),
    }
    values = tuple(row[name] for name in columns)
    append_rows(rows_frame(spark, context.catalog, JOB_RUNS, [values]), JOB_RUNS)


def alone(settings: Settings, say: Callable[[str], None]) -> AbstractContextManager[None]:
    """Hold the home for one job; a second one waits, and the system frees the hold of a dead one.

    Two jobs at once could build on each other's half: dbt's views, for one, are of one date.
    """
    return held(
        settings.home / "job.lock",
        say_waiting=lambda: say(f"waiting for another job in {settings.home}"),
    )


def run_job(
    name: str,
    as_of_date: date,
    data: Path | None = None,
    settings: Settings | None = None,
    say: Callable[[str], None] = print,
) -> JobResult:
    """Run a job for an as-of date, one at a time in a home; the engine is started if it is down.

    `say` gets one line at the end: job, date, rows in and out, seconds, then a line a note.

    Raises:
        LoomlineError: the job refused its input or failed; the failed run is recorded too.
        EngineError: the engine ended meanwhile; the run can't be recorded.
        DiskFull: there was no room to begin or to finish; the run can't be recorded.
    """
    job, settings = find_job(name), settings or load_settings()
    with alone(settings, say):
        return _run_alone(job, JobContext(settings, as_of_date, data), say)


def _run_alone(job: Job, context: JobContext, say: Callable[[str], None]) -> JobResult:
    settings, as_of_date = context.settings, context.as_of_date
    check_room(settings.home)
    ensure_engine(settings)
    # Jobs call nobody's home.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    module, _, function = job.entry.partition(":")
    entry: JobFunction = getattr(import_module(module), function)
    started_at, clock = datetime.now(UTC), time.monotonic()
    tables_read: dict[str, int] = {}
    found_before: dict[str, int] = {}
    try:
        tables_read = table_versions(context, job.reads)
        found_before = table_versions(context, job.writes)
        result = entry(context)
        _record(context, job, started_at, tables_read, found_before, result)
    except Exception as error:
        if is_disk_full(error):
            # Nor is there room for a record.
            raise DiskFull(
                f"The disk of {settings.home} is full; the job {job.name} could not finish.",
                "Free some space and run it again: the job goes on from what is committed.",
            ) from error
        if own_engine_is_down(settings):
            raise EngineError(
                f"The engine ended while the job {job.name} was running.",
                "Run it again: the engine is started and the job goes on from what is committed.",
            ) from error
        _record(context, job, started_at, tables_read, found_before, error)
        raise
    seconds = time.monotonic() - clock
    say(
        f"{job.name:<12} {as_of_date}  {result.rows_in:>10,} rows in  "
        f"{result.rows_out:>10,} rows out  {seconds:6.1f} s"
    )
    for note in result.notes:
        say(f"             - {note}")
    return result
