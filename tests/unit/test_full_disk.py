"""A disk that is full: said in words with what to do, nothing half written, and no file refused.

The disk is a small one in memory; where none may be mounted, the tests are skipped.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from loomline.archives import open_archive
from loomline.errors import DiskFull
from loomline.runner import run_job
from loomline.settings import Settings
from loomline.staging import copy_unchanged

SOURCE_BYTES = 1 << 20


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A file system of so many bytes, mounted on a new folder."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk can't be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_copy_without_room_is_no_fault_of_the_file_and_leaves_nothing(tmp_path: Path) -> None:
    source, disk = tmp_path / "source.csv", tmp_path / "disk"
    source.write_bytes(b"x" * SOURCE_BYTES)
    with small_disk(disk, SOURCE_BYTES // 2):
        with pytest.raises(DiskFull):
            copy_unchanged(source, disk / "landing")
        assert not [*(disk / "landing").iterdir()]
        subprocess.run(["mount", "-o", f"remount,size={2 * SOURCE_BYTES}", disk], check=True)
        copy = copy_unchanged(source, disk / "landing")
        assert copy.path.read_bytes() == source.read_bytes()


def test_an_archive_without_room_for_a_member_is_not_taken_for_damaged(tmp_path: Path) -> None:
    source, archive, disk = tmp_path / "source.csv", tmp_path / "source.tar", tmp_path / "disk"
    source.write_bytes(b"x" * SOURCE_BYTES)
    subprocess.run(["tar", "-cf", archive, "-C", tmp_path, source.name], check=True)
    with small_disk(disk, SOURCE_BYTES // 2):
        with pytest.raises(DiskFull):
            open_archive(archive, lambda _: True, disk / "landing")
        assert not [*(disk / "landing").iterdir()]


def test_a_job_does_not_begin_on_a_full_disk_and_says_what_to_do(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", SOURCE_BYTES):
        home = tmp_path / "disk" / "home"
        with pytest.raises(DiskFull, match="Free some space and run the job again"):
            run_job("land", date(2020, 2, 29), tmp_path, Settings(home=home))
        assert [path.name for path in home.iterdir()] == ["job.lock"]
