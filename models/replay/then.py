"""The run that wrote the rows of a date, and the home as that run found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import sql_literal
from models.governance.approvals import Desk
from models.governance.standing import Standing, standing
from models.registry import model_versions

JOB_RUNS = "ops.job_runs"


@dataclass(frozen=True)
class Run:
    """The run that wrote a date's rows, and the Delta versions of the tables that it read."""

    run_id: str
    started_at: datetime
    ended_at: datetime
    table_versions: Mapping[str, int]
    code_commit: str

    @property
    def tables_in_words(self) -> str:
        """The tables that it read, each with its version."""
        return ", ".join(f"{name} at version {x}" for name, x in self.table_versions.items())


@dataclass(frozen=True)
class Then:
    """A home as a run found it.

    `context` reads tables as the run did. Of the desk's model `approvals` are those that were given
    by then, and `versions` those that were registered when the run ended, by itself too.
    """

    context: JobContext
    desk: Desk
    run: Run
    approvals: Standing
    versions: frozenset[str]

    def none_by_record(self) -> LoomlineError:
        """The error of rows that no version can have made."""
        return LoomlineError(
            f"By the record of approvals no version of {self.desk.model_name} made the rows of "
            f"{self.context.as_of_date} in run {self.run.run_id}.",
            "They are not of this run, or what is declared has changed since: look at their Delta "
            f"history, and replay with the code of commit {self.run.code_commit[:12]}.",
        )


def last_run(spark: SparkSession, job: str, table: str, as_of_date: date) -> Run:
    """The run that wrote a table's rows of a date as they are now: the last that wrote any of it.

    Raises:
        LoomlineError: no such run is on record.
    """
    rows = spark.sql(
        f"select run_id, started_at, ended_at, tables_read, code_commit from {JOB_RUNS} "
        f"where job = {sql_literal(job)} and as_of_date = {sql_literal(as_of_date)} "
        f"and map_contains_key(tables_written, {sql_literal(table)}) "
        "order by started_at desc limit 1"
    ).toArrow()
    if not rows.num_rows:
        raise LoomlineError(
            f"No run of {job} that wrote {table} of {as_of_date} is on record.",
            f"What wrote these rows left no trace in {JOB_RUNS}; look at their Delta history.",
        )
    (row,) = rows.to_pylist()
    started_at, ended_at = (row[name].astimezone(UTC) for name in ("started_at", "ended_at"))
    versions = dict(row["tables_read"])
    return Run(row["run_id"], started_at, ended_at, versions, row["code_commit"])


def as_found_by(desk: Desk, run: Run) -> Then:
    """The home as a run found it.

    Raises:
        LoomlineError: the record of approvals is broken.
    """
    before = [event for event in desk.events() if event.recorded_at <= run.started_at]
    ended = run.ended_at.timestamp() * 1000
    registered = model_versions(desk.client, desk.model_name)
    return Then(
        context=replace(desk.context, table_versions=run.table_versions),
        desk=desk,
        run=run,
        approvals=standing(before, desk.model_name),
        versions=frozenset(str(x.version) for x in registered if x.creation_timestamp <= ended),
    )
