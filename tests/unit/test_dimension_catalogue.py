"""The declared dimensions: what is refused, and that each is a combination that says something."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from loomline.dimensions.catalogue import DimensionCatalogue, load_dimensions
from loomline.errors import CatalogueError

CHINESE = re.compile(r"[\u4e00-\u9fff]")
FILE = """domain: trial
owner: tester
description: A trial.
dimensions:
  - name: growth
    title_en: Growth
    title_zh: 成长
    says_en: Grows.
    says_zh: 增长。
    inputs:
      - {input: sale_amount_sum_90d_vs_last_year, better: high, weight: 2}
      - {input: sale_amount_trend_180d, better: high, weight: 1}
"""


@pytest.fixture(scope="module")
def declared(catalog: Path) -> DimensionCatalogue:
    return load_dimensions(catalog)


@pytest.fixture
def trial(tmp_path: Path, catalog: Path) -> Path:
    for name in ("tables", "families"):
        (tmp_path / name).symlink_to(catalog / name)
    (tmp_path / "dimensions").mkdir()
    return tmp_path


def written(trial: Path, text: str) -> Path:
    (trial / "dimensions" / "trial.yml").write_text(text, encoding="utf-8")
    return trial


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("title_en", "tittle_en", 6, "dimensions.0.tittle_en"),
        ("sale_amount_trend", "sail_amount_trend", 12, "dimensions.0.inputs.1.input"),
        ("weight: 1}", "weight: 0}", 12, "dimensions.0.inputs.1.weight"),
        ("better: high, weight: 2", "better: best, weight: 2", 11, "dimensions.0.inputs.0.better"),
        ("sale_amount_trend_180d", "sale_amount_sum_90d_vs_last_year", 5, "dimensions.0"),
    ],
)
def test_an_error_names_file_line_and_key(
    trial: Path, old: str, new: str, line: int, key: str
) -> None:
    assert FILE.count(old) == 1
    with pytest.raises(CatalogueError) as refused:
        load_dimensions(written(trial, FILE.replace(old, new)))
    path = trial / "dimensions" / "trial.yml"
    assert str(refused.value).startswith(f"{path}:{line}: {key}")


def test_a_name_that_is_given_twice_is_refused(trial: Path) -> None:
    entry = FILE[FILE.index("  - name") :]
    with pytest.raises(CatalogueError, match=r"trial\.yml:13: dimensions\.1\.name: 'growth'"):
        load_dimensions(written(trial, FILE + entry))


def test_the_version_changes_with_a_weight(trial: Path) -> None:
    first = load_dimensions(written(trial, FILE)).version
    assert load_dimensions(written(trial, FILE.replace("weight: 2", "weight: 3"))).version != first


def test_there_are_40_dimensions_with_words_in_both_languages(
    declared: DimensionCatalogue,
) -> None:
    every = [one.dimension for one in declared.dimensions]
    assert len(every) >= 40
    for one in every:
        for en, zh in ((one.title_en, one.title_zh), (one.says_en, one.says_zh)):
            assert CHINESE.search(zh) and not CHINESE.search(en), one.name
    assert len({one.title_zh for one in every}) == len(every)


def test_no_two_dimensions_are_made_of_mostly_the_same(declared: DimensionCatalogue) -> None:
    weights = {
        one.name: Counter({each.input: each.weight for each in one.dimension.inputs})
        for one in declared.dimensions
    }
    for name, own in weights.items():
        for other, others in weights.items():
            if name < other:
                shared = sum(min(own[x] / own.total(), others[x] / others.total()) for x in own)
                assert shared <= 0.5, (name, other)


def test_an_input_that_is_good_for_one_dimension_is_bad_for_none(
    declared: DimensionCatalogue,
) -> None:
    better: dict[str, set[str]] = {}
    for one in declared.dimensions:
        for each in one.dimension.inputs:
            better.setdefault(each.input, set()).add(each.better)
    # What a thrifty use of electricity is to one dimension is sales without works to another.
    assert {name for name, both in better.items() if len(both) > 1} <= {"sales_a_head_365d"}
