"""Runs of the simulator as a whole: the same bytes, continued runs, and what is kept apart."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from loomline.errors import LoomlineError
from simulator.run import Parameters, simulate

SMALL = Parameters(enterprises=30, seed=3)


def _silent(_line: str) -> None:
    """Say nothing."""


def _bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    simulate(SMALL, 33, folder, say=_silent)
    return folder


def test_one_seed_gives_the_same_bytes_and_another_seed_others(
    one_run: Path, tmp_path: Path
) -> None:
    simulate(SMALL, 33, tmp_path / "again", say=_silent)
    assert _bytes_of(one_run / "files") == _bytes_of(tmp_path / "again" / "files")
    assert _bytes_of(one_run / "truth") == _bytes_of(tmp_path / "again" / "truth")
    simulate(Parameters(30, 4), 1, tmp_path / "other", say=_silent)
    other = _bytes_of(tmp_path / "other" / "files")
    mine = _bytes_of(one_run / "files")
    same = [name for name in other if mine.get(name) == other[name]]
    assert len(same) < len(other) / 3


def test_a_continued_run_gives_the_bytes_of_one_long_run(one_run: Path, tmp_path: Path) -> None:
    for first, count in ((0, 12), (12, 1), (13, 20)):
        simulate(SMALL, count, tmp_path, from_day=first, say=_silent)
    assert _bytes_of(tmp_path / "files") == _bytes_of(one_run / "files")
    assert _bytes_of(tmp_path / "truth") == _bytes_of(one_run / "truth")


def test_a_day_done_again_leaves_the_same_files(one_run: Path) -> None:
    before = _bytes_of(one_run / "files")
    simulate(SMALL, 1, one_run, from_day=32, say=_silent)
    assert _bytes_of(one_run / "files") == before


def test_what_is_sent_is_counted_to_the_row(one_run: Path) -> None:
    sent = pq.read_table(one_run / "truth" / "sent.parquet").to_pandas()
    balance = sent.facts - sent.held_back + sent.arrears + sent.duplicates
    assert (balance == sent["rows"]).all()


def test_no_state_to_continue_from_is_said_with_a_remedy(one_run: Path, tmp_path: Path) -> None:
    with pytest.raises(LoomlineError, match="no simulation to continue"):
        simulate(SMALL, 1, tmp_path, from_day=5, say=_silent)
    with pytest.raises(LoomlineError, match="go on from day"):
        simulate(SMALL, 1, one_run, from_day=90, say=_silent)
    with pytest.raises(LoomlineError, match="other parameters"):
        simulate(Parameters(50, 3), 1, one_run, from_day=33, say=_silent)
    with pytest.raises(LoomlineError, match="too few"):
        simulate(Parameters(5, 3), 1, tmp_path, say=_silent)
