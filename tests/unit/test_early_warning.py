"""Early warning: hazards, censoring, what was known when, alarms, figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from models import metrics, unit_figures
from models.early_warning.alarms import alarm_threshold, warnings
from models.early_warning.firm_dates import (
    FirmDates,
    firm_dates,
    outcome_within,
    person_intervals,
)
from models.early_warning.specification import Specification
from models.early_warning.training import training_part
from models.early_warning.trees import fit_trees
from models.evaluations.resampling import unit_estimate
from models.hazard import (
    PersonIntervals,
    combined_hazards,
    fit_hazard,
    fit_logistic,
    fit_scaling,
    probabilities,
)
from tests.unit.made_up_hazards import NOT_YET, START, ecosystem

SPECIFICATION = Specification()


def _day(days: int) -> date:
    return START + timedelta(days=days)


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows).assign(chain="C1", observed_until=_day(400), x=0.0)


history = st.fixed_dictionaries(
    {
        "borrower_since": st.integers(-60, 60),
        "distress": st.none() | st.integers(-40, 300),
        "report_lag": st.integers(0, 20),
    }
)


def _from_histories(histories: list[dict[str, int]], dates: list[int]) -> FirmDates:
    rows = []
    for number, one in enumerate(histories):
        distress = one["distress"]
        known = None if distress is None else _day(distress + one["report_lag"])
        rows += [
            {
                "enterprise_id": f"E{number}",
                "as_of_date": _day(days),
                "borrower_since": _day(one["borrower_since"]),
                "distress_date": None if distress is None else _day(distress),
                "distress_known_date": known,
            }
            for days in dates
        ]
    return firm_dates(_frame(rows), ["x"])


def _slow_person_intervals(
    dates: FirmDates, known_by: date, specification: Specification
) -> set[tuple[int, int, int]]:
    """The same, row by row and day by day."""
    found = set()
    for row in range(len(dates.enterprise_id)):
        as_of = dates.as_of_date[row].item()
        known = dates.distress_known_date[row].item()
        distress = dates.distress_date[row].item() if known and known <= known_by else None
        if dates.borrower_since[row].item() > as_of or (distress and distress <= as_of):
            continue
        for interval in range(specification.interval_count):
            days = [
                as_of + timedelta(days=interval * specification.interval_days + day)
                for day in range(1, specification.interval_days + 1)
            ]
            if days[-1] + timedelta(days=specification.reporting_days) > known_by:
                break
            is_event = distress in days
            found.add((row, interval, int(is_event)))
            if is_event:
                break
    return found


@settings(deadline=None, max_examples=60)
@given(
    st.lists(history, min_size=1, max_size=6),
    st.sets(st.integers(0, 200), min_size=1, max_size=4),
    st.integers(0, 330),
)
def test_person_intervals_are_those_of_the_slow_way(
    histories: list[dict[str, int]], dates: set[int], known_by: int
) -> None:
    rows = _from_histories(histories, sorted(dates))
    found = person_intervals(rows, np.datetime64(_day(known_by)), SPECIFICATION)
    triples = zip(found.row.tolist(), found.interval.tolist(), found.event.tolist(), strict=True)
    expected = _slow_person_intervals(rows, _day(known_by), SPECIFICATION)
    assert len(found.row) == len(expected)
    assert set(triples) == expected


@settings(deadline=None, max_examples=40)
@given(st.lists(history, min_size=1, max_size=6), st.integers(0, 330))
def test_what_is_reported_later_changes_no_training_row(
    histories: list[dict[str, int]], known_by: int
) -> None:
    day = np.datetime64(_day(known_by))
    rows = _from_histories(histories, [0, 29, 60])
    later = ~(rows.distress_known_date <= day)
    forgotten = replace(
        rows,
        distress_date=np.where(later, NOT_YET, rows.distress_date),
        distress_known_date=np.where(later, NOT_YET, rows.distress_known_date),
    )
    with_it, without_it = (person_intervals(x, day, SPECIFICATION) for x in (rows, forgotten))
    assert np.array_equal(with_it.row, without_it.row)
    assert np.array_equal(with_it.event, without_it.event)
    for days in SPECIFICATION.horizons:
        one, other = (outcome_within(x, days, day, SPECIFICATION) for x in (rows, forgotten))
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1][one[0]], other[1][other[0]])


def _random_rows(seed: int, rows: int, columns: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, columns))
    values[random.random(values.shape) < 0.1] = np.nan
    return pd.DataFrame(values, columns=[f"x{place}" for place in range(columns)])


def _random_person(seed: int, rows: int, specification: Specification) -> PersonIntervals:
    """All intervals of all rows, with events at random."""
    random = np.random.default_rng(seed)
    count = specification.interval_count
    return PersonIntervals(
        np.repeat(np.arange(rows), count),
        np.tile(np.arange(count), rows),
        (random.random(rows * count) < 0.2).astype(float),
    )


SIGNS = {"x0": 1, "x1": -1, "x2": 1}


def test_a_probability_is_one_less_the_product_and_never_falls_with_the_horizon() -> None:
    values = _random_rows(1, 80)
    person = _random_person(2, 80, SPECIFICATION)
    for fitted in (
        fit_hazard(values, person, SIGNS, 1.0, SPECIFICATION),
        fit_trees(values, person, SIGNS, 20, SPECIFICATION),
    ):
        hazards = fitted.hazards(values)
        found = probabilities(hazards)
        for row in range(len(values)):
            survived = 1.0
            for interval in range(SPECIFICATION.interval_count):
                survived *= 1 - hazards[row, interval]
                assert found[row, interval] == pytest.approx(1 - survived)
        assert (np.diff(found, axis=1) >= 0).all()
        assert ((found > 0) & (found < 1)).all()


def test_without_signs_the_regression_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    columns = random.normal(size=(300, 4))
    outcome = (random.random(300) < 1 / (1 + np.exp(1 - columns[:, 0]))).astype(float)
    intercept, found = fit_logistic(columns, outcome, np.zeros(4, dtype=np.int64), 0.5)
    model = LogisticRegression(C=0.5, tol=1e-10, max_iter=5_000).fit(columns, outcome)
    assert intercept == pytest.approx(model.intercept_[0], abs=1e-4)
    assert found == pytest.approx(model.coef_[0], abs=1e-4)


def test_with_one_interval_the_hazard_is_a_logistic_regression() -> None:
    one = replace(SPECIFICATION, interval_count=1)
    values = _random_rows(4, 200)
    person = _random_person(5, 200, one)
    fitted = fit_hazard(values, person, dict.fromkeys(SIGNS, 0), 1.0, one)
    columns = fit_scaling(values, one.cut_off).columns(values)
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=5_000).fit(columns, person.event)
    expected = model.predict_proba(columns)[:, 1]
    assert probabilities(fitted.hazards(values))[:, 0] == pytest.approx(expected, abs=1e-5)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_no_covariate_works_against_its_declared_sign(seed: int) -> None:
    values = _random_rows(seed, 120)
    person = _random_person(seed + 1, 120, SPECIFICATION)
    base = values.fillna(0.0)
    for fitted in (
        fit_hazard(values, person, SIGNS, 1.0, SPECIFICATION),
        fit_trees(values, person, SIGNS, 20, SPECIFICATION),
    ):
        before = fitted.hazards(base)
        for name, sign in SIGNS.items():
            change = fitted.hazards(base.assign(**{name: base[name] + 1})) - before
            assert (sign * change >= -1e-12).all()


def test_a_covariate_without_values_says_nothing() -> None:
    values = _random_rows(6, 100).assign(x2=np.nan)
    person = _random_person(7, 100, SPECIFICATION)
    for fitted in (
        fit_hazard(values, person, SIGNS, 1.0, SPECIFICATION),
        fit_trees(values, person, SIGNS, 20, SPECIFICATION),
    ):
        other = fitted.hazards(values.assign(x2=5.0))
        assert other == pytest.approx(fitted.hazards(values))


def test_trees_leave_out_a_covariate_that_never_changes() -> None:
    values = _random_rows(6, 100).assign(x2=3.0)
    fitted = fit_trees(values, _random_person(7, 100, SPECIFICATION), SIGNS, 20, SPECIFICATION)
    other = fitted.hazards(values.assign(x2=5.0))
    assert other == pytest.approx(fitted.hazards(values))


def test_combined_hazards_lie_between_their_parts() -> None:
    random = np.random.default_rng(8)
    one, other = random.random((50, 3)), random.random((50, 3))
    found = combined_hazards([one, other])
    assert (found >= np.minimum(one, other) - 1e-9).all()
    assert (found <= np.maximum(one, other) + 1e-9).all()
    assert combined_hazards([one, one]) == pytest.approx(one)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(history, min_size=1, max_size=6),
    st.sets(st.integers(0, 300), min_size=1, max_size=8),
    st.integers(0, 1_000),
)
def test_days_of_warning_are_those_of_a_loop(
    histories: list[dict[str, int]], dates: set[int], seed: int
) -> None:
    rows = _from_histories(histories, sorted(dates))
    is_alarm = np.random.default_rng(seed).random(len(rows.enterprise_id)) < 0.4
    expected: dict[str, tuple[int, int]] = {}
    # From the latest date to the earliest: the first look and the first alarm come last.
    for row in sorted(range(len(is_alarm)), key=lambda place: rows.as_of_date[place], reverse=True):
        as_of, distress = rows.as_of_date[row].item(), rows.distress_date[row].item()
        if distress is None or rows.borrower_since[row].item() > as_of:
            continue
        ahead = (distress - as_of).days
        if not 0 < ahead <= SPECIFICATION.look_back_days:
            continue
        _, warned = expected.get(rows.enterprise_id[row], (0, 0))
        expected[rows.enterprise_id[row]] = (ahead, ahead if is_alarm[row] else warned)
    found = warnings(rows, is_alarm, SPECIFICATION.look_back_days)
    assert {
        name: (look, warned)
        for name, look, warned in zip(found.index, found.look_days, found.warned_days, strict=True)
    } == expected


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=200), st.floats(0.01, 0.5))
def test_at_most_the_declared_share_of_the_healthy_is_flagged(
    said: list[float], flagged: float
) -> None:
    threshold = alarm_threshold(np.array(said), flagged)
    assert np.mean(np.array(said) > threshold) <= flagged


def test_the_area_by_units_is_that_of_weighted_rows() -> None:
    random = np.random.default_rng(9)
    place = random.integers(0, 12, 150)
    outcome = (random.random(150) < 0.2).astype(float)
    said = np.round(random.random(150) + 0.2 * outcome, 1)
    weights = random.integers(0, 3, (20, 12)).astype(float)
    found = unit_figures.area_under_curve(outcome, said, place)(weights)
    expected = metrics.area_under_curve(outcome, said, weights[:, place])
    assert found == pytest.approx(expected)
    mean = unit_figures.mean_of((said - outcome) ** 2, place, 12)(weights)
    assert mean == pytest.approx(metrics.brier_score(outcome, said, weights[:, place]))


def test_a_sample_without_distress_is_left_out_of_the_interval() -> None:
    outcome, place = np.array([1.0, 0.0, 0.0, 1.0]), np.array([0, 1, 2, 0])
    area = unit_figures.area_under_curve(outcome, np.array([0.9, 0.1, 0.95, 0.2]), place)
    found = unit_estimate(area, 3, 0)
    assert found.value == pytest.approx(0.5)
    assert 0 <= found.lower <= found.value <= found.upper <= 1


def test_a_fit_to_known_hazards_finds_their_order_and_their_level() -> None:
    dates, truth = ecosystem(1, firms=600)
    part = training_part(dates, dates.observed_until, SPECIFICATION)
    fitted = fit_hazard(dates.values, part.person, {"x0": 1, "x1": 1}, 1.0, SPECIFICATION)
    found = fitted.hazards(dates.values)[:, 0]
    assert pd.Series(found).corr(pd.Series(truth), method="spearman") > 0.97
    first = part.person.interval == 0
    rows = part.person.row[first]
    assert found[rows].mean() == pytest.approx(part.person.event[first].mean(), rel=0.05)
