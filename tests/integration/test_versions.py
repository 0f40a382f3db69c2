"""Corrections supersede: as of any moment, the lake says what was known then and no more.

Random histories of documents are classified in two landings, and asked as of every moment; the
slow way is to walk the rows in the order in which they came.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from loomline.classifying import CLOSED, CONFORMED, DUPLICATE, classify_rows
from loomline.contracts.model import Contract
from loomline.lake import known_condition
from loomline.tables import Table

KEYS, DAYS = 60, 8
START = datetime(2024, 3, 1, tzinfo=UTC)
LANDED = (datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC))

TABLE = Table.model_validate(
    {
        "description": "Documents of the trial.",
        "grain": "One row per document and version.",
        "key": ["document"],
        "columns": {
            name: {"type": kind, "description": "A column of the trial."}
            for name, kind in (
                *(("document", "string"), ("amount", "bigint")),
                *(("event_at", "timestamp"), ("known_at", "timestamp")),
                *(("superseded_at", "timestamp"), ("source", "string")),
                *(("source_file", "string"), ("file_sha256", "string")),
                *(("line_number", "bigint"), ("item_number", "bigint")),
            )
        },
    }
)
CONTRACT = Contract.model_validate(
    {
        "source": "trial",
        "description": "Documents that are corrected.",
        "owner": "tests",
        "files": ["*"],
        "format": {"type": "csv"},
        "target": "silver.trial",
        "time_zone": "UTC",
        "columns": {name: {"from": name} for name in ("document", "amount")},
        "corrections": "supersede",
        "event_at": {"constant": START},
        "known_at": {"file_name": "([0-9]+)", "formats": ["d"]},
    }
)


class Line(NamedTuple):
    """A line of a day's file: of which landing, day and place, and what it says."""

    landing: int
    day: int
    number: int
    document: str
    amount: int

    @property
    def file(self) -> str:
        return f"{self.landing}-{self.day}"


def random_lines(generator: random.Random) -> list[Line]:
    """Files of a few days, the later half of the days landed later; few amounts, so they recur."""
    lines = []
    for day in range(DAYS):
        landing = int(day >= DAYS // 2)
        documents = [str(key) for key in range(KEYS) for _ in range(generator.randrange(4))]
        generator.shuffle(documents)
        lines += [
            Line(landing, day, number, document, generator.randrange(3))
            for number, document in enumerate(documents, start=1)
            if generator.random() < 0.4
        ]
    return lines


def parsed(spark: SparkSession, lines: Iterable[Line]) -> DataFrame:
    """Lines as they are after parsing."""
    rows = [
        (
            *(line.document, line.amount, START, START + timedelta(days=line.day), None, "trial"),
            *(line.file, line.file, line.number, 1),
            *(LANDED[line.landing] + timedelta(seconds=line.day), f"{line}", []),
        )
        for line in lines
    ]
    names = [*(f"{name} {column.type}" for name, column in TABLE.columns.items())]
    schema = ", ".join([*names, "landed_at timestamp, raw_text string, reasons array<string>"])
    return spark.createDataFrame(rows, schema)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return random_lines(random.Random(20240301))


@pytest.fixture(scope="module")
def landings(spark: SparkSession, lines: list[Line]) -> tuple[DataFrame, DataFrame]:
    """Silver after both landings, and every row with its disposition."""
    columns = list(TABLE.columns)
    first = classify_rows(parsed(spark, [x for x in lines if not x.landing]), CONTRACT, TABLE)
    first = first.localCheckpoint()
    silver = first.where(F.col("disposition") == CONFORMED).select(*columns)
    second = classify_rows(
        parsed(spark, [x for x in lines if x.landing]), CONTRACT, TABLE, silver
    ).localCheckpoint()
    closed = second.where(F.col("disposition") == CLOSED).select(*columns)
    place = ["file_sha256", "line_number"]
    silver = silver.join(closed, place, "anti").select(*columns).unionByName(closed)
    silver = silver.unionByName(second.where(F.col("disposition") == CONFORMED).select(*columns))
    judged = first.unionByName(second.where(F.col("disposition") != CLOSED))
    return silver.localCheckpoint(), judged


def test_as_of_every_moment_stands_what_the_last_line_known_by_then_says(
    landings: tuple[DataFrame, DataFrame], lines: list[Line]
) -> None:
    silver, _ = landings
    for day in range(DAYS):
        end = START + timedelta(days=day)
        known: dict[str, int] = {}
        for line in sorted(line for line in lines if line.day <= day):
            known[line.document] = line.amount
        stands = silver.where(known_condition(end.replace(tzinfo=None))).collect()
        assert len(stands) == len(known)
        assert {row["document"]: row["amount"] for row in stands} == known


def test_every_line_is_a_version_or_a_duplicate_and_none_is_both(
    landings: tuple[DataFrame, DataFrame], lines: list[Line]
) -> None:
    rows = landings[1].collect()
    assert len(rows) == len(lines)
    assert {row["disposition"] for row in rows} == {CONFORMED, DUPLICATE}
    assert {(row["source_file"], row["line_number"]) for row in rows} == {
        (line.file, line.number) for line in lines
    }


def test_a_duplicate_names_a_line_of_the_same_content(
    landings: tuple[DataFrame, DataFrame], lines: list[Line]
) -> None:
    amounts = {f"{line.file} line {line.number}": (line.document, line.amount) for line in lines}
    duplicates = landings[1].where(F.col("disposition") == DUPLICATE).collect()
    assert len(duplicates) > KEYS
    for row in duplicates:
        place = row["reasons"][0].removeprefix("duplicate: the same content stands in ")
        assert amounts[place] == (row["document"], row["amount"])


def test_a_file_sent_again_with_one_corrected_line_counts_from_its_landing(
    spark: SparkSession,
) -> None:
    sent = [Line(0, 0, 1, "a", 1), Line(0, 0, 2, "b", 2)]
    again = [Line(1, 0, 1, "a", 1), Line(1, 0, 2, "b", 3)]
    silver = classify_rows(parsed(spark, sent), CONTRACT, TABLE).select(*TABLE.columns)
    rows = classify_rows(parsed(spark, again), CONTRACT, TABLE, silver).collect()
    found = {(row["document"], row["disposition"]): row for row in rows}
    assert set(found) == {("a", DUPLICATE), ("b", CONFORMED), ("b", CLOSED)}
    landed = LANDED[1].replace(tzinfo=None)
    assert found["b", CONFORMED]["known_at"] == landed
    assert found["b", CLOSED]["superseded_at"] == landed
    assert found["b", CLOSED]["known_at"] == START.replace(tzinfo=None)
