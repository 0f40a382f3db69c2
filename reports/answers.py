"""Ask the lake: run a question's SQL as of a date, and keep the SQL beside the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pyspark.sql import SparkSession

from loomline.lake import sql_literal, table_version

# Every run adds a row to it, the report's own run too, so its version would say nothing.
RUN_LOG = "ops.job_runs"


@dataclass(frozen=True)
class Question:
    """A query of a report.

    `tables` are all the tables that `sql` reads; `sql` writes the as-of date as `:as_of_date`.
    """

    tables: tuple[str, ...]
    sql: str

    def as_of(self, as_of_date: date) -> str:
        """The SQL for a date, ready to be run by anyone who wants to check a figure."""
        return self.sql.strip().replace(":as_of_date", sql_literal(as_of_date))


@dataclass(frozen=True)
class Answer:
    """The rows of a question, the SQL that gives them, and the Delta version of each table read.

    `versions` has None for the log of runs. `missing` are the tables that do not exist in the lake;
    there are no rows then.
    """

    sql: str
    rows: tuple[dict[str, Any], ...]
    versions: dict[str, int | None]
    missing: tuple[str, ...] = ()

    @property
    def first(self) -> dict[str, Any]:
        """The first row; empty where there is none."""
        return self.rows[0] if self.rows else {}


@dataclass
class Lake:
    """The tables of the lake as of a date, read through the engine; a question is run once."""

    spark: SparkSession
    as_of_date: date
    _answers: dict[Question, Answer] = field(default_factory=dict)
    _versions: dict[str, int | None] = field(default_factory=dict)

    def ask(self, question: Question) -> Answer:
        """Run the question; a table that does not exist gives no rows instead of an error."""
        if question not in self._answers:
            self._answers[question] = self._run(question)
        return self._answers[question]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Every answer given so far."""
        return tuple(self._answers.values())

    def _run(self, question: Question) -> Answer:
        versions = {table: self._version(table) for table in question.tables}
        missing = tuple(table for table, version in versions.items() if version is None)
        found = {
            table: None if table == RUN_LOG else version
            for table, version in versions.items()
            if version is not None
        }
        sql = question.as_of(self.as_of_date)
        if missing:
            return Answer(sql, (), found, missing)
        rows = tuple(row.asDict(recursive=True) for row in self.spark.sql(sql).collect())
        return Answer(sql, rows, found)

    def _version(self, table: str) -> int | None:
        if table not in self._versions:
            self._versions[table] = table_version(self.spark, table)
        return self._versions[table]
