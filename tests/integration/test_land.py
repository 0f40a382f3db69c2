"""Landing on the shared engine: every value of the sample as it stood, each content once."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections import Counter
from pathlib import Path

import pytest

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.sample.files import LATER_SALES_FILE, PURCHASES_FILE, SALES_FILE
from tests.integration.conftest import FOUNDATION, RunJob
from tests.integration.content import content_hashes

TABLES = [
    *("bronze.sample_sales", "bronze.sample_purchases", "bronze.sample_credit_outcomes"),
    *("bronze.landed_file", "silver.invoice", "silver.credit_record", "silver.enterprise"),
    *("quality.quarantine", "quality.reconciliation", "ops.conformed_file"),
]


def _cells_of_sales(path: Path) -> Counter[tuple[str, ...]]:
    header, *rows = csv.reader(
        io.StringIO(path.read_bytes().decode("gbk"), newline=""), delimiter=";"
    )
    return Counter(tuple(row) for row in rows if len(row) == len(header))


@pytest.mark.parametrize("name", [SALES_FILE, LATER_SALES_FILE])
def test_every_cell_of_the_sales_is_in_bronze_as_it_stood(lake: JobContext, name: str) -> None:
    assert lake.data is not None
    rows = lake.spark.table("bronze.sample_sales").where(f"source_file = '{name}'")
    header = (
        lake.spark.table("bronze.landed_file").where(f"source_file = '{name}'").first()["header"]
    )
    whole = rows.where("problem is null").collect()
    found = Counter(tuple(row["fields"][column] for column in header) for row in whole)
    assert found == _cells_of_sales(lake.data / name)


def test_every_line_of_the_purchases_is_in_bronze_with_its_number(lake: JobContext) -> None:
    assert lake.data is not None
    with gzip.open(lake.data / PURCHASES_FILE, "rt", encoding="utf-8") as file:
        lines = file.read().splitlines()
    rows = lake.spark.table("bronze.sample_purchases").collect()
    assert {row["line_number"]: row["raw_text"] for row in rows} == dict(enumerate(lines, start=1))


def test_a_landed_file_is_kept_under_its_hash_and_said_to_be_as_it_is(lake: JobContext) -> None:
    assert lake.data is not None
    landed = lake.spark.table("bronze.landed_file").where("source like 'sample_%'").collect()
    assert len(landed) == 4
    for row in landed:
        content = (lake.data / row["source_file"]).read_bytes()
        assert row["file_sha256"] == hashlib.sha256(content).hexdigest()
        assert row["size_bytes"] == len(content)
        assert (lake.settings.landing / row["file_sha256"]).read_bytes() == content
        assert (
            lake.spark.table(f"bronze.{row['source']}")
            .where(f"file_sha256 = '{row['file_sha256']}'")
            .count()
            == row["row_count"]
        )


def test_landing_and_conforming_again_changes_no_content(lake: JobContext, run: RunJob) -> None:
    before = content_hashes(lake.spark, TABLES)
    results = {name: run(name, data=lake.data) for name in FOUNDATION}
    assert results["land"].rows_in == results["conform"].rows_in == 0
    assert "0 new files, 4 landed before" in results["land"].notes
    assert content_hashes(lake.spark, TABLES) == before


def test_a_file_of_no_contract_is_told_and_left_alone(
    lake: JobContext, run: RunJob, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("nothing to land")
    assert run("land", data=tmp_path).notes[-1] == "no contract for 1 files: . (1)"


def test_a_folder_that_is_not_there_is_a_plain_sentence(
    lake: JobContext, run: RunJob, tmp_path: Path
) -> None:
    with pytest.raises(LoomlineError, match="is no file or folder"):
        run("land", data=tmp_path / "missing")
