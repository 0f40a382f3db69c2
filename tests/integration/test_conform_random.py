"""Random rows of a file become the same rows by Spark and by plain Python."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from loomline.classifying import CONFORMED, DUPLICATE, QUARANTINED, classify_rows
from loomline.contracts.catalogue import find_contract
from loomline.parsing import parse_rows
from loomline.settings import Settings
from loomline.staging import copy_unchanged, stage_file
from loomline.tables import table_declaration
from tests.integration.oracle import expected_of
from tests.integration.trial import COLUMNS, SOURCE, TARGET, write_trial_catalog

NAME = "trial_random.csv"
ROW_COUNT = 600


BLANKS = ("", " ", "\t", "\u3000", "\u00a0", "\n", "\ufeff", "\u2028")

any_text = st.text(st.characters(codec="utf-8"), max_size=12)
number_like = st.text("0123456789.,-+eE１２３ \u2028\u0085'", max_size=9)
date_like = st.dates().map(str) | st.text("0123456789-/年 ", max_size=10)
# What may stand in a cell instead of the usual, by its column.
ODD = (any_text, any_text, any_text, date_like, number_like, number_like, number_like, any_text)


def cents(value: int) -> str:
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    """A row that holds, or nearly: up to two cells are odd, and blanks stand around one."""
    net = draw(st.integers(-999, 999))
    tax = round(net * 0.13)
    firm, buyer = draw(st.tuples(st.sampled_from("123"), st.sampled_from("123")))
    number = str(draw(st.integers(1, 8)))
    day = draw(st.sampled_from(["2019-06-03", "2019/6/3", "2019/06/04"]))
    state = draw(st.sampled_from(["有效", "作废"]))
    total = net + tax + draw(st.sampled_from([0, 0, 0, 1, 2]))
    row = [firm, buyer, number, day, cents(net), cents(tax), cents(total), state]
    for column in draw(st.lists(st.integers(0, len(row) - 1), max_size=2)):
        row[column] = draw(ODD[column])
    column = draw(st.integers(0, len(row) - 1))
    row[column] = draw(st.sampled_from(BLANKS)) + row[column] + draw(st.sampled_from(BLANKS))
    return row


@pytest.fixture(scope="module")
def trial_catalog(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trial_catalog(tmp_path_factory.mktemp("random") / "catalog", settings.catalog)


def drawn_rows() -> list[list[str]]:
    """Many rows, drawn one by one: one call of the engine judges them all."""
    drawn: list[list[str]] = []

    @hypothesis_settings(
        max_examples=ROW_COUNT,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
    )
    @given(rows())
    def draw(row: list[str]) -> None:
        drawn.append(row)

    draw()
    return drawn


def test_random_rows_become_the_same_by_spark_and_by_plain_python(
    spark: SparkSession, trial_catalog: Path, tmp_path: Path
) -> None:
    table = drawn_rows()
    assert len(table) >= ROW_COUNT
    text = io.StringIO(newline="")
    csv.writer(text).writerows([list(COLUMNS), *table])
    source = tmp_path / NAME
    source.write_bytes(text.getvalue().encode())
    contract = find_contract(trial_catalog, SOURCE)
    staged = stage_file(
        copy_unchanged(source, tmp_path / "copy"), NAME, contract, tmp_path / "rows"
    )
    target = table_declaration(trial_catalog, TARGET)
    bronze = spark.read.parquet(str(staged.path))
    # Python can't hold every date that Spark can, and rows set aside may have any.
    day = F.when(F.col("disposition") == CONFORMED, F.col("issue_date"))
    classified = (
        classify_rows(parse_rows(bronze, contract, target), contract, target)
        .withColumn("issue_date", day)
        .drop("event_at", "known_at")
        .collect()
    )

    expected = expected_of({NAME: text.getvalue()})
    places: dict[str, set[tuple[str, int]]] = {
        CONFORMED: set(),
        DUPLICATE: set(),
        QUARANTINED: set(),
    }
    for row in classified:
        place = (NAME, row["line_number"])
        places[row["disposition"]].add(place)
        assert bool(row["reasons"]) == (row["disposition"] != CONFORMED)
        assert row["total_cny"] == expected.totals.get(place)
        if row["disposition"] == CONFORMED:
            assert expected.conformed[place] == (
                *(row["enterprise_id"], row["counterparty_id"], row["invoice_number"]),
                *(row["issue_date"], row["net_cny"], row["tax_cny"], row["total_cny"]),
                row["status"],
            )
    assert places[CONFORMED] == set(expected.conformed)
    assert places[DUPLICATE] == expected.duplicate
    assert places[QUARANTINED] == expected.quarantined
    # The rows are of every kind, else their agreement would say little.
    assert min(len(of_kind) for of_kind in places.values()) >= 20
