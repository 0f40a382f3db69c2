"""A corrected contract makes of landed files what it would have made from the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import yaml
from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.runner import run_job
from loomline.settings import Settings
from loomline.unfinished import UNFINISHED
from tests.integration.trial import (
    HEADER,
    SOURCE,
    TARGET,
    remove_trial,
    trial_settings,
    write_trial_catalog,
)

AS_OF = date(2001, 1, 2)
OTHER_TARGET = "silver.trial_moved"
FIRMS = ("T001", "T002", "T003")


@dataclass(frozen=True)
class Trial:
    """A home's settings with a catalogue that a test may change, and files in GBK to land."""

    settings: Settings
    spark: SparkSession
    folder: Path

    @property
    def contract(self) -> Path:
        return self.settings.catalog / "sources" / f"{SOURCE}.yml"

    def change(self, old: str, new: str) -> None:
        text = self.contract.read_text(encoding="utf-8")
        assert old in text
        self.contract.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *jobs: str) -> None:
        for job in jobs:
            run_job(job, AS_OF, self.folder if job == "land" else None, self.settings)

    def firms(self, table: str) -> list[str]:
        rows = self.spark.table(table).where(f"source = '{SOURCE}'").collect()
        return sorted(row["enterprise_id"] for row in rows)

    def dispositions(self) -> list[str]:
        rows = self.spark.table("quality.quarantine").where(f"source = '{SOURCE}'").collect()
        return sorted(row["disposition"] for row in rows)

    def is_reconciled(self) -> set[bool]:
        rows = self.spark.table("quality.reconciliation").where(f"source = '{SOURCE}'").collect()
        return {row["is_reconciled"] for row in rows}


@pytest.fixture
def trial(
    settings: Settings, spark: SparkSession, catalog: Path, tmp_path: Path
) -> Iterator[Trial]:
    """A file of three sales, and a second table that their contract may move to."""
    own = write_trial_catalog(tmp_path / "catalog", catalog)
    tables = own / "tables" / "trial.yml"
    declared = yaml.safe_load(tables.read_text(encoding="utf-8"))
    declared["tables"]["trial_moved"] = declared["tables"]["trial_invoice"]
    tables.write_text(yaml.safe_dump(declared), encoding="utf-8")
    folder = tmp_path / "files"
    folder.mkdir()
    lines = [
        f"{firm},K1,{number},2019-06-03,100.00,13.00,113.00,有效"
        for number, firm in enumerate(FIRMS)
    ]
    (folder / "trial_a.csv").write_bytes("\n".join([HEADER, *lines]).encode("gbk"))
    yield Trial(trial_settings(settings, own), spark, folder)
    remove_trial(spark)
    spark.sql(f"drop table if exists {OTHER_TARGET}")


def test_a_file_is_read_again_when_its_format_was_corrected(trial: Trial) -> None:
    trial.change("compression: none", "compression: none, encoding: latin-1")
    trial.run("land", "conform", "reconcile")
    assert trial.dispositions() == ["quarantined"] * len(FIRMS)
    trial.change("encoding: latin-1", "encoding: gbk")
    trial.run("land", "conform", "reconcile")
    assert trial.firms(TARGET) == list(FIRMS)
    assert trial.dispositions() == []
    assert trial.is_reconciled() == {True}
    bronze = trial.spark.table(f"bronze.{SOURCE}").collect()
    assert {row["fields"]["state"] for row in bronze} == {"有效"}
    assert len(bronze) == len(FIRMS)
    landed = trial.spark.table("bronze.landed_file").where(f"source = '{SOURCE}'")
    assert landed.count() == 1


def test_rows_move_with_their_contract_to_another_table(trial: Trial) -> None:
    trial.change("compression: none", "compression: none, encoding: gbk")
    trial.run("land", "conform", "reconcile")
    assert trial.firms(TARGET) == list(FIRMS)
    trial.change(f"target: {TARGET}", f"target: {OTHER_TARGET}")
    trial.run("conform", "reconcile")
    assert trial.firms(OTHER_TARGET) == list(FIRMS)
    assert trial.firms(TARGET) == []
    assert trial.is_reconciled() == {True}


def test_a_refusal_outlives_a_change_of_the_contract(trial: Trial) -> None:
    trial.change("compression: none", "compression: none, encoding: gbk")
    (trial.folder / "trial_b.csv").write_text("firm,buyer\nT009,K1\n")
    with pytest.raises(LoomlineError):
        trial.run("land")
    trial.run("conform")
    trial.change("longest: 20", "longest: 21")
    trial.run("conform")
    assert trial.dispositions() == ["refused"]
    assert trial.firms(TARGET) == list(FIRMS)


def test_a_note_of_files_that_were_finished_after_all_is_taken_away(trial: Trial) -> None:
    """As a kill leaves it that comes after the last write and before the note is gone."""
    trial.change("compression: none", "compression: none, encoding: gbk")
    trial.run("land", "conform")
    (landed,) = trial.spark.table("bronze.landed_file").where(f"source = '{SOURCE}'").collect()
    for job in ("land", "conform"):
        trial.spark.sql(
            f"insert into {UNFINISHED} values ('{job}', '{SOURCE}', '{landed['file_sha256']}')"
        )
    trial.run("land", "conform")
    assert trial.spark.table(UNFINISHED).count() == 0
    assert trial.firms(TARGET) == list(FIRMS)
