"""Runs of the simulator as a whole: the same bytes, continued runs, and what is kept apart."""

from __future__ import annotations

import gzip
import hashlib
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from loomline.errors import LoomlineError
from loomline.settings import Settings
from simulator.follow import parameters_of, send_day, send_up_to, simulate_up_to
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


CONNECTED = Parameters(enterprises=30, seed=3, connected_day=31)


@pytest.fixture(scope="module")
def connected_late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of firms that lived for a month before their systems sent anything."""
    folder = tmp_path_factory.mktemp("late")
    assert simulate_up_to(folder, date(2019, 8, 2), CONNECTED) == 33
    return folder


def _invoices(folder: Path, direction: str) -> list[str]:
    """The lines of all files of a direction, but for their headers, sorted."""
    files = sorted((folder / "files" / "tax").glob(f"{direction}_invoices_*.csv.gz"))
    return sorted(line for path in files for line in gzip.open(path, "rt").readlines()[1:])


def test_before_the_connected_day_nothing_is_sent_and_its_first_file_has_every_invoice(
    one_run: Path, connected_late: Path
) -> None:
    days = {path.name.rsplit("_", 1)[-1][:8] for path in (connected_late / "files").rglob("*.*")}
    assert {day for day in days if day.isdigit()} == {"20190801", "20190802"}
    for direction in ("sales", "purchase"):
        assert _invoices(connected_late, direction) == _invoices(one_run, direction)


def test_master_data_go_out_on_the_connected_day(tmp_path: Path) -> None:
    parameters = Parameters(enterprises=30, seed=3, connected_day=9)
    simulate_up_to(tmp_path, date(2019, 7, 10), parameters)
    for name in ("registry/企业登记", "telemetry/devices", "bank/CBFAC_B1", "meters/customers"):
        assert list((tmp_path / "files").glob(f"{name}_20190710.*")), name


def test_a_folder_goes_on_with_its_own_parameters_and_no_day_twice(connected_late: Path) -> None:
    assert parameters_of(connected_late) == CONNECTED
    assert simulate_up_to(connected_late, date(2019, 8, 2)) == 0
    assert simulate_up_to(connected_late, date(2019, 8, 3)) == 1


def test_machines_that_are_not_connected_send_nothing(connected_late: Path) -> None:
    # No broker is up: who tried to send would fail.
    assert send_day(Settings(mqtt_port=1), connected_late, date(2019, 7, 31), lambda: 0) == 0


def test_a_day_that_was_sent_is_not_sent_again(tmp_path: Path) -> None:
    simulate_up_to(tmp_path, date(2019, 7, 3), Parameters(enterprises=30, seed=3))
    (tmp_path / "feed").mkdir()
    for day in (1, 2, 3):
        (tmp_path / "feed" / f"2019-07-0{day}.sent").touch()
    without_broker = Settings(mqtt_port=1)
    assert send_up_to(without_broker, tmp_path, date(2019, 7, 3), lambda: 0) == 0
    (tmp_path / "feed" / "2019-07-02.sent").unlink()
    with pytest.raises(LoomlineError):
        send_up_to(without_broker, tmp_path, date(2019, 7, 3), lambda: 0)
