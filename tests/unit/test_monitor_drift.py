"""The population stability index and the bounds of the monitoring, against slow and known ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from loomline.errors import CatalogueError
from loomline.population_stability import bin_bounds, bin_counts, population_stability_index
from loomline.tables import load_tables
from models.monitor.drift import card_counts, drift_findings, stability
from models.monitor.finding import Watched
from models.monitor.thresholds import Bounds, Thresholds, load_thresholds
from models.scorecard import BinnedFeature, Scorecard

CHAMPION = Watched("7", "champion")
COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8).filter(
    lambda rows: sum(row[0] for row in rows) > 0 and sum(row[1] for row in rows) > 0
)


@pytest.fixture
def thresholds(catalog: Path) -> Thresholds:
    return load_thresholds(catalog)


def sides(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])


def by_hand(rows: list[tuple[int, int]]) -> float:
    total_before, total_now = sum(row[0] for row in rows), sum(row[1] for row in rows)
    index = 0.0
    for before, now in rows:
        if before == now == 0:
            continue
        share_before = (before or 0.5) / total_before
        share_now = (now or 0.5) / total_now
        index += (share_now - share_before) * math.log(share_now / share_before)
    return index


@given(COUNTS)
def test_the_index_is_the_sum_over_the_bins(rows: list[tuple[int, int]]) -> None:
    assert population_stability_index(*sides(rows)) == pytest.approx(by_hand(rows))


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=8))
def test_the_index_is_the_divergence_of_both_directions(rows: list[tuple[int, int]]) -> None:
    before, now = sides(rows)
    assert population_stability_index(before, now) == pytest.approx(
        entropy(now, before) + entropy(before, now)
    )


def test_the_index_of_two_bins_that_trade_a_fifth_of_the_firms() -> None:
    # Shares 0.5 and 0.5 become 0.7 and 0.3: 0.2 ln(1.4) - 0.2 ln(0.6) = 0.0673 + 0.1022.
    found = population_stability_index(np.array([50, 50]), np.array([140, 60]))
    assert found == pytest.approx(0.16946, abs=5e-6)


def test_the_index_of_equal_shares_is_nought_whatever_the_number_of_firms() -> None:
    assert population_stability_index(np.array([10, 30, 0]), np.array([20, 60, 0])) == 0


def test_an_index_of_no_firms_is_refused() -> None:
    with pytest.raises(ValueError, match="Without counts"):
        population_stability_index(np.array([0, 0]), np.array([1, 2]))


def test_the_expected_index_and_its_bound_are_those_of_samples_without_drift() -> None:
    generator, shares = np.random.default_rng(11), [0.1, 0.2, 0.3, 0.25, 0.15]
    before, now = (generator.multinomial(size, shares, size=4_000) for size in (400, 700))
    drawn = [population_stability_index(*pair) for pair in zip(before, now, strict=True)]
    said = stability(before[0], now[0], 0.95)
    # 4 x (1/400 + 1/700), worked by hand.
    assert said.expected == pytest.approx(0.0157143, abs=1e-7)
    assert np.mean(drawn) == pytest.approx(said.expected, rel=0.05)
    assert np.mean(np.array(drawn) <= said.by_chance) == pytest.approx(0.95, abs=0.015)


def test_values_that_are_alike_within_a_firm_are_no_more_evidence_than_the_firms() -> None:
    before, now = np.array([400, 600]), np.array([90, 110])
    alike = stability(before * 30, now * 5, 0.95, (1_000, 200))
    once = stability(before, now, 0.95)
    assert (alike.psi, alike.expected, alike.by_chance) == pytest.approx(
        (once.psi, once.expected, once.by_chance)
    )


def test_missing_values_are_a_bin_of_their_own_and_set_no_bound() -> None:
    values = np.array([math.nan, 1.0, 2.0, 3.0, 4.0, math.nan, math.nan])
    assert list(bin_bounds(values, 2)) == list(bin_bounds(values[~np.isnan(values)], 2)) == [3.0]
    assert list(bin_counts(values, np.array([3.0]))) == [2, 2, 3]
    assert list(bin_counts(values, bin_bounds(np.full(3, math.nan), 10))) == [4, 3]


def test_one_bin_can_not_drift() -> None:
    said = stability(np.array([0, 8]), np.array([0, 3]), 0.95)
    assert (said.psi, said.expected, said.by_chance, said.bins) == (0, 0, 0, 1)


@given(
    st.lists(st.integers(400, 440), min_size=1, max_size=80),
    st.lists(st.integers(380, 460), min_size=1, max_size=80),
    st.integers(2, 12),
)
def test_every_score_is_in_one_bin_and_none_is_empty_on_the_training_date(
    before: list[int], now: list[int], bins: int
) -> None:
    scores = np.array(before, dtype=float)
    bounds = bin_bounds(scores, bins)
    counts_before = bin_counts(scores, bounds)
    counts_now = bin_counts(np.array(now, dtype=float), bounds)
    assert (counts_before[:-1] > 0).all()
    assert (counts_before.sum(), counts_now.sum()) == (len(before), len(now))
    assert set(bounds) <= set(scores)
    # A slow count of each bin: from its bound on, to below the next.
    edges = [-math.inf, *bounds, math.inf]
    slow = [sum(low <= x < high for x in now) for low, high in itertools.pairwise(edges)]
    assert list(counts_now) == [*slow, 0]


def test_different_scores_are_cut_into_bins_of_about_as_many() -> None:
    scores = np.random.default_rng(3).permutation(1_000).astype(float)
    *counts, missing = bin_counts(scores, bin_bounds(scores, 10))
    assert (len(counts), missing) == (10, 0)
    assert min(counts) >= 99
    assert max(counts) <= 101


def a_card() -> Scorecard:
    features = (
        BinnedFeature("sales", (100.0, 200.0), (-3_000, 0, 3_000), 0),
        BinnedFeature("share", (0.5,), (2_000, -2_000), 500),
    )
    return Scorecard(52_000, features, 600.0, 20.0, 40.0)


def firms(sales: list[float], share: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"sales": sales, "share": share})


def test_features_are_counted_in_the_bins_of_the_card_with_missing_ones_last() -> None:
    before = firms([50, 100, 199, 200, math.nan], [0.1, 0.5, math.nan, math.nan, 0.4])
    now = firms([math.nan, 300], [0.9, 0.9])
    counts = card_counts(a_card(), before, now)
    assert [list(x) for x in counts["sales"]] == [[1, 2, 1, 1], [0, 0, 1, 1]]
    assert [list(x) for x in counts["share"]] == [[2, 1, 2], [0, 2, 0]]


DESCRIBED = {"sales": ("Mean sales", "月均销售额"), "share": ("Share", "占比")}


def many_firms(count: int, shift: float) -> pd.DataFrame:
    generator = np.random.default_rng(17)
    return firms(
        list(generator.normal(150 + shift, 60, count)), list(generator.uniform(0, 1, count))
    )


def test_firms_that_moved_make_their_feature_and_the_score_red(thresholds: Thresholds) -> None:
    before, now = many_firms(3_000, 0), many_firms(2_500, 80)
    found = drift_findings(CHAMPION, a_card(), before, now, DESCRIBED, thresholds.drift)
    levels = {one.subject: one.level for one in found}
    assert levels == {"score": "red", "sales": "red", "share": "green"}
    (sales,) = [one for one in found if one.subject == "sales"]
    assert sales.enterprise_count == 2_500
    assert sales.value is not None
    assert f"{sales.value:.3f}" in sales.said[0]
    assert "月均销售额" in sales.said[1]


def test_an_index_that_chance_alone_would_reach_is_not_judged(thresholds: Thresholds) -> None:
    # 12 firms and 12: shares of 1/2 and 1/3 give 0.116, but chance gives up to 0.64.
    before = firms([50.0] * 6 + [150.0] * 6, [0.1] * 12)
    now = firms([50.0] * 4 + [150.0] * 8, [0.1] * 12)
    found = drift_findings(CHAMPION, a_card(), before, now, DESCRIBED, thresholds.drift)
    (sales,) = [one for one in found if one.subject == "sales"]
    assert sales.value == pytest.approx(1 / 6 * math.log(2))
    assert sales.level == "none"
    assert "too few for" in sales.said[0]
    assert "数量过少" in sales.said[1]


@pytest.mark.parametrize(
    ("value", "level"),
    [(0.0, "green"), (0.0999, "green"), (0.1, "amber"), (0.2499, "amber"), (0.25, "red")],
)
def test_the_levels_of_the_index_are_those_of_the_convention(
    thresholds: Thresholds, value: float, level: str
) -> None:
    assert thresholds.drift.psi.level(value) == level
    assert "Siddiqi" in thresholds.drift.psi.source
    assert "convention" in thresholds.drift.psi.source


@given(
    st.floats(-5, 5), st.floats(-5, 5), st.floats(0.001, 5), st.sampled_from(["higher", "lower"])
)
def test_a_worse_value_never_has_a_calmer_level(
    value: float, amber: float, step: float, worse: str
) -> None:
    sign = 1 if worse == "higher" else -1
    content = {"worse": worse, "amber": amber, "red": amber + sign * step, "source": "A test."}
    bounds = Bounds.model_validate(content)
    order = ["green", "amber", "red"]
    levels = [order.index(bounds.level(value + sign * more)) for more in (0.0, 0.5, 2.0)]
    assert levels == sorted(levels)
    assert bounds.level(amber) == "amber"
    assert bounds.level(bounds.red) == "red"


def test_bounds_of_a_drop_hold_below_what_it_drops_from() -> None:
    drop = Bounds(worse="higher", amber=0.02, red=0.05, source="A test.")
    bounds = drop.below(0.85)
    assert [bounds.level(x) for x in (0.85, 0.84, 0.829, 0.79)] == [
        "green",
        "green",
        "amber",
        "red",
    ]


def broken(change: Callable[[dict], None], catalog: Path, folder: Path) -> Path:
    content = yaml.safe_load((catalog / "monitoring.yml").read_text(encoding="utf-8"))
    change(content)
    (folder / "monitoring.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def test_bounds_the_wrong_way_round_are_refused_with_file_and_key(
    catalog: Path, tmp_path: Path
) -> None:
    folder = broken(lambda x: x["drift"]["psi"].update(red=0.05), catalog, tmp_path)
    with pytest.raises(CatalogueError, match=r"monitoring\.yml:\d+: drift\.psi: red must be worse"):
        load_thresholds(folder)


def test_a_bound_without_a_source_is_refused(catalog: Path, tmp_path: Path) -> None:
    folder = broken(lambda x: x["shadow"]["grade_share"].pop("source"), catalog, tmp_path)
    with pytest.raises(CatalogueError, match=r"shadow\.grade_share"):
        load_thresholds(folder)


def test_a_finding_fills_the_columns_of_its_table(catalog: Path, thresholds: Thresholds) -> None:
    before = many_firms(300, 0)
    found = drift_findings(CHAMPION, a_card(), before, before, DESCRIBED, thresholds.drift)
    columns = load_tables(catalog)["scores.model_monitoring"].columns
    day = pd.Timestamp("2021-01-31").date()
    row = dict(zip(columns, found[0].row(day, "default_probability"), strict=True))
    assert row["as_of_date"] == day
    assert (row["model_version"], row["role"]) == ("7", "champion")
    assert (row["measure"], row["subject"], row["value"]) == ("psi", "score", 0.0)
    assert (row["amber"], row["red"], row["level"]) == (0.1, 0.25, "green")
    assert (row["enterprise_count"], row["said_en"]) == (300, found[0].said[0])
