"""Derived tables say, as of every moment, what a walk through the rows of their inputs says.

Rows of random histories become known late, are corrected, and some are taken back at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.credit_outcomes import DEFAULT_DAYS_PAST_DUE, outcomes
from spark_jobs.ledger_balances import balances
from spark_jobs.trade_relations import KEY, relations

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
