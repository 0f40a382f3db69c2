"""What tables there are, and what a kill in the middle of `create table` leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.lake import (
    changed_rows,
    create_tables,
    remove_unfinished_tables,
    rows_at,
    table_version,
    tables_of,
)
from loomline.settings import Settings
from tests.integration.aged import age_commits

NAME = "ops.conformed_file"
ROW = "insert into trial_lake.orphan values ('a')"


@pytest.fixture
def orphan(spark: SparkSession, settings: Settings, tmp_path: Path) -> Path:
    """The folder of a Delta table with a row that the metastore does not know any more."""
    spark.sql("create schema if not exists trial_lake")
    spark.sql("create table trial_lake.orphan (name string) using delta")
    spark.sql(ROW)
    folder = settings.warehouse / "trial_lake.db" / "orphan"
    shutil.copytree(folder, tmp_path / "orphan")
    spark.sql("drop table trial_lake.orphan")
    shutil.copytree(tmp_path / "orphan", folder)
    return folder


def test_a_folder_without_rows_that_no_table_owns_gives_way_to_the_table(
    spark: SparkSession, settings: Settings, catalog: Path, tmp_path: Path
) -> None:
    folder = settings.warehouse / "ops.db" / "conformed_file"
    create_tables(spark, catalog, (NAME,))
    rows = spark.table(NAME).collect()
    log = tmp_path / "log"
    log.mkdir()
    shutil.copy(folder / "_delta_log" / f"{0:020}.json", log)
    spark.sql(f"drop table {NAME}")
    shutil.copytree(log, folder / "_delta_log")
    create_tables(spark, catalog, (NAME,))
    assert table_version(spark, NAME) == 0
    if rows:
        spark.createDataFrame(rows, spark.table(NAME).schema).writeTo(NAME).append()


def test_a_folder_with_rows_that_no_table_owns_is_told_and_kept(
    spark: SparkSession, orphan: Path
) -> None:
    with pytest.raises(LoomlineError, match="holds rows, but the metastore knows no table"):
        remove_unfinished_tables(spark, "trial_lake")
    assert list(orphan.glob("*.parquet"))
    shutil.rmtree(orphan)


def test_versions_and_changes_of_weeks_ago_can_be_read(
    spark: SparkSession, settings: Settings
) -> None:
    spark.sql("create schema if not exists trial_lake")
    spark.sql(
        "create table trial_lake.old (number int) using delta "
        "tblproperties (delta.enableChangeDataFeed = true)"
    )
    for number in range(3):
        spark.sql(f"insert into trial_lake.old values ({number})")
    age_commits(settings, "trial_lake.old")
    changes = changed_rows(spark, "trial_lake.old", 1, 3).collect()
    assert sorted((row["number"], row["sign"]) for row in changes) == [(1, 1), (2, 1)]
    assert rows_at(spark, "trial_lake.old", 1).count() == 1
    spark.sql("drop table trial_lake.old")


def test_a_temporary_view_of_the_session_is_in_no_schema(spark: SparkSession) -> None:
    spark.sql("create schema if not exists trial_lake")
    spark.sql("create temporary view trial_view as select 1 as one")
    assert not {name for name in tables_of(spark, "trial_lake") if name.endswith("trial_view")}
    spark.catalog.dropTempView("trial_view")
