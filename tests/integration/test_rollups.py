"""Rollups of telemetry against plain Python, however and in whatever order readings come."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations

import pytest
from pyspark.sql import Row, SparkSession

from loomline.lake import append_rows, create_tables, remove_rows, rows_frame, table_version
from loomline.settings import Settings
from loomline.tables import table_declaration
from tests.integration.conftest import RunJob
from tests.integration.content import content_hash
from tests.integration.telemetry_trial import (
    CODE_SYSTEM,
    LANDINGS,
    Figures,
    Reading,
    contents,
    expected_days,
    expected_minutes,
    random_readings,
    silver_row,
)

TELEMETRY, MARK = "silver.telemetry", "ops.rollup_mark"
MINUTE, DAY = "silver.telemetry_minute", "silver.telemetry_day"
OF_TRIAL = f"code_system = '{CODE_SYSTEM}'"


def land(spark: SparkSession, settings: Settings, readings: list[Reading]) -> None:
    """Append readings to silver."""
    columns = table_declaration(settings.catalog, TELEMETRY).columns
    rows = [silver_row(one, number) for number, one in enumerate(readings)]
    values = [tuple(row[name] for name in columns) for row in rows]
    append_rows(rows_frame(spark, settings.catalog, TELEMETRY, values), TELEMETRY)


def rows_of(spark: SparkSession, table: str) -> list[Row]:
    return spark.table(table).where(OF_TRIAL).collect()


def hashes(spark: SparkSession) -> list[str]:
    return [content_hash(spark, table, OF_TRIAL) for table in (MINUTE, DAY)]


def assert_same(row: Row, expected: Figures) -> None:
    for name, value in expected.items():
        found = row[name]
        if isinstance(value, datetime):
            value = value.astimezone(UTC).replace(tzinfo=None)
        if name == "clock_offset_seconds":
            assert math.isclose(found, float(str(value)), abs_tol=1e-6), (name, row)
        else:
            assert found == value, (name, value, row)


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    return random_readings(random.Random(20200301))


@pytest.fixture(scope="module")
def rolled(
    spark: SparkSession, settings: Settings, run: RunJob, readings: list[Reading]
) -> Iterator[list[int]]:
    """The machine-days computed with each landing; all landed, and rolled up after each landing."""
    create_tables(spark, settings.catalog, [TELEMETRY])
    computed = []
    for landing in range(LANDINGS):
        land(spark, settings, [one for one in readings if one.landing == landing])
        computed.append(run("rollup").rows_in)
    yield computed
    remove_rows(spark, TELEMETRY, OF_TRIAL)
    run("rollup")
    assert not rows_of(spark, DAY)


def test_days_are_what_plain_python_makes_of_the_readings(
    rolled: list[int], spark: SparkSession, readings: list[Reading]
) -> None:
    expected = expected_days(readings)
    rows = rows_of(spark, DAY)
    assert len(rows) == len(expected)
    for row in rows:
        assert_same(row, expected[row["machine_code"], row["sensor_code"], row["reading_date"]])


def test_minutes_are_what_plain_python_makes_of_the_readings(
    rolled: list[int], spark: SparkSession, readings: list[Reading]
) -> None:
    expected = expected_minutes(readings)
    rows = rows_of(spark, MINUTE)
    assert len(rows) == len(expected)
    for row in rows:
        minute = row["minute_at"].replace(tzinfo=UTC)
        assert_same(row, expected[row["machine_code"], row["sensor_code"], minute])


def test_two_days_have_one_hash_exactly_when_one_repeats_the_other(
    rolled: list[int], spark: SparkSession, readings: list[Reading]
) -> None:
    content = contents(readings)
    found = {
        (row["machine_code"], row["sensor_code"], row["reading_date"]): row["content_hash"]
        for row in rows_of(spark, DAY)
    }
    repeated = 0
    for one, other in combinations(found, 2):
        assert (found[one] == found[other]) == (content[one] == content[other])
        repeated += found[one] == found[other]
    assert repeated


def test_a_replayed_day_with_lost_readings_shares_most_of_its_sketch_and_no_other_day_does(
    rolled: list[int], spark: SparkSession
) -> None:
    for one, other in combinations(rows_of(spark, DAY), 2):
        common = set(one["content_sketch"]) & set(other["content_sketch"])
        machines = {one["machine_code"], other["machine_code"]}
        is_replay = machines in ({"replayed"}, {"lossy"})
        is_replay &= one["sensor_code"] == other["sensor_code"]
        shares_most = len(common) > 16
        assert shares_most == is_replay or machines == {"frozen"}, (one, other)


def test_computing_everything_from_the_first_reading_on_gives_the_same_rollups(
    rolled: list[int], spark: SparkSession, run: RunJob
) -> None:
    before = hashes(spark)
    for table, condition in ((MINUTE, OF_TRIAL), (DAY, OF_TRIAL), (MARK, "true")):
        remove_rows(spark, table, condition)
    run("rollup")
    assert hashes(spark) == before


def test_only_the_machine_days_of_new_readings_are_computed(
    rolled: list[int], readings: list[Reading], run: RunJob
) -> None:
    touched = [
        {(one.machine, one.day) for one in readings if one.landing == landing}
        for landing in range(LANDINGS)
    ]
    # The first landing may be the first run of the home, which computes whatever is there.
    assert rolled[1:] == [len(machine_days) for machine_days in touched][1:]
    assert run("rollup").rows_in == 0


def test_rows_taken_out_and_landed_again_are_followed_by_the_rollups_whatever_commit_a_kill_cuts(
    rolled: list[int],
    spark: SparkSession,
    settings: Settings,
    run: RunJob,
    readings: list[Reading],
) -> None:
    complete = hashes(spark)
    versions = {table: latest_version(spark, table) for table in (MINUTE, DAY, MARK)}
    remove_rows(spark, TELEMETRY, f"file_sha256 = '{CODE_SYSTEM}/1'")
    run("rollup")
    kept = [one for one in readings if one.landing != 1]
    assert len(rows_of(spark, DAY)) == len(expected_days(kept))
    assert len(rows_of(spark, MINUTE)) == len(expected_minutes(kept))
    without = hashes(spark)
    # A kill leaves the commits that were made: those of the tables before the one it fell on.
    for not_written in ((MARK,), (DAY, MARK)):
        for table in not_written:
            spark.sql(f"restore table {table} to version as of {versions[table]}")
        run("rollup")
        assert hashes(spark) == without
    land(spark, settings, [one for one in readings if one.landing == 1])
    run("rollup")
    assert hashes(spark) == complete


def latest_version(spark: SparkSession, table: str) -> int:
    version = table_version(spark, table)
    assert version is not None
    return version
