"""How the marts job calls dbt and tells what failed, and what every model must say."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from loomline.engine.checks import free_ports
from loomline.errors import EngineError
from loomline.settings import Settings
from spark_jobs.marts import (
    BUILD,
    DBT_PROJECT,
    dbt_command,
    failure_texts,
    mart_tables,
    run_dbt,
)

MODELS = sorted((DBT_PROJECT / "models").glob("*/**/*.sql"))
MARTS = [model for model in MODELS if "marts" in model.parts]


def declared(model: Path) -> dict[str, Any]:
    """What the YAML beside a model says of it."""
    content = yaml.safe_load(model.with_suffix(".yml").read_text(encoding="utf-8"))
    (entry,) = content["models"]
    assert entry["name"] == model.stem
    return dict(entry)


def column_tests(entry: dict[str, Any]) -> list[Any]:
    """The data tests of a model and of its columns."""
    tests = list(entry.get("data_tests", []))
    return tests + [test for column in entry["columns"] for test in column.get("data_tests", [])]


def test_dbt_is_told_the_instant_at_which_the_business_day_ends(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, time_zone="Asia/Shanghai")
    command = dbt_command(settings, date(2020, 2, 29), BUILD)
    variables = json.loads(command[command.index("--vars") + 1])
    assert variables == {
        "as_of_date": "2020-02-29",
        "as_of_end": "2020-02-29 16:00:00Z",
        "time_zone": "Asia/Shanghai",
    }


def test_dbt_writes_below_the_home_only(tmp_path: Path) -> None:
    command = dbt_command(Settings(home=tmp_path), date(2020, 2, 29), BUILD)
    for option in ("--target-path", "--log-path"):
        assert Path(command[command.index(option) + 1]).is_relative_to(tmp_path)


def test_failed_models_and_tests_are_named_with_what_dbt_said() -> None:
    results = [
        {"unique_id": "model.loomline.a", "status": "success", "message": "OK"},
        {"unique_id": "model.loomline.b", "status": "error", "message": "Error in b\n\n  why\n"},
        {"unique_id": "model.loomline.c", "status": "skipped", "message": None},
        {"unique_id": "test.loomline.sums_agree.1a2b", "status": "fail", "message": "Got 3"},
        {"unique_id": "unit_test.loomline.b.cuts_late_rows", "status": "fail", "message": None},
        {"unique_id": "test.loomline.ages.3c", "status": "warn", "message": "Got 1"},
    ]
    assert failure_texts(results) == [
        "model b: Error in b why",
        "test sums_agree: Got 3",
        "unit_test cuts_late_rows: ",
    ]


def test_mart_tables_are_those_of_the_schema_marts() -> None:
    names = ["`marts`.`b`", "`staging`.`stg_a`", None, "`marts`.`a`"]
    assert mart_tables([{"relation_name": name} for name in names]) == ["marts.a", "marts.b"]


def test_a_missing_engine_ends_dbt_within_seconds(tmp_path: Path) -> None:
    connect, thrift = free_ports(2)
    settings = Settings(home=tmp_path, connect_port=connect, thrift_port=thrift)
    begun = time.monotonic()
    with pytest.raises(EngineError, match="engine ended while dbt"):
        run_dbt(settings, date(2020, 2, 29), BUILD)
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
class TestEveryModel:
    def test_its_description_ends_with_the_grain(self, model: Path) -> None:
        assert re.search(r"One row per [^.]+\.$", declared(model)["description"])

    def test_all_its_columns_are_described(self, model: Path) -> None:
        columns = declared(model)["columns"]
        assert columns
        assert all(len(column["description"]) > 5 for column in columns)

    def test_money_and_ratios_say_their_unit(self, model: Path) -> None:
        for column in declared(model)["columns"]:
            if column["name"].endswith("_cny") and "data_type" in column:
                assert "CNY" in column["description"], column["name"]
            if column["name"].endswith("_ratio") and "data_type" in column:
                assert "0 to 1" in column["description"], column["name"]

    def test_it_has_a_data_test(self, model: Path) -> None:
        singular = (DBT_PROJECT / "tests" / "identities").glob("*.sql")
        named = any(f"ref('{model.stem}')" in path.read_text() for path in singular)
        assert named or column_tests(declared(model))


@pytest.mark.parametrize("model", MARTS, ids=lambda model: model.stem)
def test_a_mart_has_types_a_date_and_a_tested_grain(model: Path) -> None:
    entry = declared(model)
    assert entry["columns"][0]["name"] == "as_of_date"
    assert all(column["data_type"] for column in entry["columns"])
    keys = [
        test["unique_combination"]["arguments"]["columns"]
        for test in entry["data_tests"]
        if "unique_combination" in test
    ]
    assert len(keys) == 1 and keys[0][0] == "as_of_date"
    required = {column["name"] for column in entry["columns"] if column.get("constraints")}
    assert set(keys[0]) <= required


def test_every_identity_says_first_why_it_is_there() -> None:
    identities = list((DBT_PROJECT / "tests" / "identities").glob("*.sql"))
    assert identities
    assert all(path.read_text(encoding="utf-8").startswith("-- Why: ") for path in identities)
