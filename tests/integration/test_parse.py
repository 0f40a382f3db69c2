"""Moments, derived values and order of rows, on small frames of the shared engine."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from loomline.classifying import CONFORMED, DUPLICATE, QUARANTINED, classify_rows
from loomline.contracts.catalogue import find_contract
from loomline.contracts.model import Contract
from loomline.errors import CatalogueError
from loomline.parsing import parse_rows
from loomline.settings import Settings
from loomline.tables import Table, table_declaration
from spark_jobs.conform import check_expressions
from tests.integration.trial import COLUMNS, SOURCE, TARGET, write_trial_catalog

CELLS = ("T001", "K1", "1", "2019-06-03", "100.00", "13.00", "113.00", "有效")
BRONZE = (
    "file_sha256 string, source_file string, line_number bigint, raw_text string, "
    "fields map<string,string>, problem string, landed_at timestamp"
)


@pytest.fixture(scope="module")
def catalog(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trial_catalog(tmp_path_factory.mktemp("parse") / "catalog", settings.catalog)


@pytest.fixture(scope="module")
def contract(catalog: Path) -> Contract:
    return find_contract(catalog, SOURCE)


@pytest.fixture(scope="module")
def table(catalog: Path) -> Table:
    return table_declaration(catalog, TARGET)


def changed(contract: Contract, **changes: Any) -> Contract:
    """The contract with some of its keys replaced, checked as any contract is."""
    said = contract.model_dump(by_alias=True, exclude_unset=True)
    return Contract.model_validate(said | changes)


def bronze(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Bronze rows; each says its cells and what differs from the first line of one file."""
    found = []
    for number, row in enumerate(rows, start=2):
        cells = dict(zip(COLUMNS, CELLS, strict=True)) | row.get("cells", {})
        name = row.get("file", "trial_1.csv")
        landed = row.get("landed_at", datetime(2020, 1, 1, tzinfo=UTC))
        found.append((f"hash of {name}", name, number, "raw", cells, None, landed))
    return spark.createDataFrame(found, BRONZE)


def test_a_time_that_says_its_offset_is_that_instant(
    spark: SparkSession, contract: Contract, table: Table
) -> None:
    moment = {"from": "sent", "formats": ["yyyy-MM-dd'T'HH:mm:ssXXX", "yyyy-MM-dd HH:mm:ss"]}
    offset = changed(contract, known_at=moment)
    rows = bronze(
        spark,
        {"cells": {"sent": "2020-03-01T07:00:00+08:00"}},
        {"cells": {"sent": "2020-03-01T07:00:00-05:00", "number": "2"}},
        {"cells": {"sent": "2020-03-01 07:00:00", "number": "3"}},
    )
    parsed = parse_rows(rows, offset, table).selectExpr("cast(known_at as bigint) as second")
    assert [datetime.fromtimestamp(row["second"], UTC) for row in parsed.collect()] == [
        datetime(2020, 2, 29, 23, tzinfo=UTC),
        datetime(2020, 3, 1, 12, tzinfo=UTC),
        datetime(2020, 2, 29, 23, tzinfo=UTC),
    ]


def test_a_clock_that_is_put_forward_or_back_is_read_as_the_guide_says(
    spark: SparkSession, contract: Contract, table: Table
) -> None:
    sent = {"from": "sent", "type": "timestamp", "formats": ["yyyy-MM-dd HH:mm:ss"]}
    new_york = changed(
        contract,
        time_zone="America/New_York",
        working_columns={"sent": sent},
        event_at={"column": "sent"},
        known_at={"column": "sent", "days_later": 1},
    )
    # A day of 23 hours follows, the left-out time is that of the next day, then is meant itself;
    # the last is a time that comes twice, before a day of 25 hours has ended.
    texts = ("2024-03-09 12:00:00", "2024-03-09 02:30:00", "2024-03-10 02:30:00")
    texts += ("2024-11-03 01:30:00",)
    rows = bronze(spark, *({"cells": {"sent": text, "number": text}} for text in texts))
    parsed = parse_rows(rows, new_york, table).orderBy("line_number")
    moments = ("cast(event_at as bigint) as event_at", "cast(known_at as bigint) as known_at")
    found = parsed.selectExpr(*moments, "reasons").collect()
    assert [row["event_at"] for row in found] == [
        datetime(2024, 3, 9, 17, tzinfo=UTC).timestamp(),
        datetime(2024, 3, 9, 7, 30, tzinfo=UTC).timestamp(),
        None,
        datetime(2024, 11, 3, 5, 30, tzinfo=UTC).timestamp(),
    ]
    assert [row["known_at"] for row in found] == [
        datetime(2024, 3, 10, 16, tzinfo=UTC).timestamp(),
        datetime(2024, 3, 10, 7, 30, tzinfo=UTC).timestamp(),
        None,
        datetime(2024, 11, 4, 6, 30, tzinfo=UTC).timestamp(),
    ]
    complaint = "sent: not a timestamp as yyyy-MM-dd HH:mm:ss: '2024-03-10 02:30:00'"
    assert [complaint in row["reasons"] for row in found] == [False, False, True, False]


