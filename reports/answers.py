"""Ask the lake: run a question's SQL as of a date, and keep the SQL beside the rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from loomline.lake import sql_literal, table_version

# Every run adds a row to it, the report's own run too, so its version would say nothing.
RUN_LOG = "ops.job_runs"

Parameter = str | date | datetime | None


@dataclass(frozen=True)
class Question:
    """A query of a report.

    `tables` are all the tables that `sql` reads; `sql` writes the as-of date as `:as_of_date`, and
    whatever else the report is of likewise, such as `:enterprise_id`.
    """

    tables: tuple[str, ...]
    sql: str

    def filled(self, values: Mapping[str, Parameter]) -> str:
        """The SQL with values for names, ready to be run by anyone who wants to check a figure.

        A value is never looked into for further names.
        """

        def literal(found: re.Match[str]) -> str:
            value = values[found[1]]
            return "null" if value is None else sql_literal(value)

        return re.sub(r"(?<!:):([a-z_]+)", literal, self.sql.strip())


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
    """The tables of the lake as of a date, read through the engine; a question is run once.

    `parameters` has what a question may name besides `:as_of_date`. With the `warehouse` of a
    home's own engine the versions of tables are read off its files, which is faster.
    """

    spark: SparkSession
    as_of_date: date
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    warehouse: Path | None = None
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
        sql = question.filled({"as_of_date": self.as_of_date, **self.parameters})
        if missing:
            return Answer(sql, (), found, missing)
        rows = tuple(row.asDict(recursive=True) for row in self.spark.sql(sql).collect())
        return Answer(sql, rows, found)

    def _version(self, table: str) -> int | None:
        if table not in self._versions:
            self._versions[table] = table_version(self.spark, table, self.warehouse)
        return self._versions[table]
