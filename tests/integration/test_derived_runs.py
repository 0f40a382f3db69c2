"""Jobs of derived tables leave after several runs what one run over everything leaves."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from loomline.contracts.catalogue import load_contracts
from loomline.derived import CONFORMED_FILE, DERIVED_FILE
from loomline.lake import (
    append_rows,
    changed_rows,
    create_tables,
    in_condition,
    remove_rows,
    rows_frame,
    sql_literal,
    table_version,
    tables_of,
)
from loomline.runner import run_job
from loomline.settings import Settings
from tests.integration.content import content_hash
from tests.integration.planted import planted_rows

DERIVED = ("silver.trade_relation", "silver.ledger_balance")
ORDER, LINE = "silver.sales_order", "silver.sales_order_line"
DOCUMENT, ENTRY = "silver.ledger_document", "silver.ledger_entry"
OF_TRIAL = "code_system = 'trial'"
RUN_DATE = date(2024, 6, 30)
DIGITS = "123456"


@dataclass(frozen=True)
class Planter:
    """Puts files into canonical tables of the shared home, as if they had been conformed."""

    settings: Settings
    spark: SparkSession

    def plant(self, table: str, digit: str, *values: dict[str, object]) -> None:
        """Rows of a file whose hash is all of one digit."""
        rows = [{"code_system": "trial", "enterprise_code": "A"} | one for one in values]
        catalog, sha256 = self.settings.catalog, digit * 64
        append_rows(planted_rows(self.spark, catalog, table, rows, sha256), table)
        self.note(table, digit, "1")

    def note(self, table: str, digit: str, contract_version: str) -> None:
        """Note that a file was conformed by a version of its contract, and by no other."""
        remove_rows(self.spark, CONFORMED_FILE, in_condition("file_sha256", [digit * 64]))
        contracts = load_contracts(self.settings.catalog).values()
        source = min(contract.source for contract in contracts if contract.target == table)
        file = (source, digit * 64, contract_version, table)
        noted = rows_frame(self.spark, self.settings.catalog, CONFORMED_FILE, [file])
        append_rows(noted, CONFORMED_FILE)

    def run(self, job: str) -> None:
        """Run a job on what is there."""
        run_job(job, RUN_DATE, settings=self.settings)


@pytest.fixture
def planter(settings: Settings, spark: SparkSession) -> Iterator[Planter]:
    """Tables to plant in; in the end all is taken out again."""
    inputs = (ORDER, LINE, DOCUMENT, ENTRY)
    there = tables_of(spark, "silver")
    create_tables(spark, settings.catalog, (*inputs, *DERIVED, CONFORMED_FILE, DERIVED_FILE))
    yield Planter(settings, spark)
    for table in (*inputs, *DERIVED):
        if table in there:
            remove_rows(spark, table, OF_TRIAL)
        else:
            spark.sql(f"drop table {table}")
    remove_rows(spark, CONFORMED_FILE, in_condition("file_sha256", [d * 64 for d in DIGITS]))
    remove_rows(spark, DERIVED_FILE, in_condition("table_name", DERIVED))


def test_the_first_heads_of_a_system_take_its_lines_out_of_every_month(
    spark: SparkSession, planter: Planter
) -> None:
    customer: dict[str, object] = {"customer_code": "x", "order_number": "O1"}
    line = {"line_code": "1", "product_code": "P", "quantity": Decimal(1)}
    january, february = datetime(2024, 1, 10), datetime(2024, 2, 10)

    def months() -> list[date]:
        rows = spark.table("silver.trade_relation").where(OF_TRIAL)
        return sorted(row["month_start_date"] for row in rows.collect())

    planter.plant(LINE, "1", customer | line | {"known_at": january})
    planter.run("trade_relation")
    assert months() == [date(2024, 1, 1)]
    head = {"order_date": february.date(), "known_at": february}
    planter.plant(ORDER, "2", customer | head)
    planter.run("trade_relation")
    assert months() == [date(2024, 2, 1)]
    grown = content_hash(spark, "silver.trade_relation")
    remove_rows(spark, DERIVED_FILE, in_condition("table_name", DERIVED))
    planter.run("trade_relation")
    assert content_hash(spark, "silver.trade_relation") == grown


def test_postings_that_a_changed_contract_takes_away_leave_no_balance(
    spark: SparkSession, planter: Planter
) -> None:
    def balance_by_month() -> dict[date, Decimal]:
        rows = spark.table("silver.ledger_balance").where(OF_TRIAL).collect()
        return {row["month_start_date"]: row["balance_cny"] for row in rows}

    months = (date(2024, 1, 1), date(2024, 2, 1))
    for day in months:
        of_month = {"document_number": str(day), "fiscal_year": "2024", "known_at": day}
        posting = {"line_code": "1", "account_code": "1001", "amount_cny": Decimal(day.month)}
        planter.plant(DOCUMENT, str(day.month), of_month | {"posting_date": day})
        planter.plant(ENTRY, str(day.month + 2), of_month | posting)
    planter.run("ledger_balance")
    assert balance_by_month() == {months[0]: Decimal(1), months[1]: Decimal(3)}
    # What is left counts alone, not on a balance of before.
    for gone, digit, left in (
        (months[0], "3", {months[1]: Decimal(2)}),
        (months[1], "4", {}),
    ):
        remove_rows(spark, ENTRY, f"{OF_TRIAL} and document_number = '{gone}'")
        planter.note(ENTRY, digit, "2")
        planter.run("ledger_balance")
        assert balance_by_month() == left


def _changes(spark: SparkSession, table: str, after: int | None) -> Counter[tuple[object, ...]]:
    """How often each content came to a table or went from it since one of its versions."""
    until = table_version(spark, table)
    assert until is not None
    if until == after:
        return Counter()
    changed = changed_rows(spark, table, after, until).where(OF_TRIAL).drop("sign")
    return Counter(tuple(row) for row in changed.collect())


def test_runs_by_file_leave_what_one_run_leaves_and_write_only_what_differs(
    spark: SparkSession, planter: Planter
) -> None:
    generator = random.Random(11)
    first = datetime(2024, 1, 1, tzinfo=UTC)
    of_entry = {"fiscal_year": "2024", "line_code": "1"}
    for number in range(2):
        known = first + timedelta(days=40 + 20 * number)
        file = {"known_at": known.replace(tzinfo=None)}

        def day(known: datetime = known) -> datetime:
            return first + timedelta(days=generator.randrange((known - first).days))

        orders: list[dict[str, object]] = [
            {"order_number": f"{number}-{n}", "customer_code": generator.choice("uvwxyz")}
            | {"event_at": day(), "order_date": first.date()}
            for n in range(8)
        ]
        documents: list[dict[str, object]] = [
            {
                "document_number": f"{number}-{n}",
                "fiscal_year": "2024",
                "posting_date": day().date(),
            }
            for n in range(8)
        ]
        entries: list[dict[str, object]] = [
            {"document_number": f"{number}-{n}", "account_code": generator.choice("12345")}
            | {"amount_cny": Decimal(generator.randrange(-9, 9))}
            for n in range(8)
        ]
        before = {table: table_version(spark, table) for table in DERIVED}
        planter.plant(ORDER, DIGITS[number], *(file | one for one in orders))
        planter.plant(DOCUMENT, DIGITS[2 + number], *(file | one for one in documents))
        planter.plant(ENTRY, DIGITS[4 + number], *(file | of_entry | one for one in entries))
        if number:
            ended = f"'{number - 1}-{generator.randrange(8)}'"
            for table, column in ((ORDER, "order_number"), (ENTRY, "document_number")):
                spark.sql(
                    f"update {table} set superseded_at = {sql_literal(known)} "
                    f"where {OF_TRIAL} and {column} = {ended}"
                )
        for table in DERIVED:
            planter.run(table.partition(".")[2])
            changes = _changes(spark, table, before[table])
            assert changes
            assert set(changes.values()) == {1}
    by_file = [content_hash(spark, table) for table in DERIVED]
    remove_rows(spark, DERIVED_FILE, in_condition("table_name", DERIVED))
    for table in DERIVED:
        planter.run(table.partition(".")[2])
    assert [content_hash(spark, table) for table in DERIVED] == by_file