def test_a_date_within_a_time_that_says_its_offset_is_the_local_one(
    spark: SparkSession, contract: Contract, table: Table
) -> None:
    day = {"from": "day", "formats": ["yyyy-MM-dd'T'HH:mmXXX"]}
    offset = changed(contract, columns=_columns(contract) | {"issue_date": day})
    rows = bronze(spark, {"cells": {"day": "2019-06-02T16:30Z"}})
    assert str(parse_rows(rows, offset, table).collect()[0]["issue_date"]) == "2019-06-03"


def _columns(contract: Contract) -> dict[str, Any]:
    said = contract.model_dump(by_alias=True, exclude_unset=True)
    columns: dict[str, Any] = said["columns"]
    return columns


@pytest.mark.parametrize(
    ("text", "amount"), [("1.234,50", "1234.50"), ("12,5", "12.50"), ("1.5", None), ("1,2,3", None)]
)
def test_an_amount_with_a_decimal_comma_is_that_amount_and_no_other(
    spark: SparkSession, contract: Contract, table: Table, text: str, amount: str | None
) -> None:
    tax = {"from": "tax", "thousands_separator": ".", "decimal_separator": ","}
    comma = changed(contract, columns=_columns(contract) | {"tax_cny": tax})
    (row,) = parse_rows(bronze(spark, {"cells": {"tax": text}}), comma, table).collect()
    assert row["tax_cny"] == (None if amount is None else Decimal(amount))


def test_a_pattern_says_whose_rows_are_whose_and_the_rest_is_told(
    spark: SparkSession, contract: Contract, table: Table
) -> None:
    takes_back = {"number": {"matches": "R[0-9]+"}, "state": ["有效"]}
    back = changed(contract, source="trial_back", where=takes_back)
    back = back.model_copy(update={"rows_of": SOURCE})
    plain = changed(contract, where={"number": {"matches": "[0-9]+"}})
    numbers = ("1", "R2", "R2x", "XR2")
    rows = bronze(spark, *[{"cells": {"number": number}} for number in numbers])
    taken = [row["invoice_number"] for row in parse_rows(rows, back, table, [plain]).collect()]
    own = parse_rows(rows, plain, table, [back]).collect()
    assert taken == ["R2"]
    assert {row["invoice_number"]: row["reasons"] for row in own} == {
        "1": [],
        "R2x": ["row: no contract takes a row of this kind"],
        "XR2": ["row: no contract takes a row of this kind"],
    }


def test_a_required_value_that_comes_out_as_nothing_is_a_reason(
    spark: SparkSession, contract: Contract, table: Table
) -> None:
    nothing = {"sql": "nullif(total_cny, total_cny) < 0"}
    derived = changed(contract, columns=_columns(contract) | {"is_red_letter": nothing})
    classified = classify_rows(parse_rows(bronze(spark, {}), derived, table), derived, table)
    (row,) = classified.collect()
    assert (row["disposition"], row["reasons"]) == (QUARANTINED, ["is_red_letter: is missing"])


def test_of_rows_with_one_key_the_one_known_first_stands_then_the_one_landed_first(
    spark: SparkSession, contract: Contract, table: Table
) -> None:
    sent = changed(contract, known_at={"from": "sent", "formats": ["yyyy-MM-dd"]})
    early, late = (datetime(2020, month, 1, tzinfo=UTC) for month in (1, 2))
    rows = bronze(
        spark,
        {"cells": {"sent": "2019-07-01"}, "file": "a.csv", "landed_at": early},
        {"cells": {"sent": "2019-06-05"}, "file": "c.csv", "landed_at": late},
        {"cells": {"sent": "2019-06-05"}, "file": "b.csv", "landed_at": late.replace(day=2)},
    )
    classified = classify_rows(parse_rows(rows, sent, table), sent, table).collect()
    assert {row["source_file"]: row["disposition"] for row in classified} == {
        "a.csv": DUPLICATE,
        "b.csv": DUPLICATE,
        "c.csv": CONFORMED,
    }


@pytest.mark.parametrize(
    ("sql", "complaint"), [("total_cny >", "is no SQL"), ("totals > 0", "does not hold")]
)
def test_a_rule_that_is_no_condition_is_told_with_file_and_line(
    spark: SparkSession, contract: Contract, table: Table, catalog: Path, sql: str, complaint: str
) -> None:
    rule = {"name": "wrong", "sql": sql, "reason": "never"}
    wrong = changed(contract, rules=[rule])
    rows = parse_rows(bronze(spark, {}), contract, table)
    with pytest.raises(CatalogueError, match=rf"{SOURCE}\.yml:\d+: rules\.0\.sql: {complaint}"):
        check_expressions(catalog, wrong, rows)
