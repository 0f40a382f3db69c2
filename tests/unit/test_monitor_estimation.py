"""What is expected before outcomes are known, against enumeration and simulation."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from models.metrics import expected_area, expected_brier
from models.monitor.estimation import estimate_findings, expected_figures
from models.monitor.finding import Watched
from models.monitor.thresholds import Simulation, Thresholds, load_thresholds

CHAMPION = Watched("7", "champion")
SIMULATION = Simulation(samples=2_000, seed=5, source="A test.")
# Few different probabilities, so that ties are common.
PROBABILITIES = st.sampled_from([0.01, 0.05, 0.2, 0.5, 0.9])


@pytest.fixture
def thresholds(catalog: Path) -> Thresholds:
    return load_thresholds(catalog)


@settings(max_examples=60)
@given(st.lists(PROBABILITIES, min_size=2, max_size=7))
def test_the_expected_area_is_that_of_all_outcomes_that_may_come_true(p: list[float]) -> None:
    right = pairs = squares = 0.0
    for outcome in itertools.product((0, 1), repeat=len(p)):
        chance = math.prod(x if y else 1 - x for x, y in zip(p, outcome, strict=True))
        bad = [x for x, y in zip(p, outcome, strict=True) if y]
        good = [x for x, y in zip(p, outcome, strict=True) if not y]
        right += chance * sum((b > g) + (b == g) / 2 for b in bad for g in good)
        pairs += chance * len(bad) * len(good)
        squares += chance * sum((x - y) ** 2 for x, y in zip(p, outcome, strict=True)) / len(p)
    assert expected_area(np.array(p)) == pytest.approx(right / pairs)
    assert expected_brier(np.array(p)) == pytest.approx(squares)


def test_the_estimate_is_the_mean_over_outcomes_drawn_from_the_probabilities() -> None:
    generator = np.random.default_rng(21)
    p = generator.beta(1.2, 8, 400)
    outcomes = generator.random((20_000, 400)) < p
    bad, ranks = outcomes.sum(axis=1), rankdata(p)
    areas = (outcomes @ ranks - bad * (bad + 1) / 2) / (bad * (400 - bad))
    squares = ((outcomes - p) ** 2).mean(axis=1)
    found = expected_figures(p, SIMULATION)
    assert found is not None
    assert found.auc.value == pytest.approx(np.mean(areas), abs=0.002)
    assert found.brier.value == pytest.approx(squares.mean(), abs=0.0005)
    tails = [2.5, 97.5]
    assert (found.auc.lower, found.auc.upper) == pytest.approx(
        np.percentile(areas, tails), abs=0.008
    )
    assert (found.brier.lower, found.brier.upper) == pytest.approx(
        np.percentile(squares, tails), abs=0.002
    )


def test_an_estimate_does_not_depend_on_the_order_of_the_firms() -> None:
    p = np.random.default_rng(2).choice([0.01, 0.03, 0.2], 300)
    assert expected_figures(p, SIMULATION) == expected_figures(np.sort(p), SIMULATION)


def test_firms_that_can_not_be_told_apart_are_expected_to_be_ranked_by_luck() -> None:
    assert expected_area(np.full(9, 0.3)) == pytest.approx(0.5)


def test_a_single_firm_gives_no_estimate(thresholds: Thresholds) -> None:
    found = estimate_findings(
        *(CHAMPION, None, np.array([0.3]), SIMULATION, thresholds.discrimination.auc_drop)
    )
    assert [one.level for one in found] == ["none", "none"]


def test_a_portfolio_that_became_alike_is_red_before_any_outcome(thresholds: Thresholds) -> None:
    generator, drop = np.random.default_rng(4), thresholds.discrimination.auc_drop
    before, alike = generator.beta(0.6, 6, 5_000), generator.beta(40, 400, 5_000)
    promised = expected_area(before)
    (moved, brier) = estimate_findings(CHAMPION, promised, alike, SIMULATION, drop)
    assert (moved.level, brier.level) == ("red", "none")
    assert "calibrated" in moved.said[0]
    (kept, _) = estimate_findings(CHAMPION, promised, before, SIMULATION, drop)
    assert kept.level == "green"
    (first, _) = estimate_findings(CHAMPION, None, before, SIMULATION, drop)
    assert (first.level, first.amber) == ("none", None)
