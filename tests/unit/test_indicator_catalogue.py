"""The declared indicators: what is refused, and whether levels, units and words make sense."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from loomline.errors import CatalogueError
from loomline.families.vocabulary import COMPARISONS
from loomline.indicators.catalogue import DeclaredIndicator, IndicatorCatalogue, load_indicators
from loomline.indicators.model import Levels
from loomline.known_inputs import KnownInput, known_inputs

CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Aggregations and ratios whose values are parts of a whole.
SHARES = ("active_share", "largest_day_share", "weekend_share", "month_end_share")
SHARES += ("silent_week_share", "fall_from_peak", "fall_from_highest", "standing_share")
# Units that mean the same for a small firm and a large one.
UNITS_OF_NO_SIZE = ("ratio", "days", "points", "returns", "lawsuits", "notices", "reports")
FILE = """domain: trial
owner: tester
description: A trial.
indicators:
  - name: silent
    input: sale_count_days_since_last_365d
    bad: high
    amber: 21
    red: 45
    by_trade:
      "13": {amber: 30, red: 60}
    persistence_days: 0
    half_life_days: 60
    response: call
    source: turnover
    says_en: It is silent.
    says_zh: 没有销售。
"""


@pytest.fixture(scope="module")
def declared(catalog: Path) -> IndicatorCatalogue:
    return load_indicators(catalog)


@pytest.fixture(scope="module")
def inputs(catalog: Path) -> dict[str, KnownInput]:
    return known_inputs(catalog)


@pytest.fixture
def trial(tmp_path: Path, catalog: Path) -> Path:
    for name in ("tables", "families", "watch_list.yml"):
        (tmp_path / name).symlink_to(catalog / name)
    (tmp_path / "indicators").mkdir()
    return tmp_path


def written(trial: Path, text: str) -> Path:
    (trial / "indicators" / "trial.yml").write_text(text, encoding="utf-8")
    return trial


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("amber: 21", "ambre: 21", 8, "indicators.0.ambre"),
        ("input: sale_count", "input: sail_count", 6, "indicators.0.input"),
        ("response: call", "response: shout", 14, "indicators.0.response"),
        ("source: turnover", "source: hearsay", 15, "indicators.0.source"),
        ("bad: high", "bad: low", 5, "indicators.0"),
        ("red: 60", "red: 30", 5, "indicators.0"),
        ('"13":', '"131":', 11, "indicators.0.by_trade.131"),
        ("bad: high", "bad: high\n    scale: rank", 5, "indicators.0"),
        ("persistence_days: 0", "persistence_days: -1", 12, "indicators.0.persistence_days"),
        ("half_life_days: 60", "half_life_days: 0", 13, "indicators.0.half_life_days"),
    ],
)
def test_an_error_names_file_line_and_key(
    trial: Path, old: str, new: str, line: int, key: str
) -> None:
    assert FILE.count(old) == 1
    with pytest.raises(CatalogueError) as refused:
        load_indicators(written(trial, FILE.replace(old, new)))
    path = trial / "indicators" / "trial.yml"
    assert str(refused.value).startswith(f"{path}:{line}: {key}")


def test_a_name_that_is_given_twice_is_refused(trial: Path) -> None:
    entry = FILE[FILE.index("  - name") :]
    with pytest.raises(CatalogueError, match=r"trial\.yml:18: indicators\.1\.name: 'silent'"):
        load_indicators(written(trial, FILE + entry))


def test_no_indicator_at_all_is_an_error(trial: Path) -> None:
    with pytest.raises(CatalogueError, match="No indicator is declared"):
        load_indicators(trial)


def test_the_version_changes_with_a_level_and_with_the_policy(trial: Path, catalog: Path) -> None:
    first = load_indicators(written(trial, FILE)).version
    assert load_indicators(written(trial, FILE.replace("red: 45", "red: 46"))).version != first
    policy = (catalog / "watch_list.yml").read_text(encoding="utf-8")
    (trial / "watch_list.yml").unlink()
    changed = policy.replace("strongest_per_domain: 2", "strongest_per_domain: 3")
    (trial / "watch_list.yml").write_text(changed, encoding="utf-8")
    assert load_indicators(written(trial, FILE)).version != first


def test_there_are_300_indicators_and_some_for_every_domain_of_features(
    declared: IndicatorCatalogue, inputs: dict[str, KnownInput]
) -> None:
    assert len(declared.indicators) >= 300
    watched = Counter(inputs[one.indicator.input].domain for one in declared.indicators)
    domains = {one.domain for one in inputs.values() if one.feature is not None}
    assert {domain for domain in domains if watched[domain] < 8} == set()


def test_every_text_is_there_in_both_languages(declared: IndicatorCatalogue) -> None:
    texts = [(one.indicator.says_en, one.indicator.says_zh) for one in declared.indicators]
    for response in declared.policy.responses.values():
        texts.append((response.action_en, response.action_zh))
        texts.append((response.escalation_en, response.escalation_zh))
    for en, zh in texts:
        assert CHINESE.search(zh) and not CHINESE.search(en), (en, zh)
        assert en.endswith(".") and zh.endswith("。"), (en, zh)
    for language in zip(*texts, strict=True):
        assert len(set(language)) == len(language)


def test_every_response_and_source_is_some_indicators(declared: IndicatorCatalogue) -> None:
    for key, named in (
        ("response", declared.policy.responses),
        ("source", declared.policy.sources),
    ):
        used = {getattr(one.indicator, key) for one in declared.indicators}
        assert used == set(named)


def test_a_rank_among_the_trade_is_not_ranked_again(declared: IndicatorCatalogue) -> None:
    # Trades that are small or unknown are ranked among all, which ready-made ranks are not.
    assert [one.name for one in declared.indicators if one.indicator.input.endswith("_peers")] == []


def test_no_two_indicators_say_the_same(
    declared: IndicatorCatalogue, inputs: dict[str, KnownInput]
) -> None:
    """Two windows of one measure say something of their own where one is thrice the other."""
    windows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for one in declared.indicators:
        feature = inputs[one.indicator.input].feature
        if feature is None:
            windows[one.indicator.input, one.indicator.bad].append(0)
            continue
        stem = feature.name.replace(f"_{feature.window_days}d", "", 1)
        windows[stem, one.indicator.bad].append(feature.window_days)
    for key, days in windows.items():
        near = [(a, b) for a, b in pairwise(sorted(days)) if b < 3 * a or not b]
        assert near == [], key


def _least_and_most(known: KnownInput) -> tuple[float, float]:
    """Between which bounds a level of an input makes sense."""
    feature = known.feature
    if feature is None:
        return {"ratio": (0.0, 1.0), "points": (0.0, 1000.0)}[known.unit]
    has_change = COMPARISONS[feature.comparison].change != "none"
    if has_change and feature.change == "relative":
        return -1.0, 10.0
    is_share = feature.aggregation in SHARES
    if feature.aggregation == "ratio":
        is_share = feature.name.split(f"_{feature.window_days}d")[0].endswith("_share")
    most = {"ratio": 1.0 if is_share else 10.0}.get(feature.unit, float(feature.window_days))
    least = 0.0 if is_share or feature.unit != "ratio" else -1.0
    return (-most, most) if has_change else (least, most)


def _every_level(one: DeclaredIndicator) -> list[Levels]:
    return [one.indicator, *one.indicator.by_trade.values()]


def test_levels_agree_with_the_units_of_what_they_are_set_against(
    declared: IndicatorCatalogue, inputs: dict[str, KnownInput]
) -> None:
    for one in declared.indicators:
        known = inputs[one.indicator.input]
        if one.indicator.scale == "rank":
            assert all((x.amber > 0.5) == (one.indicator.bad == "high") for x in _every_level(one))
            continue
        assert known.unit in UNITS_OF_NO_SIZE, f"{one.name} sets amounts in {known.unit} a level"
        least, most = _least_and_most(known)
        for levels in _every_level(one):
            assert least <= levels.amber <= most, one.name
            assert least <= levels.red <= most, one.name


def test_a_change_warns_on_the_side_of_nought_that_is_bad(
    declared: IndicatorCatalogue, inputs: dict[str, KnownInput]
) -> None:
    for one in declared.indicators:
        feature = inputs[one.indicator.input].feature
        if feature is None or one.indicator.scale == "rank":
            continue
        if COMPARISONS[feature.comparison].change != "none" or feature.aggregation == "trend":
            sign = 1 if one.indicator.bad == "high" else -1
            assert all(sign * levels.amber > 0 for levels in _every_level(one)), one.name
