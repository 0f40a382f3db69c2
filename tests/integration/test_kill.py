"""An engine that is killed in the middle of a job, or meets a full disk, leaves what a rerun mends.

What the tables should hold is what they hold in the shared home, where nothing was killed.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loomline.engine.server import start_engine, stop_engine
from loomline.job import JobContext, JobResult
from tests.integration.conftest import SCORELESS_DATE
from tests.integration.content import content_hash, content_hashes
from tests.integration.homes import WAIT_SECONDS, Home, make_home

POLL_SECONDS = 0.002
# Too little for what `land` writes, and enough for all that the home's jobs write.
SMALL_DISK, LARGE_DISK = "200k", "4g"

TABLES = [
    *("bronze.sample_sales", "bronze.sample_purchases", "bronze.sample_credit_outcomes"),
    *("bronze.landed_file", "silver.invoice", "silver.credit_record", "silver.enterprise"),
    *("quality.quarantine", "quality.reconciliation"),
    *("ops.conformed_file", "ops.unfinished_file"),
]


def _mart_tables(home: Home) -> list[str]:
    return sorted({f"marts.{path.parts[-3]}" for path in home.commits("marts.*")})


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


def _writes(home: Home, table: str) -> set[Path]:
    """The commits of a table but for the first, which creates it empty."""
    return {path for path in home.commits(table) if int(path.stem) > 0}


def _kill_between(home: Home, committed: str, not_yet: str, *job: str) -> None:
    """Kill the engine under a job when it has written to one table and not yet to another."""
    process = home.start("run", *job)
    code, complaint = _kill_when(home, process, lambda: bool(_writes(home, committed)))
    assert not _writes(home, not_yet), "the kill came too late to prove anything"
    assert code == 1
    assert f"The engine ended while the job {job[0]} was running. Run it again" in complaint


def _mount(folder: Path, *options: str) -> bool:
    """Lay a disk of its own over a folder; False where this machine does not allow it."""
    mount = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home | None]:
    """A home whose tables are on a disk that is too small; None where none can be mounted."""
    home = make_home(tmp_path_factory.mktemp("disturbed"))
    tables = home.settings.warehouse
    tables.mkdir(parents=True)
    if not _mount(tables, f"size={SMALL_DISK}"):
        yield None
        return
    try:
        yield home
    finally:
        stop_engine(home.settings)
        subprocess.run(["umount", str(tables)], check=True)


@pytest.fixture(scope="module")
def said_of_full_disk(small_disk: Home | None, sample: Path) -> str:
    """What `land` said when its disk was full, before that got larger."""
    if small_disk is None:
        pytest.skip("this machine does not let a test mount a small disk")
    start_engine(small_disk.settings)
    process = small_disk.start("run", "land", str(sample))
    complaint = process.communicate(timeout=WAIT_SECONDS)[1]
    assert process.returncode == 1
    assert _mount(small_disk.settings.warehouse, "remount", f"size={LARGE_DISK}")
    return complaint


def test_a_disk_that_fills_up_ends_the_job_with_a_remedy(said_of_full_disk: str) -> None:
    assert "is full; the job land could not finish. Free some space" in said_of_full_disk


@pytest.fixture(scope="module")
def disturbed(
    sample: Path, small_disk: Home | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """A home whose engine was killed under `land` and under `conform`, and both run again.

    Where a small disk can be mounted, that was full before.
    """
    home = small_disk or make_home(tmp_path_factory.mktemp("disturbed"))
    try:
        land = ("land", str(sample))
        _kill_between(home, "bronze.sample_sales", "bronze.landed_file", *land)
        home.run("run", *land)
        # Invoices of one source are in silver, and no file is marked.
        _kill_between(home, "silver.invoice", "ops.conformed_file", "conform")
        home.run("run", "conform,enterprise,reconcile")
        yield home
    finally:
        stop_engine(home.settings)


def test_jobs_killed_between_their_commits_and_rerun_leave_the_same_tables(
    lake: JobContext, disturbed: Home
) -> None:
    assert disturbed.hashes(TABLES) == content_hashes(lake.spark, TABLES)


def test_marts_killed_in_the_middle_of_dbt_and_rerun_are_the_same(
    lake: JobContext, scoreless_marts: JobResult, disturbed: Home
) -> None:
    assert scoreless_marts.rows_out
    marts = ("marts", "--date", str(SCORELESS_DATE))
    process = disturbed.start("run", *marts)
    code, complaint = _kill_when(disturbed, process, lambda: len(_mart_tables(disturbed)) >= 3)
    begun = _mart_tables(disturbed)
    assert code == 1
    # Whether the job or its dbt sees it first, the person is told the same.
    assert "The engine ended while" in complaint
    assert "again: " in complaint
    disturbed.run("run", *marts)
    tables = _mart_tables(disturbed)
    assert len(begun) < len(tables), "the kill came too late"
    # The grades come from the score job, which has not run in the disturbed home.
    tables.remove("marts.portfolio_grade_distribution")
    of_date = f"as_of_date = date'{SCORELESS_DATE}'"
    undisturbed = {table: content_hash(lake.spark, table, of_date) for table in tables}
    assert disturbed.hashes(tables, of_date) == undisturbed
