"""What a job is: tables in, tables out, one logical date, and a record of every run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from loomline.engine.session import open_session
from loomline.lake import relation
from loomline.settings import Settings


@dataclass(frozen=True)
class Job:
    """A step of the risk lake.

    `entry` is `module:function`; the function takes a `JobContext` and returns a `JobResult`.
    `reads` and `writes` are table names; `schema.*` stands for every table of a schema.
    """

    name: str
    entry: str
    description: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True)
class JobContext:
    """What a job may use: settings, the as-of date, the folder of source files, the engine.

    With `table_versions` what is read by `relation` and `rows` is as an earlier run found it, which
    read the tables at these Delta versions.
    """

    settings: Settings
    as_of_date: date
    data: Path | None = None
    table_versions: Mapping[str, int] | None = None

    @cached_property
    def spark(self) -> SparkSession:
        """A session of the engine."""
        return open_session(self.settings)

    def relation(self, name: str) -> str:
        """A table in the `from` of a query."""
        return relation(name, self.table_versions)

    def rows(self, name: str) -> DataFrame:
        """The rows of a table."""
        return self.spark.sql(f"select * from {self.relation(name)}")

    @property
    def catalog(self) -> Path:
        """The folder of the catalogue."""
        return self.settings.catalog

    @property
    def warehouse(self) -> Path | None:
        """The folder of the tables; None where the engine, and so the folder, is not the home's."""
        return None if self.settings.spark_remote else self.settings.warehouse

    @property
    def as_of_end(self) -> datetime:
        """The last instant, in UTC, of which the run may know."""
        return self.settings.as_of_end(self.as_of_date)


@dataclass(frozen=True)
class JobResult:
    """What a run did: rows read and written, and notes that the person at the screen should see."""

    rows_in: int
    rows_out: int
    notes: tuple[str, ...] = field(default_factory=tuple)


JobFunction = Callable[[JobContext], JobResult]
