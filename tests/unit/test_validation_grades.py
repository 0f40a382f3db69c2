"""The validation report's tests of calibration by grade."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from models.calibration import Calibration
from models.master_scale import load_master_scale
from models.metrics import wilson_interval
from models.validation_report.grade_calibration import (
    SIGNIFICANCE,
    CalibrationByGrade,
    binomial_p,
    calibration_by_grade,
    holm,
    jeffreys_p,
)

COUNTS = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
PROBABILITIES = st.floats(0.001, 0.999)


def graded(catalog: Path, predicted: np.ndarray, outcome: np.ndarray) -> CalibrationByGrade:
    return calibration_by_grade(predicted, outcome, load_master_scale(catalog), Calibration(0, 1))


@given(COUNTS, PROBABILITIES)
def test_the_binomial_p_is_the_chance_of_so_many_defaults_or_more(
    counts: tuple[int, int], pd_ratio: float
) -> None:
    defaults, firms = counts
    chance = sum(
        math.comb(firms, x) * pd_ratio**x * (1 - pd_ratio) ** (firms - x)
        for x in range(defaults, firms + 1)
    )
    assert binomial_p(defaults, firms, pd_ratio) == pytest.approx(chance, rel=1e-9)


@given(COUNTS, PROBABILITIES)
def test_the_jeffreys_p_is_the_posterior_mass_up_to_the_probability(
    counts: tuple[int, int], pd_ratio: float
) -> None:
    defaults, firms = counts
    a, b = defaults + 0.5, firms - defaults + 0.5
    log_constant = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    def density_of_angle(angle: float) -> float:
        """The posterior density with p = sin(angle) squared, which has no pole at either end."""
        sine, cosine = math.sin(angle), math.cos(angle)
        return 2 * sine ** (2 * a - 1) * cosine ** (2 * b - 1) * math.exp(-log_constant)

    mass, _ = quad(density_of_angle, 0, math.asin(math.sqrt(pd_ratio)), limit=200)
    assert jeffreys_p(defaults, firms, pd_ratio) == pytest.approx(mass, abs=1e-7)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holms_p_is_that_of_closed_testing_by_bonferroni(p_values: list[float]) -> None:
    places = range(len(p_values))
    for place, adjusted in enumerate(holm(p_values)):
        hardest = max(
            min(1.0, size * min(p_values[x] for x in others))
            for size in range(1, len(p_values) + 1)
            for others in combinations(places, size)
            if place in others
        )
        assert adjusted == pytest.approx(hardest)


def test_every_firm_is_tested_in_the_one_grade_of_its_probability(catalog: Path) -> None:
    generator = np.random.default_rng(3)
    predicted = generator.beta(1, 4, size=300)
    outcome = (generator.random(300) < predicted).astype(float)
    found, scale = graded(catalog, predicted, outcome), load_master_scale(catalog)
    assert [x.grade for x in found.grades] == [x.grade for x in scale.grades]
    for test in found.grades:
        members = [x for x in range(300) if scale.grade_of(predicted[x]) == test.grade]
        assert test.firm_count == len(members)
        assert test.default_count == sum(outcome[x] for x in members)
        if members:
            assert test.mean_pd_ratio == pytest.approx(np.mean([predicted[x] for x in members]))
            ends = wilson_interval(test.default_count, test.firm_count)
            assert (test.lower, test.upper) == ends
    assert sum(x.firm_count for x in found.grades) == found.portfolio.firm_count == 300
    assert sum(x.default_count for x in found.grades) == found.portfolio.default_count


def test_too_many_defaults_begin_where_the_test_first_rejects(catalog: Path) -> None:
    predicted, outcome = np.r_[np.full(40, 0.03), np.full(2, 0.6)], np.zeros(42)
    grades = {x.grade: x for x in graded(catalog, predicted, outcome).grades}
    least = grades["G3"].rejects_from
    assert least is not None
    assert binomial_p(least, 40, 0.03) < SIGNIFICANCE <= binomial_p(least - 1, 40, 0.03)
    # Two firms at 60 %: even two defaults have a chance of 0.36.
    assert grades["G8"].rejects_from is None


def test_a_grade_with_far_too_many_defaults_is_named_and_a_good_one_is_not(catalog: Path) -> None:
    predicted = np.r_[np.full(50, 0.03), np.full(50, 0.2)]
    outcome = np.r_[np.ones(12), np.zeros(38), np.ones(10), np.zeros(40)]
    assert graded(catalog, predicted, outcome).underestimated == ("G3",)


def test_a_grade_without_firms_has_no_p_value_and_does_not_count_in_the_adjustment(
    catalog: Path,
) -> None:
    predicted = np.full(30, 0.03)
    outcome = np.r_[np.ones(2), np.zeros(28)]
    found = graded(catalog, predicted, outcome)
    empty = [x for x in found.grades if x.grade != "G3"]
    assert all(x.binomial_p is None and x.jeffreys_adjusted_p is None for x in empty)
    (tested,) = (x for x in found.grades if x.grade == "G3")
    assert tested.binomial_adjusted_p == tested.binomial_p
    assert tested.jeffreys_adjusted_p == tested.jeffreys_p
