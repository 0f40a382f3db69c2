"""Faults of what is sent: nothing is lost and nothing is doubled, against what was sent.

An ERP's order lines come through the jobs by file and day: the file of a day once more with a line
corrected, and then one with a new column and values of other types than before.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from loomline.job import JobResult
from loomline.lake import known_condition
from loomline.runner import run_job
from loomline.settings import Settings
from spark_jobs import conform
from tests.integration.content import content_hash
from tests.integration.trial import trial_settings

AS_OF = date(2001, 1, 1)
SOURCE, TARGET = "erp_orders", "silver.purchase_order_line"
DERIVED = "silver.trade_relation"
# Long after the first day and long before the files were landed.
BEFORE_THE_CORRECTION = datetime(2024, 4, 1)

CONTRACT = """\
source: erp_orders
description: Order lines of the tests.
owner: tests
files: ["erp/orders_*.csv"]
format: {type: csv}
target: silver.purchase_order_line
time_zone: Asia/Shanghai
columns:
  code_system: {constant: erp}
  enterprise_code: {constant: E1}
  order_number: {from: order}
  line_code: {from: line}
  order_date: {from: day, formats: [FORMATS]}
  supplier_code: {from: supplier}
  material_code: {from: material}
  quantity: {from: quantity}
  net_amount: {from: amount}
corrections: supersede
event_at: {column: order_date}
known_at: {file_name: '_(\\d{8})\\.', formats: [yyyyMMdd], days_later: 1}
control_total: net_amount
"""
HEADER = "order,line,supplier,material,quantity,amount,day"


def line(order: int, **changes: str) -> str:
    """A line of an order that holds, but for what is changed."""
    cells = {
        **{"order": f"O{order}", "line": "1", "supplier": f"S{order % 3}", "material": "M1"},
        **{"quantity": "10", "amount": f"{order}00.50", "day": "2024-03-01"},
    }
    return ",".join((cells | changes).values())


FIRST = [HEADER, *(line(n) for n in range(1, 7))]
CORRECTED = [HEADER, *(line(n, **({"quantity": "7"} if n == 3 else {})) for n in range(1, 7))]
NEXT_DAY = [
    f"{HEADER},note",
    line(11, day="2024-03-02", note="urgent"),
    line(12, day="2024-03-02", quantity="n/a", note=""),
    line(13, day="2024-03-02", quantity="12 pcs", note=""),
    line(14, day="2024/03/02", note=""),
    line(15, day="02.03.2024", note=""),
    line(16, day="2024-03-02", note="second call"),
]


def content(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


SENT = {hashlib.sha256(content(lines)).hexdigest(): lines for lines in (FIRST, CORRECTED, NEXT_DAY)}


@dataclass
class Erp:
    """The ERP's folder, and what the jobs said."""

    spark: SparkSession
    settings: Settings
    folder: Path
    said: dict[str, JobResult] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    def contract(self, formats: str) -> None:
        """Write the contract, with formats of its dates."""
        path = self.settings.catalog / "sources" / f"{SOURCE}.yml"
        path.write_text(CONTRACT.replace("FORMATS", formats), encoding="utf-8")

    def send(self, name: str, lines: list[str]) -> None:
        """A file comes, in the place of one of its name."""
        (self.folder / "erp" / name).write_bytes(content(lines))

    def run(self, *jobs: str) -> None:
        for job in jobs:
            self.said[job] = run_job(job, AS_OF, self.folder, self.settings)

    def silver(self, condition: str = "true") -> list[Row]:
        return (
            self.spark.table(TARGET).where(condition).orderBy("order_number", "known_at").collect()
        )

    def aside(self, disposition: str) -> dict[str, str]:
        """The reasons of what is set aside, by number of the order."""
        rows = self.spark.table("quality.quarantine").where(
            f"source = '{SOURCE}' and disposition = '{disposition}'"
        )
        return {row["raw_text"].split(",")[0]: "; ".join(row["reasons"]) for row in rows.collect()}

    def places(self) -> list[tuple[str, int]]:
        """File and line of everything that is in silver or set aside."""
        columns = "file_sha256", "line_number"
        rows = self.spark.table(TARGET).select(*columns)
        aside = self.spark.table("quality.quarantine").where(f"source = '{SOURCE}'")
        return sorted(tuple(row) for row in rows.unionAll(aside.select(*columns)).collect())


