"""The judging of consistency: against a slow one, and on planted contradictions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomline.consistency.grids import Floats, begun, both_begun, covered, grid
from loomline.consistency.judging import VERDICTS, Judgement, judge
from loomline.consistency.model import Check
from loomline.consistency.months import JUDGED_MONTHS
from loomline.consistency.trust import NO_CHECK, data_trust
from tests.unit import slow_consistency

ALL_MONTHS = np.ones(JUDGED_MONTHS, dtype=np.bool_)
HONEST_NOISE = 0.04


def check(**changes: Any) -> Check:
    words = ("title", "measured", "reference", "excess", "shortfall")
    declared: dict[str, Any] = {
        **{f"{word}_{language}": word for word in words for language in ("en", "zh")},
        "name": "trial",
        "description": "A trial.",
        "owner": "tester",
        "source": "tester",
        "form": "ratio",
        "sql": "select 1",
        "unit": "CNY",
        "reference_unit": "CNY",
        "least_measured": 1,
        "least_reference": 1,
        "tolerance": {"beyond": 0.002, "least": 0.01},
        "contradicts": ("excess", "shortfall"),
        "weight": 0.5,
    }
    return Check.model_validate(declared | changes)


def judged(of: Check, measured: Floats, reference: Floats, trades: list[int]) -> Judgement:
    return judge(of, measured, reference, np.array(trades), ALL_MONTHS)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Check, Floats, Floats, list[int], list[bool]]:
    """A check, both sides of up to 24 firms, their trades, and which months may be judged."""
    form = draw(st.sampled_from(["ratio", "share"]))
    sides = draw(st.sampled_from([("excess",), ("shortfall",), ("excess", "shortfall")]))
    words = {
        f"{side}_{language}": side if side in sides else None
        for side in ("excess", "shortfall")
        for language in ("en", "zh")
    }
    learned_from = draw(st.sampled_from(["trade", "own_past", "given"]))
    of = check(
        form=form,
        months=draw(st.integers(1, 3)),
        lag_months=draw(st.integers(0, 2)),
        learned_from=learned_from,
        given=draw(st.sampled_from([0.5, 1])) if learned_from == "given" else None,
        tolerance={"least": 0.1, "beyond": None if learned_from == "given" else 0.01},
        absent_is_zero=draw(st.booleans()),
        least_measured=draw(st.sampled_from([1, 50])),
        least_reference=draw(st.sampled_from([1, 50])),
        contradicts=sides,
        **words,
    )
    firms, months = draw(st.integers(1, 24)), draw(st.integers(16, 28))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    reference = random.lognormal(4, 1.5, (firms, months))
    measured = reference * random.lognormal(0, 0.3, (firms, months))
    for side in (measured, reference):
        side[random.random(side.shape) < draw(st.sampled_from([0, 0.1]))] = 0
        side[random.random(side.shape) < draw(st.sampled_from([0, 0.05, 0.4]))] = np.nan
    trades = random.integers(0, draw(st.integers(1, 3)), firms).tolist()
    may = (random.random(JUDGED_MONTHS) < draw(st.sampled_from([0.7, 1]))).tolist()
    return of, measured, reference, trades, may


@given(histories())
@settings(deadline=None)
def test_judging_is_that_of_the_slow_implementation(
    history: tuple[Check, Floats, Floats, list[int], list[bool]],
) -> None:
    of, measured, reference, trades, may = history
    found = judge(of, measured, reference, np.array(trades), np.array(may))
    rows = slow_consistency.residuals(of, measured.tolist(), reference.tolist(), trades, may)
    np.testing.assert_allclose(found.residual, rows, rtol=1e-9, atol=1e-9)
    for firm, row in enumerate(rows):
        bound = slow_consistency.tolerance(of, rows, trades, firm)
        for month, residual in enumerate(row):
            # What lies on the bound itself may fall to either side of it.
            if math.isclose(abs(residual), bound, rel_tol=1e-9):
                continue
            word = VERDICTS[found.verdicts[firm, month]]
            assert word == slow_consistency.verdict(of, residual, bound)
            if word == "cannot_say":
                assert np.isnan(found.score[firm, month])
            elif word == "consistent":
                assert found.score[firm, month] == 1
            else:
                assert found.score[firm, month] == pytest.approx(bound / abs(residual))
            if not math.isnan(residual):
                assert found.tolerance[firm, month] == pytest.approx(bound)


@given(histories())
@settings(deadline=None)
def test_the_residual_is_what_measured_is_beyond_what_was_expected(
    history: tuple[Check, Floats, Floats, list[int], list[bool]],
) -> None:
    of, measured, reference, trades, may = history
    found = judge(of, measured, reference, np.array(trades), np.array(may))
    told = np.isfinite(found.residual)
    seen, expected = found.measured[told], found.expected[told]
    if of.form == "ratio":
        beyond = np.log(np.maximum(seen, of.least_measured) / expected)
    else:
        beyond = (seen - expected) / found.reference[told]
    np.testing.assert_allclose(beyond, found.residual[told], rtol=1e-9, atol=1e-9)


def honest(seed: int, firms: int = 60, months: int = 30) -> tuple[Floats, Floats]:
    """Both sides of honest firms of one trade: they agree but for noise of four percent."""
    random = np.random.default_rng(seed)
    reference = random.lognormal(10, 1, (firms, 1)) * random.lognormal(0, 0.2, (firms, months))
    return reference * random.lognormal(0.7, HONEST_NOISE, (firms, months)), reference


@pytest.mark.parametrize("learned_from", ["trade", "own_past"])
@pytest.mark.parametrize("side", ["excess", "shortfall"])
@pytest.mark.parametrize("seed", range(5))
def test_thirty_percent_more_on_one_side_is_found(learned_from: str, side: str, seed: int) -> None:
    measured, reference = honest(seed)
    inflated = measured if side == "excess" else reference
    inflated[7, -3:] *= 1.3
    found = judged(check(learned_from=learned_from), measured, reference, [0] * len(measured))
    assert [VERDICTS[code] for code in found.verdicts[7, -3:]] == [side] * 3


@pytest.mark.parametrize("learned_from", ["trade", "own_past"])
@pytest.mark.parametrize("beyond", [0.05, 0.01, 0.002])
def test_honest_months_are_beyond_the_tolerance_at_the_declared_rate(
    learned_from: str, beyond: float
) -> None:
    of = check(learned_from=learned_from, tolerance={"beyond": beyond, "least": 0.001})
    told = out = 0
    for seed in range(40):
        measured, reference = honest(100 + seed)
        found = judged(of, measured, reference, [0] * len(measured))
        told += int(np.isfinite(found.residual).sum())
        out += int((found.verdicts > 1).sum())
    # Bounds of a binomial share with the declared rate, at six standard deviations.
    spread = math.sqrt(beyond * (1 - beyond) / told)
    assert abs(out / told - beyond) < 6 * spread


def test_a_tenth_of_cheating_firms_does_not_move_the_tolerance_beyond_them() -> None:
    measured, reference = honest(1)
    measured[:6] *= 1.5
    found = judged(check(), measured, reference, [0] * len(measured))
    assert (found.verdicts[:6] == VERDICTS.index("excess")).all()


def test_what_is_given_needs_no_peers() -> None:
    of = check(form="share", learned_from="given", given=0, tolerance={"least": 0.1})
    reference = np.full((2, 12), 100.0)
    found = judged(of, np.array([[0.0] * 12, [50.0] * 12]), reference, [0, 1])
    assert (found.verdicts[0] == VERDICTS.index("consistent")).all()
    assert (found.verdicts[1] == VERDICTS.index("excess")).all()
    assert (found.tolerance == 0.1).all()


def test_firms_are_set_against_their_own_trade_alone() -> None:
    first, second = honest(2), honest(3)
    measured, reference = np.vstack([first[0], second[0] * 9]), np.vstack([first[1], second[1]])
    both = judged(check(), measured, reference, [0] * 60 + [1] * 60)
    alone = judged(check(), first[0], first[1], [0] * 60)
    np.testing.assert_array_equal(both.residual[:60], alone.residual)
    np.testing.assert_array_equal(both.verdicts[:60], alone.verdicts)


@pytest.mark.parametrize(("firms", "says"), [(5, False), (6, True)])
def test_a_trade_of_few_cannot_say(firms: int, says: bool) -> None:
    measured, reference = honest(4, firms=firms)
    found = judged(check(), measured, reference, [0] * firms)
    assert bool((found.verdicts > 0).all()) == says
    assert bool((found.verdicts > 0).any()) == says


def test_a_firm_that_is_not_in_a_source_is_missing_and_not_zero() -> None:
    measured, reference = honest(5)
    measured[0] = np.nan
    found = judged(check(), measured, reference, [0] * len(measured))
    assert (found.verdicts[0] == VERDICTS.index("cannot_say")).all()
    reached = judged(check(absent_is_zero=True), measured, reference, [0] * len(measured))
    assert (reached.verdicts[0] == VERDICTS.index("shortfall")).all()


def test_what_stands_still_on_both_sides_says_nothing() -> None:
    measured, reference = honest(6)
    measured[0], reference[0] = 0, 0
    measured[1] = 0
    found = judged(check(), measured, reference, [0] * len(measured))
    assert (found.verdicts[0] == VERDICTS.index("cannot_say")).all()
    assert (found.verdicts[1] == VERDICTS.index("shortfall")).all()


@pytest.mark.parametrize(("months", "first"), [(1, 3), (2, 4), (3, 5)])
def test_a_review_waits_for_as_many_far_months_as_declared(months: int, first: int) -> None:
    measured, reference = honest(7)
    measured[0, -9:] *= 2
    of = check(review={"tolerances": 1.5, "months": months, "sides": ("excess",)})
    flags = judged(of, measured, reference, [0] * len(measured)).is_for_review
    assert flags[0].tolist() == [month >= first for month in range(JUDGED_MONTHS)]
    assert not flags[1:].any()


def test_a_review_looks_at_the_declared_sides_alone() -> None:
    measured, reference = honest(7)
    measured[0, -9:] *= 2
    of = check(review={"tolerances": 1.5, "months": 1, "sides": ("shortfall",)})
    found = judged(of, measured, reference, [0] * len(measured))
    assert (found.verdicts[0, 3:] == VERDICTS.index("excess")).all()
    assert not found.is_for_review.any()


def test_without_a_review_declared_none_is_asked_for() -> None:
    measured, reference = honest(8)
    measured[0] *= 100
    assert not judged(check(), measured, reference, [0] * len(measured)).is_for_review.any()


def test_a_month_that_may_not_be_judged_has_no_say_in_others() -> None:
    measured, reference = honest(9)
    of, may = check(learned_from="own_past"), ALL_MONTHS.copy()
    may[-1] = False
    before = judge(of, measured, reference, np.zeros(60, dtype=np.int64), may)
    measured[:, -1] *= 50
    after = judge(of, measured, reference, np.zeros(60, dtype=np.int64), may)
    for name in ("residual", "tolerance", "score", "verdicts"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_too_few_months_and_other_shapes_are_refused() -> None:
    measured, reference = honest(10, months=13)
    with pytest.raises(ValueError, match="too few"):
        judged(check(months=3), measured, reference, [0] * 60)
    with pytest.raises(ValueError, match="enterprises"):
        judged(check(), measured, reference, [0] * 59)


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(deadline=None)
def test_trust_is_lost_by_the_weight_of_what_contradicts(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    checks = [check(weight=random.uniform(0.05, 1)) for _ in range(count)]
    judgements = []
    for _ in checks:
        measured, reference = honest(int(random.integers(2**31)), firms=12)
        measured[0] *= random.uniform(1, 3)
        measured[random.random(measured.shape) < 0.2] = np.nan
        judgements.append(judged(check(), measured, reference, [0] * 12))
    trust = data_trust(checks, judgements)
    for firm in range(12):
        for month in range(JUDGED_MONTHS):
            kept = [
                1 - one.weight * (1 - found.score[firm, month])
                for one, found in zip(checks, judgements, strict=True)
                if not math.isnan(found.score[firm, month])
            ]
            assert trust.check_counts[firm, month] == len(kept)
            expected = 100 * math.prod(kept) if kept else math.nan
            assert trust.scores[firm, month] == pytest.approx(expected, nan_ok=True)
            worst = trust.worst_checks[firm, month]
            if worst == NO_CHECK:
                assert not kept or min(kept) == 1
            else:
                score = judgements[worst].score[firm, month]
                assert 1 - checks[worst].weight * (1 - score) == min(kept) < 1


def test_a_grid_has_each_value_at_its_place_and_nothing_elsewhere() -> None:
    places, months = np.array([0, 2, 1, 1]), np.array([1, 0, 5, -1])
    found = grid(places, months, np.array([1.0, 2, 3, 4]), (3, 3))
    expected = np.full((3, 3), np.nan)
    expected[0, 1], expected[2, 0] = 1, 2
    np.testing.assert_array_equal(found, expected)


def test_months_are_zero_only_from_the_first_row_of_the_table_on() -> None:
    nan = math.nan
    one, two = np.array([[nan, nan, nan, 5]]), np.array([[nan, 3, nan, nan]])
    first, second = begun([one, two])
    np.testing.assert_array_equal(first, [[nan, 0, 0, 5]])
    np.testing.assert_array_equal(second, [[nan, 3, 0, 0]])


def test_a_month_without_rows_is_zero_and_one_with_a_single_side_is_not() -> None:
    nan = math.nan
    measured, reference = np.array([[nan, 5, nan, nan]]), np.array([[nan, 4, nan, 7]])
    first, second = both_begun(measured, reference)
    np.testing.assert_array_equal(first, [[nan, 5, 0, nan]])
    np.testing.assert_array_equal(second, [[nan, 4, 0, 7]])


@pytest.mark.parametrize(("missing", "is_reached"), [(3, True), (4, False)])
def test_a_source_reaches_a_trade_when_most_are_in_it(missing: int, is_reached: bool) -> None:
    values = np.ones((10, 2))
    values[:missing] = np.nan
    found = covered(values, np.zeros(10, dtype=np.int64))
    assert (found[:missing] == 0).all() == is_reached
    assert np.isnan(found[:missing]).all() != is_reached
    assert (found[missing:] == 1).all()
