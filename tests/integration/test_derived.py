"""Derived tables say, as of every moment, what a walk through the rows of their inputs says.

Rows of random histories become known late, are corrected, and some are taken back at once. And the
jobs leave after several runs what one run over everything leaves.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import DataFrame, SparkSession

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
from spark_jobs.credit_outcomes import DEFAULT_DAYS_PAST_DUE, outcomes
from spark_jobs.ledger_balances import balances
from spark_jobs.trade_relations import KEY, relations
from tests.integration.content import content_hash
from tests.integration.planted import planted_rows

ZONE = "Asia/Shanghai"
START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 120
PROVENANCE = (
    "source string, source_file string, file_sha256 string, line_number bigint, item_number bigint"
)
SPAN = f"known_at timestamp, superseded_at timestamp, {PROVENANCE}"


@dataclass(frozen=True)
class Fact:
    """Something that happened, when it was known, and when a correction ended it."""

    number: int
    happened: datetime
    known: datetime
    ended: datetime | None

    @property
    def span(self) -> tuple[object, ...]:
        """The last columns of its row."""
        return (self.known, self.ended, "trial", f"file-{self.known:%j}", "hash", self.number, 1)

    @property
    def day(self) -> date:
        """The business day on which it happened."""
        return self.happened.astimezone(ZoneInfo(ZONE)).date()

    def stands(self, moment: datetime) -> bool:
        """Whether it counts as of a moment."""
        return self.known <= moment and (self.ended is None or self.ended > moment)


def random_facts(generator: random.Random, count: int) -> Iterator[Fact]:
    """Facts of four months; one in five is corrected, one in twenty at once."""
    for number in range(count):
        happened = START + timedelta(hours=generator.randrange(24 * DAYS))
        late = generator.choice([1, 1, 1, 3, 45])
        known = happened.replace(hour=16) + timedelta(days=late)
        ended = None
        if generator.random() < 0.2:
            ended = known + timedelta(days=generator.choice([0, 1, 10, 40]))
        yield Fact(number, happened, known, ended)


def moments_of(facts: Iterable[Fact]) -> list[datetime]:
    """Every moment at which anything changes, and one before all."""
    changes = {m for fact in facts for m in (fact.known, fact.ended) if m is not None}
    return [START, *sorted(changes)]


def standing(found: DataFrame, columns: tuple[str, ...]) -> list[tuple[Fact, tuple[object, ...]]]:
    """Versions with their spans, and what they say."""
    seconds = "unix_micros(known_at) as k", "unix_micros(superseded_at) as e"
    rows = found.selectExpr(*columns, *seconds).collect()

    def moment(micros: int | None) -> datetime | None:
        return None if micros is None else datetime.fromtimestamp(micros / 1e6, UTC)

    return [
        (Fact(0, START, moment(row["k"]) or START, moment(row["e"])), tuple(row)[: len(columns)])
        for row in rows
    ]


def test_a_trade_relation_counts_what_stood_as_of_every_moment(spark: SparkSession) -> None:
    generator = random.Random(5)
    trades = [
        (fact, generator.choice("AB"), generator.choice("xyz"), Decimal(generator.randrange(1, 99)))
        for fact in random_facts(generator, 200)
    ]
    rows = [
        (
            *("erp", firm, "customer", partner, "order", "CNY", fact.day.replace(day=1)),
            *(False, partner == "z", fact.day, amount, partner != "y", fact.happened, *fact.span),
        )
        for fact, firm, partner, amount in trades
    ]
    schema = (
        "code_system string, enterprise_code string, partner_role string, partner_code string, "
        "evidence string, currency string, month_start_date date, is_enterprise_named boolean, "
        "is_partner_named boolean, event_date date, amount decimal(22,4), is_trade boolean, "
        f"event_at timestamp, {SPAN}"
    )
    columns = (*KEY, "is_partner_named", "first_date", "last_date", "record_count", "amount")
    versions = standing(relations(spark.createDataFrame(rows, schema)), columns)
    for moment in moments_of(fact for fact, *_ in trades):
        expected: dict[tuple[object, ...], list[tuple[date, Decimal]]] = {}
        for fact, firm, partner, amount in trades:
            if fact.stands(moment) and partner != "y":
                key = ("erp", firm, "customer", partner, "order", "CNY", fact.day.replace(day=1))
                expected.setdefault(key, []).append((fact.day, amount))
        found = [says for span, says in versions if span.stands(moment)]
        assert sorted(found, key=str) == sorted(
            (
                (
                    *(*key, key[3] == "z", min(day for day, _ in of), max(day for day, _ in of)),
                    *(len(of), sum(amount for _, amount in of)),
                )
                for key, of in expected.items()
            ),
            key=str,
        )


def _month_end(month: date) -> datetime:
    following = (month + timedelta(days=31)).replace(day=1)
    return datetime(following.year, following.month, 1, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


POSTING = (
    "code_system string, enterprise_code string, account_code string, month_start_date date, "
    f"debit_cny decimal(18,2), credit_cny decimal(18,2), {SPAN}"
)
BALANCE = ("account_code", "month_start_date", "debit_cny", "credit_cny", "balance_cny")


def test_a_balance_is_the_sum_of_what_stood_as_of_every_moment(spark: SparkSession) -> None:
    generator = random.Random(6)
    postings = [
        (fact, generator.choice(["1001", "1002"]), Decimal(generator.randrange(-99, 99)))
        for fact in random_facts(generator, 120)
    ]
    rows = [
        (
            *("erp", "A", account, fact.day.replace(day=1)),
            *(max(amount, Decimal(0)), max(-amount, Decimal(0)), *fact.span),
        )
        for fact, account, amount in postings
    ]
    frame = spark.createDataFrame(rows, POSTING)
    whole = balances(frame, date(2024, 1, 1), ZONE).localCheckpoint()
    versions = standing(whole, BALANCE)
    for moment in moments_of(fact for fact, *_ in postings):
        expected = []
        for account, month in {(account, fact.day.replace(day=1)) for fact, account, _ in postings}:
            known = [
                (fact.day.replace(day=1), amount, fact.stands(moment))
                for fact, name, amount in postings
                if name == account and fact.known <= moment and fact.known != fact.ended
            ]
            if _month_end(month) > moment or not any(of == month for of, *_ in known):
                continue
            own = [amount for of, amount, stands in known if of == month and stands]
            until = [amount for of, amount, stands in known if of <= month and stands]
            debit = sum(x for x in own if x > 0)
            expected.append((account, month, debit, debit - sum(own), sum(until)))
        assert sorted(says for span, says in versions if span.stands(moment)) == sorted(expected)
    # On the balances of the months before, the later months come out the same.
    later = date(2024, 3, 1)
    recent = frame.where("month_start_date >= date'2024-03-01'")
    before = whole.where("month_start_date < date'2024-03-01'").select(*frame.columns)
    columns = [*BALANCE, "event_at", "known_at", "superseded_at"]
    again = balances(recent.unionByName(before), later, ZONE).select(*columns)
    expected_rows = whole.where("month_start_date >= date'2024-03-01'").select(*columns)
    assert again.exceptAll(expected_rows).isEmpty()
    assert expected_rows.exceptAll(again).isEmpty()
    assert not expected_rows.isEmpty()


def test_a_default_is_known_from_its_report_and_taken_back_by_a_correction(
    spark: SparkSession,
) -> None:
    generator = random.Random(7)
    records = [
        (fact, generator.choice("ABCDEF"), generator.choice([None, 0, 0, 0, 89, 90, 120]))
        for fact in random_facts(generator, 60)
    ]
    rows = [
        ("bank", borrower, "L1", past_due, fact.happened, *fact.span)
        for fact, borrower, past_due in records
    ]
    schema = (
        "code_system string, enterprise_code string, loan_number string, days_past_due bigint, "
        f"event_at timestamp, {SPAN}"
    )
    found = outcomes(spark.createDataFrame(rows, schema), ZONE)
    versions = standing(found, ("enterprise_code", "is_default", "default_date"))
    changed = 0
    for moment in moments_of(fact for fact, *_ in records):
        expected = {
            (borrower, False)
            for fact, borrower, _ in records
            if fact.known <= moment and fact.known != fact.ended
        }
        for fact, borrower, past_due in records:
            if fact.stands(moment) and (past_due or 0) >= DEFAULT_DAYS_PAST_DUE:
                expected -= {(borrower, False)}
                expected |= {(borrower, True)}
        stands = [says for span, says in versions if span.stands(moment)]
        assert {says[:2] for says in stands} == expected
        assert len(stands) == len(expected)
        assert all((says[2] is not None) == says[1] for says in stands)
        changed += sum(is_default for _, is_default in expected)
    assert changed
    # A version differs from the one before it.
    assert len({says[0] for _, says in versions}) < len(versions)


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


def _versions(spark: SparkSession) -> dict[str, int | None]:
    return {table: table_version(spark, table) for table in DERIVED}


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
        before = _versions(spark)
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
