"""What the validation report finds out, each against a slow or independent second way."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from loomline.population_stability import (
    chance_bound,
    chance_spread,
    population_stability_index,
)
from models.master_scale import load_master_scale
from models.scorecard import BinnedFeature, Scorecard
from models.validation import Validated
from models.validation_report.benchmark import benchmarks, combined
from models.validation_report.concerns import concerns
from models.validation_report.data_quality import data_quality
from models.validation_report.fairness import SIZE_FEATURE, UNKNOWN, fairness
from models.validation_report.findings import Findings, findings
from models.validation_report.sensitivity import sensitivity
from models.validation_report.soundness import direction_of
from models.validation_report.stability import stability
from tests.unit.validated_firms import (
    ENTERPRISES,
    FIRMS,
    SETTINGS,
    features,
    groups,
    trained,
    training_set,
)


@pytest.fixture(scope="module")
def found(catalog: Path) -> Findings:
    scale = load_master_scale(catalog)
    return findings(trained(), training_set(), features(), SETTINGS, scale, groups())


def out_of_fold() -> np.ndarray:
    return np.asarray(trained().of("scorecard", "without_history").out_of_fold.probability)


@pytest.mark.parametrize("training", [150, 400])
def test_groups_of_one_population_rarely_pass_the_bound_of_chance(training: int) -> None:
    generator = np.random.default_rng(8)
    shares, everyone = np.array([0.1, 0.2, 0.3, 0.25, 0.15]), 800
    spread, beyond = chance_spread(training, everyone, shared=training), 0
    for _ in range(2000):
        bins = generator.choice(5, p=shares, size=everyone)
        counts = [np.bincount(x, minlength=5) for x in (bins[:training], bins)]
        index = population_stability_index(counts[0], counts[1])
        beyond += index > chance_bound(5, spread, 0.95)
    assert beyond / 2000 == pytest.approx(0.05, abs=0.015)


def test_shares_of_every_bin_are_those_of_the_firms_in_it(found: Findings) -> None:
    card, known, everyone = trained().scorecard, training_set().values, features().values
    for feature, shift in zip(card.features, found.stability[1:], strict=True):
        assert shift.name == feature.feature
        for values, kind in ((known, "training_ratio"), (everyone, "enterprise_ratio")):
            counted = values[feature.feature].map(
                lambda x, bounds=feature.bounds: (
                    -1 if math.isnan(x) else sum(x >= bound for bound in bounds)
                )
            )
            shares = sorted(getattr(x, kind) for x in shift.bins if getattr(x, kind))
            assert shares == pytest.approx(sorted(counted.value_counts(normalize=True)))


def test_a_population_that_moved_shows_in_the_score_and_in_the_feature_that_moved(
    found: Findings,
) -> None:
    card, known, described = trained().scorecard, training_set().values, features()
    moved = described.values.assign(rising=described.values.rising + 3)
    shifts = {x.name: x for x in stability(card, known, moved, described.names)}
    assert shifts["score"].reading == shifts["rising"].reading == "large shift"
    assert shifts["falling"].index == {x.name: x for x in found.stability}["falling"].index


def test_a_lost_feature_does_what_scoring_without_its_values_does(
    found: Findings, catalog: Path
) -> None:
    card, values, scale = trained().scorecard, features().values, load_master_scale(catalog)
    before = card.predict(values).pd_ratio
    for response in (x for x in found.sensitivity.responses if x.change == "missing"):
        after = card.predict(values.assign(**{response.feature: np.nan})).pd_ratio
        assert response.mean_pd_change_ratio == pytest.approx((after - before).mean())
        assert response.largest_pd_change_ratio == pytest.approx((after - before).abs().max())
        moved = [scale.grade_of(x) != scale.grade_of(y) for x, y in zip(before, after, strict=True)]
        assert response.grade_changed_ratio == np.mean(moved)


CARD = Scorecard(
    base_cents=50_000,
    features=(
        BinnedFeature("sales", (10.0, 20.0), (-3_000, 500, 2_000), -100),
        BinnedFeature("age", (5.0,), (-700, 900), 0),
    ),
    reference_score=600.0,
    reference_odds=20.0,
    points_to_double_odds=40.0,
)


@given(st.lists(st.sampled_from([5.0, 15.0, 25.0, math.nan]), min_size=1, max_size=30))
def test_a_bin_up_and_a_bin_down_are_a_bin_wide_and_stop_at_the_ends(sales: list[float]) -> None:
    values = pd.DataFrame({"sales": sales, "age": 3.0})
    catalog = Path(__file__).resolve().parents[2] / "catalog"
    found = sensitivity(CARD, values, load_master_scale(catalog))
    responses = {(x.feature, x.change): x for x in found.responses}
    for change, step in (("one bin up", 10.0), ("one bin down", -10.0)):
        moved = values.assign(sales=(values.sales + step).clip(5.0, 25.0))
        expected = CARD.predict(moved).pd_ratio - CARD.predict(values).pd_ratio
        response = responses["sales", change]
        assert response.mean_pd_change_ratio == pytest.approx(expected.mean())
        assert response.largest_pd_change_ratio == pytest.approx(expected.abs().max())


def test_benchmark_areas_are_those_of_scikit_learn_and_differences_add_up(
    found: Findings,
) -> None:
    outcome = training_set().outcome
    champion = np.mean([roc_auc_score(outcome, x) for x in out_of_fold()])
    assert found.benchmarks.champion.value == pytest.approx(champion)
    challenger = trained().of("gradient_boosting", "without_history").out_of_fold.probability
    rival = found.benchmarks.rivals[0]
    assert rival.area.value == pytest.approx(
        np.mean([roc_auc_score(outcome, x) for x in challenger])
    )
    for rival in found.benchmarks.rivals:
        difference = rival.champion_less_rival
        assert difference.value == pytest.approx(champion - rival.area.value)
        assert difference.lower <= difference.value <= difference.upper


def test_the_combination_multiplies_the_odds_of_both_with_equal_weight() -> None:
    one, other = np.array([[0.5, 0.2, 0.9]]), np.array([[0.5, 0.8, 0.5]])
    np.testing.assert_allclose(combined(one, other), [[0.5, 0.5, 0.75]])


def test_no_single_feature_ranks_better_than_the_best_one(found: Findings) -> None:
    known = training_set()
    areas = {}
    for name in features().columns("without_history"):
        column = known.values[name]
        area = roc_auc_score(known.outcome, column.fillna(column.median()))
        areas[name] = max(area, 1 - area)
    assert areas[found.benchmarks.best_feature] == max(areas.values())
    assert found.benchmarks.rivals[1].area.value == pytest.approx(max(areas.values()))


def test_a_rival_with_the_champions_own_predictions_differs_by_exactly_nothing() -> None:
    champion = trained().of("scorecard", "without_history")
    twin = Validated("gradient_boosting", "without_history", {}, champion.out_of_fold)
    both = replace(trained(), validated=[champion, twin, trained().of("scorecard", "all")])
    known = training_set()
    found = benchmarks(both, known.values[["rising", "falling"]], known.outcome, SETTINGS)
    difference = found.rivals[0].champion_less_rival
    assert (difference.lower, difference.value, difference.upper) == (0, 0, 0)
    assert found.rivals[0].reading == "can't tell apart"


def test_groups_part_the_firms_and_their_means_make_up_the_whole(found: Findings) -> None:
    outcome, overall = training_set().outcome, out_of_fold().mean()
    available = {x.name: x for x in found.fairness if x.is_available}
    assert set(available) == {"size", "trade"}
    for dimension in available.values():
        assert sum(x.firm_count for x in dimension.groups) == FIRMS
        assert sum(x.default_count for x in dimension.groups) == outcome.sum()
        total = sum(x.mean_pd_ratio * x.firm_count for x in dimension.groups)
        assert total / FIRMS == pytest.approx(overall)
    assert {x.firm_count for x in available["size"].groups} == {FIRMS // 3}
    assert UNKNOWN in {x.group for x in available["trade"].groups}


def test_the_largest_third_of_firms_is_that_by_rank(found: Findings) -> None:
    known = training_set()
    largest = np.argsort(known.values[SIZE_FEATURE].to_numpy())[-FIRMS // 3 :]
    third = next(x for x in found.fairness if x.name == "size").groups[-1]
    assert third.default_count == known.outcome[largest].sum()
    assert third.mean_pd_ratio == pytest.approx(out_of_fold()[:, largest].mean())
    areas = [roc_auc_score(known.outcome[largest], x[largest]) for x in out_of_fold()]
    assert third.area is not None
    assert third.area.value == pytest.approx(np.mean(areas))


def test_a_group_with_four_defaults_has_no_area_and_one_with_five_has() -> None:
    predicted, outcome = np.linspace(0.1, 0.9, 40)[None, :], np.zeros(40)
    outcome[[0, 5, 10, 15]] = 1
    outcome[20:25] = 1
    index = pd.Index(range(40))
    regions = pd.DataFrame({"region": ["north"] * 20 + ["south"] * 20}, index=index)
    by_name = {
        x.name: x
        for x in fairness(predicted, outcome, pd.DataFrame(index=index), regions, SETTINGS)
    }
    assert [x.area is None for x in by_name["region"].groups] == [True, False]
    assert not by_name["size"].is_available and not by_name["trade"].is_available


def test_a_dimension_of_unknown_values_only_is_not_available() -> None:
    known = training_set()
    nothing = pd.DataFrame({"region": None, "trade": "C26"}, index=known.values.index)
    found = fairness(out_of_fold(), known.outcome, known.values, nothing, SETTINGS)
    assert [x.name for x in found if not x.is_available] == ["region"]


def test_data_quality_counts_what_was_put_in() -> None:
    described, known = features(), training_set()
    spoiled = known.values.copy()
    spoiled.iloc[1] = spoiled.iloc[0]
    everyone = pd.concat([spoiled, described.values.iloc[FIRMS:], spoiled.iloc[[3]]])
    everyone.loc[everyone.index[-3], "noise_1"] = np.inf
    everyone.loc[everyone.index[-2], "rising"] = 1e6
    names = described.columns("without_history")
    found = data_quality(trained().scorecard, replace(known, values=spoiled), everyone, names)
    assert (found.enterprise_count, found.firm_count) == (ENTERPRISES + 1, FIRMS)
    assert found.without_outcome_count == ENTERPRISES - FIRMS
    assert (found.repeated_identity_count, found.identical_firm_count) == (1, 2)
    assert (found.constant_features, found.infinite_value_count) == (("constant",), 1)
    quality = {x.feature: x for x in found.features}
    rising = everyone.rising
    is_beyond = [not spoiled.rising.min() <= x <= spoiled.rising.max() for x in rising]
    assert sum(is_beyond) >= 1
    assert quality["rising"].beyond_training_ratio == pytest.approx(np.mean(is_beyond))
    missing = [math.isnan(x) for x in spoiled.falling]
    assert quality["falling"].missing_training_ratio == pytest.approx(np.mean(missing))


@pytest.mark.parametrize(
    ("cents", "direction"),
    [
        ((-5, 0, 9), "more is safer"),
        ((9, 9, -4), "more is riskier"),
        ((1, 5, 2), "not monotone"),
        ((3, 3), "without effect"),
    ],
)
def test_the_direction_of_a_feature_is_that_of_its_points(
    cents: tuple[int, ...], direction: str
) -> None:
    bounds = tuple(float(x) for x in range(len(cents) - 1))
    assert direction_of(BinnedFeature("x", bounds, cents, 0)) == direction


def test_directions_on_the_card_are_those_that_the_firms_were_made_with(found: Findings) -> None:
    directions = {x.feature: x.direction for x in found.soundness}
    assert directions["rising"] == "more is riskier"
    assert directions["falling"] == "more is safer"


def test_a_finding_beyond_its_bound_becomes_a_concern_and_one_within_does_not(
    found: Findings,
) -> None:
    texts = [x.text for x in concerns(found)]
    assert any(x.startswith("By region: no data") for x in texts)
    assert not any("not monotone" in x for x in texts)
    turned = replace(found.soundness[0], direction="not monotone")
    changed = replace(found, soundness=(turned, *found.soundness[1:]))
    assert any(
        turned.feature in x and "not monotone" in x
        for x in (concern.text for concern in concerns(changed))
    )