@pytest.fixture(scope="module")
def erp(
    settings: Settings, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Erp]:
    """The lake after the first file of the first day."""
    folder = tmp_path_factory.mktemp("erp")
    catalog = folder / "catalog"
    shutil.copytree(settings.catalog / "tables", catalog / "tables")
    (catalog / "sources").mkdir()
    (folder / "files" / "erp").mkdir(parents=True)
    erp = Erp(spark, trial_settings(settings, catalog), folder / "files")
    erp.contract("yyyy-MM-dd")
    erp.send("orders_20240301.csv", FIRST)
    erp.run("land", "conform", "trade_relation")
    yield erp
    for table in ("bronze.landed_file", "quality.quarantine", "ops.conformed_file"):
        spark.sql(f"delete from {table} where source = '{SOURCE}'")
    spark.sql(f"delete from ops.derived_file where table_name = '{DERIVED}'")
    spark.sql(f"delete from quality.reconciliation where source = '{SOURCE}'")
    for table in (f"bronze.{SOURCE}", TARGET, DERIVED):
        spark.sql(f"drop table {table}")


@pytest.fixture(scope="module")
def disturbed(erp: Erp) -> Erp:
    """The lake after the first day's file came again, and the next day's in another shape."""
    erp.send("orders_20240301.csv", CORRECTED)
    erp.send("orders_20240302.csv", NEXT_DAY)
    erp.run("land", "conform", "trade_relation", "reconcile")
    return erp


def reconciled(erp: Erp) -> dict[str, tuple[int, int, int]]:
    """Rows conformed, doubled and quarantined of each file that reconciles, by sha256."""
    rows = erp.spark.table("quality.reconciliation").where(f"source = '{SOURCE}' and is_reconciled")
    counts = ("conformed_rows", "duplicate_rows", "quarantined_rows")
    return {row["file_sha256"]: tuple(row[name] for name in counts) for row in rows.collect()}


def test_a_file_sent_again_with_one_corrected_line_changes_that_line_alone(disturbed: Erp) -> None:
    versions = disturbed.silver("order_number = 'O3'")
    assert [int(row["quantity"]) for row in versions] == [10, 7]
    assert versions[0]["superseded_at"] == versions[1]["known_at"]
    assert versions[1]["superseded_at"] is None
    standing = disturbed.silver("superseded_at is null and order_date = date'2024-03-01'")
    assert [row["order_number"] for row in standing] == [f"O{n}" for n in range(1, 7)]
    assert set(disturbed.aside("duplicate")) == {"O1", "O2", "O4", "O5", "O6"}


def test_to_end_a_version_no_other_row_of_its_file_is_written_again(disturbed: Erp) -> None:
    history = disturbed.spark.sql(f"describe history {TARGET}").where("operation = 'MERGE'")
    (merge,) = history.select("operationMetrics").collect()
    rows = {
        name: merge["operationMetrics"][f"numTargetRows{name}"] for name in ("Updated", "Copied")
    }
    assert rows == {"Updated": "1", "Copied": "0"}


def test_as_of_a_day_before_the_correction_the_first_version_still_stands(disturbed: Erp) -> None:
    known = known_condition(BEFORE_THE_CORRECTION)
    rows = disturbed.silver(f"{known} and order_date = date'2024-03-01'")
    assert [int(row["quantity"]) for row in rows] == [10] * 6


