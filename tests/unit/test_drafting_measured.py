"""Drafts map most columns of every dialect right, and are right where they are not marked unsure.

`python -m pytest -s` shows the figures. Positions of records without a header are no names: what
is measured of them is where fields begin.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from loomline.contracts.model import FixedWidthFormat
from loomline.drafting.sample import read_sample
from loomline.drafting.sniffing import sniff
from simulator.run import Parameters, simulate
from tests.unit.drafted import Measured, measure

HERE = Path(__file__).parent
DAYS = 32


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drafted")
    simulate(Parameters(enterprises=50, seed=5), DAYS, folder, say=lambda _line: None)
    return folder / "files"


def shown(every: Measured, by_folder: dict[str, Measured]) -> None:
    for folder, measured in by_folder.items():
        print(f"{folder}: {measured}")
    print(f"all: {every}", *every.wrong, sep="\n  ")


def test_most_columns_of_the_simulated_dialects_are_mapped_right(
    files: Path, catalog: Path
) -> None:
    def largest(stream: str) -> Path:
        folder, _, name = stream.partition("/")
        found = (files / folder).glob(f"{name}*")
        return max(found, key=lambda path: (path.stat().st_size, path.name))

    every, by_folder = measure(HERE / "drafted_truth.yml", largest, catalog)
    shown(every, by_folder)
    assert every.columns >= 250
    assert every.right >= 0.9 * every.columns
    assert every.tables_right >= 0.95 * every.files
    assert every.sure_right >= 0.97 * every.sure
    assert by_folder["erp_sap"].right >= 0.95 * by_folder["erp_sap"].columns
    assert by_folder["mes"].right == by_folder["mes"].columns


def test_most_columns_of_the_public_sets_are_mapped_right(real_data: Path, catalog: Path) -> None:
    every, by_folder = measure(
        HERE / "drafted_truth_real.yml", lambda name: real_data / name, catalog
    )
    shown(every, by_folder)
    assert every.right >= 0.7 * every.columns
    assert every.sure_right >= 0.9 * every.sure


# docs/simulator.md: the characters at which the fields of a record begin.
BANK_STARTS = {
    "CBTXN_B1": [1, 3, 22, 30, 38, 39, 54, 57, 60],
    "CBFAC_B1": [1, 3, 15, 34, 49, 52, 57, 59],
    "CBCUS_B1": [1, 3, 22, 40],
}


@pytest.mark.parametrize("stream", BANK_STARTS)
def test_fields_of_bank_records_are_found_in_part_and_the_draft_doubts_them(
    stream: str, files: Path
) -> None:
    found = (files / "bank").glob(f"{stream}_*.txt")
    path = max(found, key=lambda candidate: candidate.stat().st_size)
    (shape,) = sniff(read_sample(path))
    assert isinstance(shape.format, FixedWidthFormat)
    starts = [first for first, _ in shape.format.fields.values()]
    true = BANK_STARTS[stream]
    hit = [start for start in starts if start in true]
    print(f"{stream}: starts {starts}, of {true} found {len(hit)}/{len(true)}")
    assert starts[0] == 1
    assert len(hit) >= 0.4 * len(true)
    assert shape.doubts
