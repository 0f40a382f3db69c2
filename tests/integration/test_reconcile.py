"""Reconciliation counts what has changed; that is as good as counting every row each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from loomline.job import JobResult
from loomline.runner import run_job
from loomline.settings import Settings
from tests.integration.content import content_hashes
from tests.integration.trial import (
    HEADER,
    SOURCE,
    TARGET,
    remove_trial,
    trial_settings,
    write_trial_catalog,
)

AS_OF = date(2001, 1, 2)
BRONZE, QUARANTINE = f"bronze.{SOURCE}", "quality.quarantine"
PROOFS = ["quality.reconciliation", "quality.key_check"]
ROUNDS, ACTS_A_ROUND, ROWS_A_FILE = 2, 4, 8


@dataclass(frozen=True)
class Lake:
    """The trial source in the shared home, and the folder of its files."""

    spark: SparkSession
    settings: Settings
    files: Path

    def run(self, *jobs: str) -> JobResult:
        """What the last of the jobs did."""
        return [run_job(job, AS_OF, self.files, self.settings) for job in jobs][-1]

    def write(self, name: str, first_number: int) -> str:
        """Write a file of rows that hold but for one, and for one that repeats another."""
        rows = [f"1,2,{first_number + n},2019-06-03,{n}.00,0.10,{n}.10,有效" for n in range(6)]
        rows += [rows[0], f"1,2,{first_number},2019-06-03,x,0.10,5.00,有效"]
        text = "\n".join([HEADER, *rows])
        (self.files / f"trial_{name}.csv").write_text(text, encoding="utf-8")
        return f"trial_{name}.csv"

    def proofs(self) -> dict[str, Row]:
        """The proof of each file of the trial."""
        rows = self.spark.table("quality.reconciliation").where(f"source = '{SOURCE}'")
        return {row["source_file"]: row for row in rows.collect()}

    def broken(self) -> set[str]:
        """The files that do not reconcile."""
        return {name for name, proof in self.proofs().items() if not proof["is_reconciled"]}

    def remove(self, table: str, where: str) -> None:
        self.spark.sql(f"delete from {table} where {where}")

    def double(self, table: str, where: str) -> None:
        self.spark.sql(f"insert into {table} select * from {table} where {where}")

    def add_a_fen(self, table: str, where: str) -> None:
        total = "total_cny" if table == TARGET else "control_total"
        self.spark.sql(f"update {table} set {total} = {total} + 0.01 where {where}")


@pytest.fixture(scope="module")
def lake(
    settings: Settings, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("reconcile")
    (folder / "files").mkdir()
    catalog = write_trial_catalog(folder / "catalog", settings.catalog)
    lake = Lake(spark, trial_settings(settings, catalog), folder / "files")
    for place, name in enumerate(("lost", "doubled", "changed", "unlanded", "forgiven", "sound")):
        lake.write(name, 100 * place)
    lake.run("land", "conform", "reconcile")
    yield lake
    remove_trial(spark)


def of_line(name: str, line: int) -> str:
    """The condition of one row of a file."""
    return f"source_file = '{name}' and line_number = {line}"


def test_what_becomes_of_rows_that_were_reconciled_is_found_with_the_next_file(lake: Lake) -> None:
    assert lake.broken() == set()
    lake.remove(TARGET, of_line("trial_lost.csv", 3))
    lake.double(TARGET, of_line("trial_doubled.csv", 3))
    lake.add_a_fen(TARGET, of_line("trial_changed.csv", 3))
    lake.remove(BRONZE, of_line("trial_unlanded.csv", 3))
    lake.remove(QUARANTINE, of_line("trial_forgiven.csv", 9))
    new = lake.write("new", 900)
    lake.run("land", "conform", "reconcile")
    tampered = ("lost", "doubled", "changed", "unlanded", "forgiven")
    assert lake.broken() == {f"trial_{name}.csv" for name in tampered}
    assert lake.proofs()[new]["is_reconciled"]
    of_trial = lake.spark.table("quality.key_check").where(f"table_name = '{TARGET}'")
    assert [row["repeated_key_count"] for row in of_trial.collect()] == [1]


def test_counting_changes_comes_to_what_counting_all_rows_comes_to(lake: Lake) -> None:
    generator = random.Random(20010102)
    tables = [TARGET, QUARANTINE, BRONZE]
    names = list(lake.proofs())
    for _ in range(ROUNDS):
        for _ in range(ACTS_A_ROUND):
            table = generator.choice(tables)
            acts = [lake.remove, lake.double, *([] if table == BRONZE else [lake.add_a_fen])]
            where = of_line(generator.choice(names), generator.randrange(2, 2 + ROWS_A_FILE))
            generator.choice(acts)(table, where)
        lake.spark.sql(f"optimize {TARGET}")
        lake.run("reconcile")
    assert len(lake.broken()) > 1
    counted = content_hashes(lake.spark, PROOFS)
    assert lake.run("audit").notes[-1] == "0 files were counted otherwise than before"
    assert content_hashes(lake.spark, PROOFS) == counted
