"""Random rows of a file become the same rows by Spark and by plain Python."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from loomline.conforming import CONFORMED, DUPLICATE, QUARANTINED, classify_rows, parse_rows
from loomline.contracts.catalogue import find_contract
from loomline.settings import Settings
from loomline.staging import copy_unchanged, stage_file
from loomline.tables import table_declaration
from tests.integration.oracle import expected_of
from tests.integration.trial import COLUMNS, SOURCE, TARGET, write_trial_catalog

NAME = "trial_random.csv"


def mostly(usual: st.SearchStrategy[str], odd: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The usual text nine times in ten, else an odd one; blanks around it now and then."""
    text = st.integers(0, 9).flatmap(lambda chance: odd if chance == 0 else usual)
    blanks = st.sampled_from(["", "", "", "", " ", "\t", "\u3000", "\u00a0", "\n", "\ufeff"])
    return st.builds(lambda before, core, after: before + core + after, blanks, text, blanks)


def cents(value: int) -> str:
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"


any_text = st.text(st.characters(codec="utf-8"), max_size=12)
number_like = st.text("0123456789.,-+eE１２٣ \u2028\u0085'", max_size=9)
date_like = st.text("0123456789-/年 ", max_size=10)
identifier = mostly(st.sampled_from(["T1", "T2", "T3"]), any_text)


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    net = draw(st.integers(-10_000, 10_000))
    tax = draw(st.integers(-3, 3).map(lambda error: round(net * 0.13) + error // 2))
    total = net + tax + draw(st.sampled_from([0, 0, 0, 0, 1, 2]))
    issued = draw(st.dates().map(str) | st.sampled_from(["2019-06-03", "2019/6/3"]))
    return [
        draw(identifier),
        draw(identifier),
        draw(mostly(st.sampled_from(["1", "2"]), any_text)),
        draw(mostly(st.just(issued), date_like)),
        draw(mostly(st.just(cents(net)), number_like)),
        draw(mostly(st.just(cents(tax)), number_like)),
        draw(mostly(st.just(cents(total)), number_like)),
        draw(mostly(st.sampled_from(["有效", "作废"]), any_text)),
    ]


@pytest.fixture(scope="module")
def trial_catalog(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trial_catalog(tmp_path_factory.mktemp("random") / "catalog", settings.catalog)


@hypothesis_settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    # Each example is one call of the engine with many rows; shrinking would make hundreds.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(table=st.lists(rows(), min_size=150, max_size=150))
def test_random_rows_become_the_same_by_spark_and_by_plain_python(
    spark: SparkSession,
    trial_catalog: Path,
    tmp_path_factory: pytest.TempPathFactory,
    table: list[list[str]],
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([list(COLUMNS), *table])
    folder = tmp_path_factory.mktemp("table")
    source = folder / NAME
    source.write_bytes(text.getvalue().encode())
    contract = find_contract(trial_catalog, SOURCE)
    staged = stage_file(copy_unchanged(source, folder / "copy"), NAME, contract, folder / "rows")
    target = table_declaration(trial_catalog, TARGET)
    bronze = spark.read.parquet(str(staged.path))
    classified = classify_rows(parse_rows(bronze, contract, target), contract, target).collect()

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
