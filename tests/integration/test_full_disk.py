"""A disk that fills up: the jobs say so, write no half, and go on when there is room again.

The home is on a small file system of its own, so that only it is full.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from loomline.engine.server import start_engine, stop_engine
from loomline.errors import DiskFull
from loomline.job import JobContext
from loomline.staging import copy_unchanged
from tests.integration.content import content_hash, content_hashes
from tests.integration.homes import WAIT_SECONDS, Home, make_home
from tests.integration.test_kill import OF_DATE, RECONCILIATION, TABLES

# More than an engine asks for at its start. Nothing of it is taken until it is used.
ROOMY_BYTES = 3 << 30
LEAST_FREE_BYTES = 200_000


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory, mounted on a folder."""

    folder: Path

    def resize(self, size: int) -> None:
        """Give it another size in bytes, at least what is used."""
        options = f"remount,size={size}"
        subprocess.run(["mount", "-o", options, str(self.folder)], check=True)

    def leave(self, free: int) -> None:
        """Take all room but so many bytes."""
        self.resize(shutil.disk_usage(self.folder).used + free)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[SmallDisk]:
    """A disk of that size; the test is skipped where none may be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk can't be mounted here: {done.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    with small_disk(tmp_path_factory.mktemp("disk") / "mounted", ROOMY_BYTES) as disk:
        yield disk


@pytest.fixture(scope="module")
def home(disk: SmallDisk) -> Iterator[Home]:
    """A home on the disk, its engine up."""
    home = make_home(disk.folder / "home")
    home = replace(home, environment={**home.environment, "LOOMLINE_ENGINE_MEMORY": "1g"})
    settings = home.settings.model_copy(update={"engine_memory": "1g"})
    start_engine(settings)
    yield home
    stop_engine(settings)


def failures_until_there_is_room(disk: SmallDisk, home: Home, *job: str) -> int:
    """Run a job on a disk that is full, with ever more room until it succeeds; how often it failed.

    Each time it must say what is wrong and what to do.
    """
    free = LEAST_FREE_BYTES
    for failures in range(10):
        disk.leave(free)
        process = home.start("run", *job)
        complaint = process.communicate(timeout=WAIT_SECONDS)[1]
        if process.returncode == 0:
            return failures
        assert (
            f"The disk of {home.settings.home} is full; the job {job[0]} could not finish. "
            "Free some space and run it again" in complaint
        )
        free *= 6
    raise AssertionError(f"the job {job[0]} never had room enough")


def test_a_copy_without_room_is_no_fault_of_the_file_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(b"x" * (1 << 20))
    with small_disk(tmp_path / "mounted", 1 << 16) as disk:
        with pytest.raises(DiskFull):
            copy_unchanged(source, disk.folder / "landing")
        assert not [*(disk.folder / "landing").iterdir()]
        disk.resize(4 << 20)
        assert copy_unchanged(source, disk.folder / "landing").size_bytes == 1 << 20


def test_jobs_that_filled_the_disk_and_run_again_leave_the_same_tables(
    lake: JobContext, disk: SmallDisk, home: Home, sample: Path
) -> None:
    assert failures_until_there_is_room(disk, home, "land", str(sample)) > 0
    assert failures_until_there_is_room(disk, home, "conform") > 0
    disk.resize(ROOMY_BYTES)
    home.run("run", "enterprise,reconcile")
    assert home.hashes(TABLES) == content_hashes(lake.spark, TABLES)
    proof = content_hash(lake.spark, RECONCILIATION, OF_DATE)
    assert home.hashes([RECONCILIATION], OF_DATE) == {RECONCILIATION: proof}
