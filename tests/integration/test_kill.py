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

ROWS_PER_FILE = 250
DIRTY_ROWS = 90
FILE_COUNT = 5
ROW_TABLES = ("bronze.sample_sales", "silver.invoice", "quality.quarantine")
TABLES = (
    *ROW_TABLES,
    *("bronze.landed_file", "ops.conformed_file", "silver.credit_record", "silver.enterprise"),
    "quality.reconciliation",
)
POLL_SECONDS = 0.002


@dataclass(frozen=True)
class Hashes:
    """Content hashes: of rows up to a file by its number, of whole tables, and of marts."""

    by_file: dict[int, dict[str, str]]
    tables: dict[str, str]
    marts: dict[str, str]


@dataclass(frozen=True)
class Moment:
    """When to kill: as `job` brings a new file of `sign`, before it commits to `still_to_come`."""

    job: str
    sign: Callable[[Home], set[Path]]
    still_to_come: str


# A file number goes with each: what the killed and the repeated run have to do.
MOMENTS = {
    1: Moment("land", lambda home: home.commits("bronze.sample_sales"), "bronze.landed_file"),
    2: Moment("conform", lambda home: home.data_files("silver.invoice"), "silver.invoice"),
    3: Moment("conform", lambda home: home.commits("silver.invoice"), "quality.quarantine"),
    4: Moment("conform", lambda home: home.commits("quality.quarantine"), "ops.conformed_file"),
}


def _kill_during(home: Home, moment: Moment, *data: str) -> subprocess.Popen[str]:
    """Start the job and kill the engine at the moment; the job's process is still there."""
    seen, done = moment.sign(home), home.commits(moment.still_to_come)
    process = home.start("run", moment.job, *data)
    deadline = time.monotonic() + WAIT_SECONDS
    while not moment.sign(home) - seen:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"{moment.job} did not come to the moment"
        time.sleep(POLL_SECONDS)
    home.kill_engine()
    assert home.commits(moment.still_to_come) == done, "the kill came too late to prove anything"
    return process


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders 0 to 4 with a small file of sales each, dirty rows among them, and one with all."""
    folder = tmp_path_factory.mktemp("kill_sample")
    whole, together = folder / "whole", folder / "all"
    write_sample(whole)
    together.mkdir()
    header, *lines = (whole / SALES_FILE).read_bytes().splitlines(keepends=True)
    parts = []
    for number in range(FILE_COUNT):
        first = number * ROWS_PER_FILE
        # The end of the file before and the same dirty rows come again in each file.
        rows = [*lines[max(first - 20, 0) : first + ROWS_PER_FILE], *lines[-DIRTY_ROWS:]]
        part = folder / str(number)
        part.mkdir()
        for path in (part, together):
            (path / f"sample_sales_{number}.csv").write_bytes(b"".join([header, *rows]))
        parts.append(part)
    for path in (parts[0], together):
        shutil.copy(whole / OUTCOMES_FILE, path)
    return [*parts, together]


@pytest.fixture(scope="module")
def undisturbed(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Hashes:
    """What the tables hold in a home in which every job ran to its end."""
    home = make_home(tmp_path_factory.mktemp("undisturbed"))
    try:
        home.run("run", "land", str(files[-1]))
        for job in ("conform", "enterprise", "reconcile", "marts"):
            home.run("run", job)
        hashes = {
            number: home.hashes(ROW_TABLES, f"source_file <= 'sample_sales_{number}.csv'")
            for number in MOMENTS
        }
        marts = sorted({f"marts.{path.parts[-3]}" for path in home.commits("marts.*")})
        return Hashes(hashes, home.hashes(TABLES), home.hashes(marts))
    finally:
        stop_engine(home.settings)


@pytest.fixture(scope="module")
def disturbed(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with the first files landed and conformed, whose engine is to be killed."""
    home = make_home(tmp_path_factory.mktemp("disturbed"))
    try:
        home.run("run", "land", str(files[0]))
        home.run("run", "conform")
        yield home
    finally:
        stop_engine(home.settings)


def test_land_and_conform_killed_at_any_moment_and_rerun_leave_the_same_tables(
    files: list[Path], undisturbed: Hashes, disturbed: Home
) -> None:
    for number, moment in MOMENTS.items():
        folder = str(files[number])
        if moment.job == "conform":
            disturbed.run("run", "land", folder)
        data = [folder] if moment.job == "land" else []
        process = _kill_during(disturbed, moment, *data)
        if moment.job == "land":
            complaint = process.communicate(timeout=WAIT_SECONDS)[1]
            assert process.returncode == 1
            assert complaint.startswith("The engine ended while the job land was running. Run it")
        process.kill()
        process.wait()
        disturbed.run("run", moment.job, *data)
        if moment.job == "land":
            disturbed.run("run", "conform")
        condition = f"source_file <= 'sample_sales_{number}.csv'"
        assert disturbed.hashes(ROW_TABLES, condition) == undisturbed.by_file[number], moment
    for job in ("enterprise", "reconcile"):
        disturbed.run("run", job)
    assert disturbed.hashes(TABLES) == undisturbed.tables


def test_marts_killed_in_the_middle_of_dbt_and_rerun_are_the_same(
    files: list[Path], undisturbed: Hashes, disturbed: Home
) -> None:
    disturbed.run("run", "land", str(files[-1]))
    for job in ("conform", "enterprise"):
        disturbed.run("run", job)
    process = disturbed.start("run", "marts")
    deadline = time.monotonic() + WAIT_SECONDS
    while len(disturbed.commits("marts.*")) < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "dbt did not come to its third table"
        time.sleep(POLL_SECONDS)
    disturbed.kill_engine()
    built = {path.parts[-3] for path in disturbed.commits("marts.*")}
    assert len(built) < len(undisturbed.marts), "the kill came too late to prove anything"
    complaint = process.communicate(timeout=WAIT_SECONDS)[1]
    assert process.returncode == 1
    assert "The engine ended while" in complaint
    disturbed.run("run", "marts")
    assert disturbed.hashes(undisturbed.marts) == undisturbed.marts
