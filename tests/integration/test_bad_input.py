"""Bad files and bad rows: a clear error or quarantine with reasons, and nothing lost."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from loomline.errors import LoomlineError
from loomline.runner import run_job
from loomline.settings import Settings
from tests.integration.content import content_hash
from tests.integration.oracle import Expected, expected_of, known_at
from tests.integration.trial import (
    COLUMNS,
    HEADER,
    PACKED_SOURCE,
    SOURCE,
    TARGET,
    remove_trial,
    trial_settings,
    write_trial_catalog,
)

AS_OF = date(2001, 1, 1)
LONG = "长" * (1 << 20)
NAME = '"引号""内""\n第二行 🏭"'

AMOUNTS = (
    *('"1,234.5"', "-", "１２３", "1e5", "", " 12.30 ", "\u300012.30", "-5", "+5", ".5", "5."),
    *("00012.30", "12.300", "12.345", "NaN", "9999999999999999", "99999999999999999", "=1+1"),
)
DAYS = (
    *(
        "2019-02-30",
        "2099-01-01",
        "2019-13-01",
        "2020-02-29",
        "2019/2/9",
        "1993-12-31",
        "0000-01-01",
    ),
    *("20190101", "2019-1-1", "43466", "昨天", ""),
)


def row(number: int, **changes: str) -> str:
    """A row of a trial file that holds, but for what is changed; cells are given as CSV."""
    cells = {
        "firm": "T001",
        "buyer": "K1",
        "number": str(number),
        "day": "2019-06-03",
        "net": "100.00",
        "tax": "13.00",
        "total": "113.00",
        "state": "有效",
    }
    return ",".join((cells | changes).values())


def file_of(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


# Files that are landed, in the order of their names.
GOOD = {
    "trial_added.csv": file_of(*(f"{row(n)},extra{n}" for n in range(5)), header=f"{HEADER},note"),
    "trial_amounts.csv": file_of(
        *(row(100 + n, net=text) for n, text in enumerate(AMOUNTS)),
        *(row(200 + n, total=text) for n, text in enumerate(AMOUNTS)),
        *(row(300 + n, tax=text) for n, text in enumerate(AMOUNTS)),
        row(399, net="1234567.00", tax='"1,234,567.89"', total="2469134.89"),
    ),
    "trial_cells.csv": file_of("T001,K1,1", f"{row(401)},9", row(402), "", '"never closed,1'),
    "trial_conflicts.csv": file_of(
        row(501),
        row(502),
        row(501),
        row(502, net="200.00", tax="26.00", total="226.00"),
        row(502, state="作废"),
        row(501, day="2019-06-04"),
    ),
    "trial_dates.csv": file_of(*(row(600 + n, day=text) for n, text in enumerate(DAYS))),
    "trial_header_only.csv": f"{HEADER}\n",
    "trial_names.csv": file_of(
        row(700, buyer=NAME),
        row(701, buyer="=cmd()"),
        row(702, buyer=LONG),
        row(703, firm="'; --"),
        row(704, state="待定"),
        row(705, state=" 有效\t"),
        row(706, firm=""),
        row(707, firm="x" * 21),
        row(708, buyer="\\\\n\\u0041"),
    ),
    "trial_overlap_1.csv": file_of(*(row(800 + n) for n in range(6))),
}
LATER = {
    # Repeats three rows of the first file and contradicts one.
    "trial_overlap_2.csv": file_of(
        *(row(800 + n) for n in range(3, 9)), row(800, net="1.00", tax="0.13", total="1.13")
    ),
}  # fmt: skip
REFUSED = {
    "trial_empty.csv": (b"", "is empty"),
    "trial_encoding.csv": (file_of(row(1)).encode("gbk"), "is not utf-8 text: byte 0x"),
    "trial_missing.csv": (b"firm,buyer,number,day,net,tax,state\n", "lacks 'total'"),
    "trial_renamed.csv": (HEADER.replace("total", "totals").encode(), "'totals' looks like"),
    "trial_truncated.csv.gz": (gzip.compress(HEADER.encode() * 99)[:-5], "ends in the middle"),
}


@dataclass(frozen=True)
class Trial:
    """The bad files after both rounds of landing, and what must have become of them."""

    spark: SparkSession
    settings: Settings
    folder: Path
    expected: Expected
    landing_error: LoomlineError


def _round(settings: Settings, folder: Path) -> LoomlineError:
    """Land and conform; the landing must say that files were refused."""
    with pytest.raises(LoomlineError) as caught:
        run_job("land", AS_OF, folder, settings)
    run_job("conform", AS_OF, None, settings)
    return caught.value


@pytest.fixture(scope="module")
def trial(
    settings: Settings, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trial]:
    folder = tmp_path_factory.mktemp("trial")
    files = folder / "files"
    files.mkdir()
    catalog = write_trial_catalog(folder / "catalog", settings.catalog)
    trial = trial_settings(settings, catalog)
    for name, text in GOOD.items():
        (files / name).write_bytes(text.encode())
    for name, (content, _) in REFUSED.items():
        (files / name).write_bytes(content)
    error = _round(trial, files)
    for name, text in LATER.items():
        (files / name).write_bytes(text.encode())
    # The same content under another name is the same file.
    (files / "trial_zz_again.csv").write_bytes(GOOD["trial_amounts.csv"].encode())
    _round(trial, files)
    run_job("reconcile", AS_OF, None, trial)
    yield Trial(spark, trial, files, expected_of(GOOD | LATER), error)
    remove_trial(spark)


def _aside(trial: Trial, name: str, disposition: str = "quarantined") -> dict[int, Row]:
    condition = f"source_file = '{name}' and disposition = '{disposition}'"
    rows = trial.spark.table("quality.quarantine").where(condition).collect()
    return {row["line_number"]: row for row in rows}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_whole(trial: Trial, name: str) -> None:
    reason = REFUSED[name][1]
    assert f"{name} " in str(trial.landing_error)
    assert list(_aside(trial, name, "refused")) == [0]
    refused = _aside(trial, name, "refused")[0]
    assert len(refused["reasons"]) == 1
    assert reason in refused["reasons"][0]
    source = PACKED_SOURCE if name.endswith(".gz") else SOURCE
    assert refused["source"] == source
    landed = trial.spark.table("bronze.landed_file").where(f"source_file = '{name}'")
    assert landed.count() == 0


def test_the_files_beside_the_refused_ones_are_landed_once_each(trial: Trial) -> None:
    landed = trial.spark.table("bronze.landed_file").where(f"source = '{SOURCE}'").collect()
    assert sorted(row["source_file"] for row in landed) == sorted(GOOD | LATER)
    bronze = trial.spark.table(f"bronze.{SOURCE}").groupBy("source_file").count().collect()
    counts = {row["source_file"]: row["count"] for row in bronze}
    places = [*trial.expected.conformed, *trial.expected.duplicate, *trial.expected.quarantined]
    for name in GOOD | LATER:
        assert counts.get(name, 0) == sum(place[0] == name for place in places), name


def test_silver_is_what_plain_python_makes_of_the_files(trial: Trial) -> None:
    silver = trial.spark.table(TARGET).collect()
    found = {
        (row["source_file"], row["line_number"]): (
            *(row["enterprise_id"], row["counterparty_id"], row["invoice_number"]),
            *(row["issue_date"], row["net_cny"], row["tax_cny"], row["total_cny"], row["status"]),
        )
        for row in silver
    }
    assert found == trial.expected.conformed
    second = "cast(known_at as bigint) as second"
    known = trial.spark.table(TARGET).selectExpr(
        *("issue_date", "is_red_letter", "total_cny", second),
    )
    for row in known.collect():
        assert row["second"] == known_at(row["issue_date"]).timestamp()
        assert row["is_red_letter"] == (row["total_cny"] < 0)


def test_whatever_is_not_in_silver_is_set_aside_with_reasons_and_its_text(trial: Trial) -> None:
    condition = f"source = '{SOURCE}' and disposition <> 'refused'"
    rows = trial.spark.table("quality.quarantine").where(condition).collect()
    by_disposition: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for row in rows:
        by_disposition[row["disposition"]].add((row["source_file"], row["line_number"]))
        assert row["reasons"]
        assert row["raw_text"]
        place = (row["source_file"], row["line_number"])
        assert row["control_total"] == trial.expected.totals.get(place)
    assert by_disposition["quarantined"] == trial.expected.quarantined
    assert by_disposition["duplicate"] == trial.expected.duplicate
    assert len(rows) == len(trial.expected.quarantined) + len(trial.expected.duplicate)


def test_every_file_reconciles_with_its_raw_text_in_rows_and_to_the_cent(trial: Trial) -> None:
    rows = trial.spark.table("quality.reconciliation")
    proofs = {row["source_file"]: row for row in rows.where(f"source = '{SOURCE}'").collect()}
    assert set(proofs) == set(GOOD | LATER)
    expected = trial.expected
    for name, proof in proofs.items():
        assert proof["is_reconciled"], name
        for side, places in (
            ("conformed", set(expected.conformed)),
            ("duplicate", expected.duplicate),
            ("quarantined", expected.quarantined),
        ):
            of_file = [place for place in places if place[0] == name]
            total = sum((expected.totals.get(place, Decimal(0)) for place in of_file), Decimal(0))
            assert proof[f"{side}_rows"] == len(of_file), (name, side)
            assert proof[f"{side}_total"] == total, (name, side)
        landed = sum((v for place, v in expected.totals.items() if place[0] == name), Decimal(0))
        assert proof["landed_total"] == landed, name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('"1,234.5"', "net_cny: not a decimal(18,2): '1,234.5'"),
        ("-", "net_cny: is missing"),
        ("１２３", "net_cny: not a decimal(18,2): '１２３'"),
        ("1e5", "net_cny: not a decimal(18,2): '1e5'"),
        ("", "net_cny: is missing"),
    ],
)
def test_an_amount_that_is_none_is_quarantined_with_it(
    trial: Trial, text: str, reason: str
) -> None:
    line = 2 + AMOUNTS.index(text)
    assert _aside(trial, "trial_amounts.csv")[line]["reasons"] == [reason]


def test_an_impossible_date_and_one_to_come_are_quarantined(trial: Trial) -> None:
    aside = _aside(trial, "trial_dates.csv")
    impossible = "issue_date: not a date as yyyy-MM-dd or yyyy/M/d: '2019-02-30'"
    assert aside[2]["reasons"] == [impossible]
    assert aside[3]["reasons"] == ["not_issued_in_the_future: issued after the file was landed"]


def test_a_number_used_again_with_another_amount_is_quarantined_with_the_first_place(
    trial: Trial,
) -> None:
    reason = "key: another row with this key has other content: trial_conflicts.csv line 3"
    aside = _aside(trial, "trial_conflicts.csv")
    assert [aside[line]["reasons"] for line in (5, 6)] == [[reason], [reason]]
    across = _aside(trial, "trial_overlap_2.csv")
    assert across[8]["reasons"][0].endswith("trial_overlap_1.csv line 2")


def test_rows_that_overlap_an_earlier_file_are_duplicates_of_it(trial: Trial) -> None:
    doubled = _aside(trial, "trial_overlap_2.csv", "duplicate")
    assert {line: row["reasons"] for line, row in doubled.items()} == {
        line: [f"duplicate: the same content stands in trial_overlap_1.csv line {line + 3}"]
        for line in (2, 3, 4)
    }


def test_a_field_of_a_megabyte_is_quarantined_whole_with_a_short_reason(trial: Trial) -> None:
    (found,) = [row for row in _aside(trial, "trial_names.csv").values() if LONG in row["raw_text"]]
    length = len(LONG)
    assert found["reasons"] == [
        f"counterparty_id: has {length} characters; at most 1000 are allowed"
    ]


def test_formulas_quotes_breaks_and_emoji_stay_the_text_that_they_are(trial: Trial) -> None:
    condition = "source_file = 'trial_names.csv'"
    rows = trial.spark.table(TARGET).where(condition).collect()
    assert {"=cmd()", '引号"内"\n第二行 🏭'} <= {row["counterparty_id"] for row in rows}
    assert "'; --" in {row["enterprise_id"] for row in rows}


def test_an_added_column_is_noted_and_its_values_are_kept(trial: Trial) -> None:
    condition = "source_file = 'trial_added.csv'"
    landed = trial.spark.table("bronze.landed_file").where(condition).first()
    assert landed["unmapped_columns"] == ["note"]
    bronze = trial.spark.table(f"bronze.{SOURCE}").where(condition).collect()
    assert {row["fields"]["note"] for row in bronze} == {f"extra{n}" for n in range(5)}


def test_a_header_alone_is_landed_as_no_rows(trial: Trial) -> None:
    condition = "source_file = 'trial_header_only.csv'"
    landed = trial.spark.table("bronze.landed_file").where(condition).first()
    assert (landed["row_count"], landed["header"]) == (0, list(COLUMNS))


def test_the_same_files_again_change_nothing(trial: Trial) -> None:
    tables = (f"bronze.{SOURCE}", TARGET, "quality.quarantine", "bronze.landed_file")
    before = {table: content_hash(trial.spark, table) for table in tables}
    with pytest.raises(LoomlineError):
        run_job("land", AS_OF, trial.folder, trial.settings)
    assert run_job("conform", AS_OF, None, trial.settings).rows_in == 0
    assert {table: content_hash(trial.spark, table) for table in tables} == before


def test_a_refusal_is_withdrawn_when_a_file_of_that_name_lands(trial: Trial) -> None:
    (trial.folder / "trial_missing.csv").write_bytes(file_of(row(950)).encode())
    with pytest.raises(LoomlineError):
        run_job("land", AS_OF, trial.folder, trial.settings)
    assert _aside(trial, "trial_missing.csv", "refused") == {}
    assert list(_aside(trial, "trial_renamed.csv", "refused")) == [0]
