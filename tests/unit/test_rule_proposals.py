"""What could go and what could be added, each on histories where the right answer is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact

from loomline.evidence.figures import Evidence, evidence
from loomline.evidence.retiring import Retirement, asked_enterprises, retirements
from loomline.evidence.searching import held_out, rounded, standing_out
from loomline.evidence.vocabulary import (
    ABOVE,
    ALWAYS_FIRES,
    BELOW,
    COVERED,
    NEVER_FIRES,
    NO_LIFT,
)
from tests.unit.slow_evidence import Firm, Rule
from tests.unit.test_evidence import firings_of, history_of

DAY = date(2019, 12, 31)
FIRMS = 400


def reasons(
    fired: list[list[int]], names: list[str], firms: int = FIRMS, without_data: int = 0
) -> list[Retirement]:
    """What could go of rules that can't say anything of so many of the firms."""
    figures, cannot_say = judged(fired, firms), np.full(len(names), without_data)
    asked = asked_enterprises(figures.hits, cannot_say)
    return retirements(figures, names, np.ones(len(names), dtype=bool), asked)


def judged(fired: list[list[int]], firms: int = FIRMS) -> Evidence:
    """The evidence of rules that fired for these firms, of which the first 80 default."""
    there = [
        Firm("", True, frozenset([DAY]), date(2020, 6, 1) if place < 80 else None)
        for place in range(firms)
    ]
    rules = [
        Rule(frozenset([DAY]), frozenset(), frozenset((place, DAY) for place in some))
        for some in fired
    ]
    return evidence(history_of(there, [DAY], date(2020, 12, 31)), firings_of(rules, there, [DAY]))


def test_each_reason_is_given_to_the_rule_that_deserves_it() -> None:
    telling = [*range(40, 100)]
    fired = [
        [],
        [*range(FIRMS)],
        [*range(70, 170)],  # 10 of 100 default, where 20 would by chance.
        telling,
        telling[10:],  # Catches less of the same.
        [*range(300, 310)],  # Too few to say anything.
    ]
    assert reasons(fired, ["a", "b", "c", "d", "e", "f"]) == [
        Retirement(0, NEVER_FIRES),
        Retirement(1, ALWAYS_FIRES),
        Retirement(2, NO_LIFT),
        Retirement(4, COVERED, 3),
    ]


def test_of_two_equal_rules_one_stays() -> None:
    both = [*range(40, 100)]
    assert reasons([both, both], ["b", "a"]) == [Retirement(0, COVERED, 1)]
    assert reasons([both, both], ["a", "b"]) == [Retirement(1, COVERED, 0)]


def test_a_rule_that_no_longer_stands_is_not_named_and_covers_nobody() -> None:
    both = [*range(40, 100)]
    figures, asked = judged([both, both]), np.full(2, float(FIRMS))
    assert retirements(figures, ["a", "b"], np.array([False, True]), asked) == []
    assert retirements(figures, ["a", "b"], np.array([True, False]), asked) == []


def test_a_rule_inside_a_broader_one_that_tells_less_stays() -> None:
    narrow, broad = [*range(60)], [*range(60), *range(200, 300)]
    assert reasons([narrow, broad], ["narrow", "broad"]) == []


def test_a_rule_that_was_asked_of_few_is_not_said_never_to_fire() -> None:
    assert reasons([[]], ["a"], firms=299) == []


def test_a_rule_whose_data_most_firms_do_not_have_is_not_said_never_to_fire() -> None:
    assert reasons([[]], ["a"], without_data=101) == []
    assert reasons([[]], ["a"], without_data=100) == [Retirement(0, NEVER_FIRES)]


def world(seed: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """800 firms with 40 features, of which the defaults depend on none."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(800, 40)) * 10.0 ** random.integers(-3, 6, 40)
    values[random.random(values.shape) < 0.2] = np.nan
    return [f"E{place}" for place in range(800)], values, random.random(800) < 0.15


NO_RULES = np.zeros((0, 800), dtype=bool)


def test_a_feature_that_tells_is_found_with_its_direction_and_the_figures_of_the_other_half() -> (
    None
):
    names, values, defaulted = world(1)
    values[:, 7] = np.where(defaulted, 0.0, 5.0) + np.random.default_rng(2).normal(size=800)
    values[:, 9] = -values[:, 7] * 1e6
    found = standing_out(names, values, defaulted, NO_RULES)
    # The second says the same as the first, turned round.
    assert len(found) == 1
    best = found[0]
    assert (best.feature, best.direction) in {(7, BELOW), (9, ABOVE)}
    other = held_out(names)
    sign = 1 if best.direction == ABOVE else -1
    fired = sign * values[other, best.feature] > sign * best.value
    caught = int((fired & defaulted[other]).sum())
    assert (best.enterprise_count, best.fired_count) == (other.sum(), fired.sum())
    assert (best.default_count, best.caught_count) == (defaulted[other].sum(), caught)
    table = [
        [caught, fired.sum() - caught],
        [best.default_count - caught, other.sum() - fired.sum() - best.default_count + caught],
    ]
    right = fisher_exact(table, alternative="greater").pvalue
    assert best.p_value == pytest.approx(right)
    ends = binomtest(caught, int(fired.sum())).proportion_ci(method="exact")
    base = best.default_count / other.sum()
    assert (best.lift_lower, best.lift_upper) == pytest.approx((ends[0] / base, ends[1] / base))


def test_what_a_rule_says_already_is_not_proposed() -> None:
    names, values, defaulted = world(1)
    values[:, 7] = np.where(defaulted, 0.0, 5.0)
    assert standing_out(names, values, defaulted, NO_RULES)
    assert standing_out(names, values, defaulted, defaulted[None]) == []


def test_outcomes_that_depend_on_no_feature_give_hardly_a_proposal() -> None:
    counts = [len(standing_out(*world(seed), NO_RULES)) for seed in range(20)]
    # At a false discovery rate of 5 % one world in twenty gives one.
    assert sum(count > 0 for count in counts) <= 4


def test_without_defaults_on_both_halves_nothing_is_proposed() -> None:
    names, values, _ = world(1)
    assert standing_out(names, values, np.zeros(800, dtype=bool), NO_RULES) == []
    assert standing_out(names, values, held_out(names), NO_RULES) == []


def test_about_half_are_held_out_and_always_the_same() -> None:
    names = [f"E{place}" for place in range(1000)]
    chosen = held_out(names)
    assert 430 < chosen.sum() < 570
    assert held_out(names[::-1])[::-1].tolist() == chosen.tolist()


@given(st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-8))
def test_a_rounded_threshold_has_three_digits_and_is_near(value: float) -> None:
    [found] = rounded(np.array([value]))
    assert found == pytest.approx(float(f"{found:.2e}"), rel=1e-12)
    assert found == pytest.approx(value, rel=0.0051)