def test_every_line_that_was_sent_is_in_one_place_and_every_file_reconciles(disturbed: Erp) -> None:
    assert disturbed.places() == sorted(
        (sha256, number) for sha256, lines in SENT.items() for number in range(2, len(lines) + 1)
    )
    first, again, next_day = SENT
    assert reconciled(disturbed) == {first: (6, 0, 0), again: (1, 5, 0), next_day: (2, 0, 4)}


def test_a_new_column_is_told_once_and_its_values_are_in_bronze(disturbed: Erp) -> None:
    note = (
        "erp_orders: erp/orders_20240302.csv has new columns, kept in bronze and not mapped: note"
    )
    assert [x for x in disturbed.said["land"].notes if "new columns" in x] == [note]
    bronze = disturbed.spark.table(f"bronze.{SOURCE}").where("fields['note'] != ''").collect()
    assert {(row["fields"]["order"], row["fields"]["note"]) for row in bronze} == {
        ("O11", "urgent"),
        ("O16", "second call"),
    }
    assert {"O11", "O16"} <= {row["order_number"] for row in disturbed.silver()}


def test_values_of_another_type_are_quarantined_with_their_reasons(disturbed: Erp) -> None:
    assert disturbed.aside("quarantined") == {
        "O12": "quantity: not a decimal(18,3): 'n/a'",
        "O13": "quantity: not a decimal(18,3): '12 pcs'",
        "O14": "order_date: not a date as yyyy-MM-dd: '2024/03/02'",
        "O15": "order_date: not a date as yyyy-MM-dd: '02.03.2024'",
    }


def test_relations_of_the_months_that_new_files_touch_are_those_of_all_files(
    disturbed: Erp,
) -> None:
    of_erp = "code_system = 'erp'"
    before = content_hash(disturbed.spark, DERIVED, of_erp)
    versions = disturbed.spark.table(DERIVED).where(f"{of_erp} and superseded_at is null")
    assert {row["partner_code"]: row["record_count"] for row in versions.collect()} == {
        **{"S0": 2, "S1": 3, "S2": 3}
    }
    disturbed.spark.sql(f"delete from ops.derived_file where table_name = '{DERIVED}'")
    disturbed.run("trade_relation")
    assert content_hash(disturbed.spark, DERIVED, of_erp) == before


def test_a_contract_that_learns_the_new_form_conforms_what_was_set_aside(disturbed: Erp) -> None:
    others = "order_number != 'O14'"
    before = content_hash(disturbed.spark, TARGET, others)
    disturbed.contract("yyyy-MM-dd, yyyy/MM/dd")
    disturbed.run("conform", "reconcile")
    assert len(disturbed.silver("order_number = 'O14'")) == 1
    assert set(disturbed.aside("quarantined")) == {"O12", "O13", "O15"}
    assert content_hash(disturbed.spark, TARGET, others) == before
    assert len(disturbed.places()) == sum(len(lines) - 1 for lines in SENT.values())
    first, again, next_day = SENT
    assert reconciled(disturbed) == {first: (6, 0, 0), again: (1, 5, 0), next_day: (3, 0, 3)}


def test_files_conformed_one_by_one_leave_what_all_at_once_leave(
    disturbed: Erp, monkeypatch: pytest.MonkeyPatch
) -> None:
    silver = content_hash(disturbed.spark, TARGET)
    aside = content_hash(disturbed.spark, "quality.quarantine", f"source = '{SOURCE}'")
    monkeypatch.setattr(conform, "LINES_AT_ONCE", 1)
    # A changed contract has all three files conformed again.
    for formats in ("yyyy-MM-dd", "yyyy-MM-dd, yyyy/MM/dd"):
        disturbed.contract(formats)
        disturbed.run("conform")
        assert disturbed.said["conform"].rows_in == sum(len(lines) - 1 for lines in SENT.values())
    assert content_hash(disturbed.spark, TARGET) == silver
    assert content_hash(disturbed.spark, "quality.quarantine", f"source = '{SOURCE}'") == aside
