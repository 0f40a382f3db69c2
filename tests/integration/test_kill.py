"""An engine that is killed with SIGKILL in the middle of a job leaves what a rerun puts right."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from loomline.engine.server import stop_engine
from loomline.sample import write_sample
from loomline.sample.files import OUTCOMES_FILE, SALES_FILE
from tests.integration.homes import WAIT_SECONDS, Home, make_home

FILE_COUNT = 3
ROWS_PER_FILE = 250
DIRTY_ROWS = 90
POLL_SECONDS = 0.002

TABLES = (
    *("bronze.sample_sales", "bronze.sample_credit_outcomes", "bronze.landed_file"),
    *("silver.invoice", "silver.credit_record", "silver.enterprise"),
    *("quality.quarantine", "quality.reconciliation", "ops.conformed_file"),
)


@dataclass(frozen=True)
class Files:
    """A folder with the first file of a few, and one with all of them."""

    first: Path
    all: Path


@dataclass(frozen=True)
class Undisturbed:
    """Content hashes of tables, and of mart tables, that no kill disturbed."""

    tables: dict[str, str]
    marts: dict[str, str]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Small files of the sample's sales that overlap, dirty rows among them, and the outcomes."""
    folder = tmp_path_factory.mktemp("kill_sample")
    files, whole = Files(folder / "first", folder / "all"), folder / "whole"
    write_sample(whole)
    header, *lines = (whole / SALES_FILE).read_bytes().splitlines(keepends=True)
    for part in (files.first, files.all):
        part.mkdir()
        shutil.copy(whole / OUTCOMES_FILE, part)
    for number in range(FILE_COUNT):
        first = number * ROWS_PER_FILE
        # The end of the file before and the same dirty rows come again in each file.
        rows = [*lines[max(first - 20, 0) : first + ROWS_PER_FILE], *lines[-DIRTY_ROWS:]]
        path = files.all / f"sample_sales_{number}.csv"
        path.write_bytes(b"".join([header, *rows]))
        if number == 0:
            shutil.copy(path, files.first)
    return files


def _mart_tables(home: Home) -> list[str]:
    return sorted({f"marts.{path.parts[-3]}" for path in home.commits("marts.*")})


@pytest.fixture(scope="module")
def undisturbed(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What the tables hold in a home in which every job ran to its end."""
    home = make_home(tmp_path_factory.mktemp("undisturbed"))
    try:
        home.run("run", "land", str(files.all))
        for job in ("conform", "enterprise", "reconcile", "marts"):
            home.run("run", job)
        return Undisturbed(home.hashes(TABLES), home.hashes(_mart_tables(home)))
    finally:
        stop_engine(home.settings)


@pytest.fixture(scope="module")
def disturbed(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with the first file in it, whose engine is to be killed while the others come."""
    home = make_home(tmp_path_factory.mktemp("disturbed"))
    try:
        home.run("run", "land", str(files.first))
        home.run("run", "conform")
        yield home
    finally:
        stop_engine(home.settings)


def _kill_when(
    home: Home, process: subprocess.Popen[str], has_come: Callable[[], bool]
) -> tuple[int, str]:
    """Kill the engine under the process at a moment; the process's exit code and complaint."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not has_come():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the moment did not come"
        time.sleep(POLL_SECONDS)
    home.kill_engine()
    complaint = process.communicate(timeout=WAIT_SECONDS)[1]
    return process.returncode, complaint


def _kill_between(home: Home, committed: str, not_yet: str, *job: str) -> None:
    """Kill the engine under a job that has committed to one table and not yet to another."""
    before, done = home.commits(committed), home.commits(not_yet)
    process = home.start("run", *job)
    code, complaint = _kill_when(home, process, lambda: home.commits(committed) != before)
    assert home.commits(not_yet) == done, "the kill came too late to prove anything"
    assert code == 1
    assert f"The engine ended while the job {job[0]} was running. Run it again" in complaint


def test_jobs_killed_between_their_commits_and_rerun_leave_the_same_tables(
    files: Files, undisturbed: Undisturbed, disturbed: Home
) -> None:
    land = ("land", str(files.all))
    _kill_between(disturbed, "bronze.sample_sales", "bronze.landed_file", *land)
    disturbed.run("run", *land)
    _kill_between(disturbed, "quality.quarantine", "silver.invoice", "conform")
    # The rerun of a killed run may be killed too, and later.
    _kill_between(disturbed, "silver.invoice", "ops.conformed_file", "conform")
    for job in ("conform", "enterprise", "reconcile"):
        disturbed.run("run", job)
    assert disturbed.hashes(TABLES) == undisturbed.tables


def test_marts_killed_in_the_middle_of_dbt_and_rerun_are_the_same(
    files: Files, undisturbed: Undisturbed, disturbed: Home
) -> None:
    disturbed.run("run", "land", str(files.all))
    for job in ("conform", "enterprise"):
        disturbed.run("run", job)
    process = disturbed.start("run", "marts")
    code, complaint = _kill_when(disturbed, process, lambda: len(_mart_tables(disturbed)) >= 3)
    assert len(_mart_tables(disturbed)) < len(undisturbed.marts), "the kill came too late"
    assert code == 1
    # Whether the job or its dbt sees it first, the person is told the same.
    assert "The engine ended while" in complaint
    assert "again: " in complaint
    disturbed.run("run", "marts")
    assert disturbed.hashes(undisturbed.marts) == undisturbed.marts
