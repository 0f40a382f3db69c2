"""The names of trades."""

from __future__ import annotations

from pathlib import Path

import pytest

from loomline.errors import CatalogueError
from loomline.settings import PROJECT_ROOT
from reports.parts import Words
from reports.trades import load_trade_names, named


def test_every_division_of_manufacturing_has_a_name() -> None:
    names = load_trade_names(PROJECT_ROOT / "catalog")
    assert list(names) == [f"{code}" for code in range(13, 44)]
    assert names["17"] == Words("Textiles", "纺织业")


def test_a_division_without_a_name_is_its_code_and_no_division_is_said_to_be_unknown() -> None:
    assert named("99", {}) == Words("99", "99")
    assert named("17", {"17": Words("Textiles", "纺织业")}) == Words("17 Textiles", "纺织业")
    assert named("unknown", {}).chinese == "行业未知"


def test_a_division_that_is_given_twice_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    one = '  - {code: "17", name_en: "a", name_zh: "甲"}\n'
    (tmp_path / "trades.yml").write_text(f"source: s\ndivisions:\n{one}{one}", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"trades\.yml.*given twice"):
        load_trade_names(tmp_path)
