"""The feature declarations: what is refused, and what a version depends on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from loomline.errors import CatalogueError
from spark_jobs.feature_declarations import FeatureList, load_features
from spark_jobs.feature_query import feature_query, feature_version

GROUP = """group: trial
description: A trial.
measures:
  - {name: sale_sum, level: invoices, expression: sum(net_cny)}
features:
  - name: sales
    expression: sale_sum
    unit: CNY
    description_en: Sales
    description_zh: 销售额
    missing_means: No sale.
    is_history_dependent: true
"""


def written(folder: Path, text: str, name: str = "trial.yml") -> Path:
    (folder / "features").mkdir(exist_ok=True)
    (folder / "features" / name).write_text(text, encoding="utf-8")
    return folder


def test_the_catalogue_declares_features_of_both_kinds(catalog: Path) -> None:
    features = load_features(catalog).features
    assert 30 <= len(features) <= 60
    assert {feature.is_history_dependent for feature in features} == {True, False}


def test_the_bank_rating_and_the_outcome_are_in_no_expression(catalog: Path) -> None:
    declared = load_features(catalog)
    text = feature_query(declared, date(2020, 2, 29), datetime(2020, 2, 29, 16, tzinfo=UTC))
    for word in ("rating", "is_default", "credit_record", "enterprise_name"):
        assert word not in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("level: invoices", "level: invoice", r"trial\.yml:4: measures\.0\.level"),
        ("unit: CNY", "units: CNY", r"trial\.yml:\d+: features\.0\.unit"),
        ("name: sales\n", "name: Sales\n", r"trial\.yml:6: features\.0\.name"),
        ("name: sales\n", "name: sale_sum\n", r"trial\.yml:6: features\.0\.name.*given twice"),
        ("history_dependent: true", "history_dependent: 7", r"trial\.yml:12: "),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(CatalogueError, match=message):
        load_features(written(tmp_path, GROUP.replace(old, new)))


def test_no_feature_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="No feature is declared"):
        load_features(tmp_path)


def test_features_are_ordered_by_file_name_and_line(tmp_path: Path) -> None:
    other = GROUP.replace("sale_sum", "other_sum").replace("name: sales", "name: other")
    written(written(tmp_path, GROUP, "b.yml"), other, "a.yml")
    assert [feature.name for feature in load_features(tmp_path).features] == ["other", "sales"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sum(net_cny)", "sum(total_cny)"),
        ("expression: sale_sum", "expression: sale_sum * 2"),
        ("is_history_dependent: true", "is_history_dependent: false"),
        ("description_en: Sales", "description_en: Turnover"),
    ],
)
def test_the_version_changes_with_every_declaration(tmp_path: Path, old: str, new: str) -> None:
    before = feature_version(load_features(written(tmp_path, GROUP)))
    after = feature_version(load_features(written(tmp_path, GROUP.replace(old, new))))
    assert before != after


def test_the_version_is_the_same_for_the_same_declarations(catalog: Path) -> None:
    features = load_features(catalog)
    again = FeatureList.model_validate(features.model_dump())
    assert feature_version(again) == feature_version(features)
