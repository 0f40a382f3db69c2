"""Fields of JSON lines: nested values, items, exact numbers, and problems that are told."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from loomline.contracts.model import Contract
from loomline.fields import Fields


def contract(*names: str, **more: object) -> Contract:
    return Contract.model_validate(
        {
            "source": "trial",
            "description": "A trial.",
            "owner": "tests",
            "files": ["*"],
            "format": {"type": "json_lines"},
            "target": "silver.trial",
            "time_zone": "UTC",
            "columns": {f"c{n}": {"from": name} for n, name in enumerate(names)},
            "event_at": {"landed": True},
            "known_at": {"landed": True},
            **more,
        }
    )


def read(spark: SparkSession, trial: Contract, *lines: str) -> list[list[str | None]]:
    """The texts of each item of each line, its number and its problem behind them."""
    rows = [(line, None, number) for number, line in enumerate(lines)]
    schema = "raw_text string, problem string, line_number bigint"
    fields = Fields(spark.createDataFrame(rows, schema), trial)
    names = [mapping.origins for mapping in trial.columns.values()]
    texts = [fields.text_of(origins).alias(f"t{n}") for n, origins in enumerate(names)]
    found = fields.own_rows().select(*texts, "item_number", "problem", "line_number")
    return [list(row)[:-1] for row in found.orderBy("line_number", "item_number").collect()]


def test_nested_values_are_named_by_their_paths(spark: SparkSession) -> None:
    line = '{"a": {"b c": {"d": "x"}}, "stops": [{"at": 1}, {"at": 2}], "list": [7, true]}'
    trial = contract("a.b c.d", "stops.1.at", "stops.2.at", "list.1", "a", "missing")
    assert read(spark, trial, line) == [
        ["x", "2", None, "true", '{"b c":{"d":"x"}}', None, 1, None]
    ]


@pytest.mark.parametrize(
    "number", ["123456789012345678.90", "12345678.95", "0.1234567890123456789", "-17", "10000000"]
)
def test_numbers_stay_exact(spark: SparkSession, number: str) -> None:
    [[text, _, problem]] = read(spark, contract("n"), f'{{"n": {number}}}')
    assert problem is None
    assert text is not None
    assert text.rstrip("0") == number.rstrip("0") or text == number


def test_each_entry_of_an_array_is_an_item(spark: SparkSession) -> None:
    trial = contract("id", "goods.sku", items="goods")
    lines = ['{"id": 1, "goods": [{"sku": "p"}, {"sku": "q"}]}', '{"id": 2, "goods": []}']
    assert read(spark, trial, *lines) == [
        ["1", "p", 1, None],
        ["1", "q", 2, None],
        ["2", None, 1, "row: has no items in goods"],
    ]


def test_each_entry_of_an_object_is_an_item(spark: SparkSession) -> None:
    trial = contract("id", "<key>", "<value>", items="m.v")
    assert read(spark, trial, '{"id": 1, "m": {"v": {"x": 1.50, "y": "two"}}}', '{"m": 3}') == [
        ["1", "x", "1.5", 1, None],
        ["1", "y", "two", 2, None],
        [None, None, None, 1, "row: has no items in m.v"],
    ]


@pytest.mark.parametrize("line", ['{"a": ', "[1, 2]", "17", "null", "", '{"a": NaN}', "[" * 2000])
def test_a_line_that_is_no_json_object_is_a_problem_of_the_row(
    spark: SparkSession, line: str
) -> None:
    assert read(spark, contract("a"), line) == [[None, 1, "row: is not a JSON object"]]


def test_the_first_name_that_has_a_value_counts(spark: SparkSession) -> None:
    trial = contract("x", columns={"c0": {"from": ["new", "old"]}})
    lines = ['{"old": "1"}', '{"new": "2"}', '{"new": null, "old": " 3 "}']
    assert [row[0] for row in read(spark, trial, *lines)] == ["1", "2", "3"]
