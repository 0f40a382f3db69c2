"""Which rows of hazards have come true and what became of them, against slow second ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta
from sklearn.metrics import brier_score_loss, roc_auc_score

from models.monitor.failures_seen import FAILURES, failure_outcomes
from models.monitor.finding import Finding, Watched
from models.monitor.hazard import Hazard, Outcomes
from models.monitor.hazard_maturing import CameTrue, ClosedDates, closed_dates
from models.monitor.hazard_outcomes import hazard_outcome_findings, within
from models.monitor.hazard_watch import came_true
from models.monitor.maturing import ScoredDate
from models.monitor.proposals import TRAIN_ANEW, proposals
from models.monitor.thresholds import Thresholds, load_thresholds
from models.monitor.warnings_seen import WARNINGS, warning_outcomes
from tests.unit.made_up_machines import day, made_up, report

NOW = date(2020, 12, 31)
IN_USE = Watched("7", "champion")


@pytest.fixture(scope="module")
def thresholds(catalog: Path) -> Thresholds:
    return load_thresholds(catalog)


def before(days: int) -> date:
    return NOW - timedelta(days=days)


scored = st.lists(
    st.builds(ScoredDate, st.integers(0, 300).map(before), st.sampled_from(["6", "7", "8"])),
    max_size=40,
    unique_by=lambda one: one.as_of_date,
)


@given(scored, st.sampled_from([7, 30, 90]))
def test_dates_count_that_are_closed_apart_and_of_one_version_the_one_in_use_first(
    dates: list[ScoredDate], days: int
) -> None:
    found = closed_dates(dates, "7", days, 7, NOW)
    over = [one for one in dates if (NOW - one.as_of_date).days >= days + 7]
    if found is None:
        assert not over
        return
    version_of = {one.as_of_date: one.model_version for one in over}
    assert {version_of[one] for one in found.dates} == {found.model_version}
    assert (found.model_version == "7") == any(one.model_version == "7" for one in over)
    ours = [one.as_of_date for one in over if one.model_version == found.model_version]
    assert found.dates[0] == max(ours)
    assert all((later - earlier).days >= days for later, earlier in pairwise(found.dates))
    # No date could be added: each of the version is within a horizon of one that counts.
    assert all(any(abs((one - kept).days) < days for kept in found.dates) for one in ours)


def outcomes_of(past: pd.DataFrame, known_by: date, distress: int, known: int) -> Outcomes:
    """What became of rows of E1, whose distress of day `distress` before now was known then."""
    borrowers = pd.DataFrame(
        {
            "enterprise_id": ["E1"],
            "borrower_since": [before(300)],
            "distress_date": [before(distress)],
            "distress_known_date": [before(known)],
        }
    )
    return warning_outcomes(past, borrowers, np.datetime64(known_by, "D"))


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 20), st.integers(0, 200))
def test_a_warning_has_come_true_when_distress_was_known_within_a_closed_horizon(
    warned: int, distress: int, delay: int, known_by: int
) -> None:
    past = pd.DataFrame({"as_of_date": [before(warned)], "enterprise_id": ["E1"]})
    found = outcomes_of(past, before(known_by), distress, distress - delay)
    is_known = distress - delay >= known_by
    for at, days in enumerate(WARNINGS.horizons):
        is_closed = warned - days - 7 >= known_by
        was_in_distress = is_known and distress >= warned
        assert found.counts[0, at] == (is_closed and not was_in_distress)
        if found.counts[0, at]:
            assert found.outcome[0, at] == (is_known and distress >= warned - days)


def test_of_an_enterprise_without_a_loan_no_outcome_is_known() -> None:
    past = pd.DataFrame({"as_of_date": [before(200)] * 2, "enterprise_id": ["E1", "E2"]})
    found = outcomes_of(past, NOW, 150, 149)
    assert found.counts.tolist() == [[True] * 3, [False] * 3]
    assert found.unit.tolist() == ["E1", "E2"]
    assert outcomes_of(past.iloc[:0], NOW, 150, 149).counts.shape == (0, 3)


def test_what_failed_and_was_seen_by_then_is_counted_by_machine_and_date() -> None:
    breakdown = {"detail": "breakdown", "is_stop": True}
    reports = [report(code, "work", at) for code in ("M1", "M2") for at in range(0, 200, 5)]
    reports += [report("M1", "event", 105, **breakdown), report("M1", "event", 125, **breakdown)]
    # Told of only after the last day of the history below.
    reports.append(report("M2", "event", 122, late=90, **breakdown))
    reports.append(report("M3", "work", 100))
    past = pd.DataFrame(
        {
            "as_of_date": [day(at).item() for at in (100, 100, 100, 120, 120)],
            "machine_id": [f"mes/F1/{code}" for code in ("M1", "M2", "M3", "M1", "gone")],
        }
    )
    known = [one for one in reports if one["known_date"] <= day(145)]
    found = failure_outcomes(past, made_up(known, [], 145))
    # M3 is not seen again; the 30 days from day 120 on are not over.
    assert found.counts.tolist() == [
        *([True, True], [True, True], [False, False]),
        *([True, False], [False, False]),
    ]
    assert found.outcome[:2].tolist() == [[1, 1], [0, 0]]
    assert found.outcome[3, 0] == 1
    assert set(found.unit[:4]) == {"mes/F1"}
    later = failure_outcomes(past, made_up(reports, [], 220))
    assert later.outcome[1].tolist() == [0, 1]


def test_rows_of_dates_and_versions_that_do_not_count_are_left_out() -> None:
    past = pd.DataFrame(
        {
            "as_of_date": [before(100), before(100), before(40), before(40)],
            "model_version": ["7", "6", "7", "7"],
            **{name: [0.1, 0.2, 0.3, 0.4] for name in WARNINGS.probabilities},
            "is_alarm": [True, False, False, True],
        }
    )
    outcomes = Outcomes(
        counts=np.array([[True] * 3] * 3 + [[False] * 3]),
        outcome=np.eye(4)[:, :3],
        unit=np.array(list("abcd"), dtype=object),
    )
    closed = [ClosedDates("7", 30, (before(40), before(100))), ClosedDates("7", 90, (before(100),))]
    month, quarter = came_true(WARNINGS, closed, past, outcomes)
    assert month.probability.tolist() == [0.1, 0.3]
    assert month.outcome.tolist() == [1, 0]
    assert month.unit.tolist() == ["a", "c"]
    assert quarter.probability.tolist() == [0.1]
    assert quarter.outcome.tolist() == [0]
    assert month.is_alarm is not None and month.is_alarm.tolist() == [True, False]


def came(days: int, truth: float = 1.0, units: int = 400, seed: int = 3) -> CameTrue:
    """Two rows of each unit, whose events are `truth` times as likely as was said."""
    random = np.random.default_rng(seed)
    probability = np.repeat(random.beta(1, 9, units), 2)
    outcome = (random.random(2 * units) < np.clip(truth * probability, 0, 1)).astype(float)
    unit = np.repeat([f"E{one}" for one in range(units)], 2).astype(object)
    closed = ClosedDates("7", days, (before(100), before(200)))
    return CameTrue(closed, probability, outcome, unit, probability > 0.2)


def told(
    thresholds: Thresholds, items: list[CameTrue], hazard: Hazard = WARNINGS, auc: float = 0.7
) -> dict[tuple[str, str], Finding]:
    areas = {("7", days): auc for days in hazard.horizons}
    found = hazard_outcome_findings(IN_USE, hazard, items, areas, thresholds)
    by_key = {(one.measure, one.subject): one for one in found}
    assert len(by_key) == len(found)
    return by_key


def test_figures_of_what_came_true_are_those_of_scikit_learn_and_scipy(
    thresholds: Thresholds,
) -> None:
    one = came(90)
    found, events, rows = told(thresholds, [one]), int(one.outcome.sum()), len(one.outcome)
    observed = found["observed_event_ratio", within(90)]
    assert observed.value == pytest.approx(events / rows)
    ends = beta.ppf([0.025, 0.975], events + 0.5, rows - events + 0.5)
    assert (observed.lower, observed.upper) == pytest.approx(tuple(ends))
    assert f"{events:,} had distress" in observed.said[0]
    assert f"{one.probability.sum():,.1f} were predicted" in observed.said[0]
    assert "发生陷入困境" in observed.said[1]
    area = found["matured_auc", within(90)]
    assert area.value == pytest.approx(roc_auc_score(one.outcome, one.probability))
    assert area.lower is not None and area.upper is not None
    assert area.lower < area.value < area.upper
    assert (area.amber, area.red) == pytest.approx((0.68, 0.65))
    squares = found["matured_brier", within(90)]
    assert squares.value == pytest.approx(brier_score_loss(one.outcome, one.probability))
    assert {one.enterprise_count for one in (observed, area, squares)} == {400}


def test_rows_that_are_given_more_often_narrow_no_interval(
    thresholds: Thresholds,
) -> None:
    once = came(90)
    thrice = replace(
        once,
        **{
            name: np.repeat(getattr(once, name), 3)
            for name in ("probability", "outcome", "unit", "is_alarm")
        },
    )
    for name in ("matured_auc", "matured_brier"):
        one, other = (told(thresholds, [x])[name, within(90)] for x in (once, thrice))
        assert (one.value, one.lower, one.upper) == pytest.approx(
            (other.value, other.lower, other.upper)
        )


def test_alarms_are_counted_against_events_both_ways(thresholds: Thresholds) -> None:
    one = came(90)
    found = told(thresholds, [one])
    assert one.is_alarm is not None
    both = sum(1 for alarm, event in zip(one.is_alarm, one.outcome, strict=True) if alarm and event)
    true_alarms = found["true_alarm_ratio", within(90)]
    assert true_alarms.value == pytest.approx(both / one.is_alarm.sum())
    alarmed = found["alarmed_event_ratio", within(90)]
    assert alarmed.value == pytest.approx(both / one.outcome.sum())
    assert {true_alarms.level, alarmed.level} == {"none"}
    silent = replace(one, is_alarm=np.zeros(len(one.outcome), dtype=bool))
    quiet = told(thresholds, [silent])
    assert quiet["true_alarm_ratio", within(90)].value is None
    assert quiet["alarmed_event_ratio", within(90)].value == 0
    sound = told(thresholds, [replace(one, outcome=np.zeros(len(one.outcome)))])
    assert sound["true_alarm_ratio", within(90)].value == 0
    assert sound["alarmed_event_ratio", within(90)].value is None


def test_alarms_are_of_the_last_horizon_and_of_no_model_that_raises_none(
    thresholds: Thresholds,
) -> None:
    assert not [name for name, _ in told(thresholds, [came(30)]) if "alarm" in name]
    of_machines = replace(came(30), is_alarm=None)
    assert not [name for name, _ in told(thresholds, [of_machines], FAILURES) if "alarm" in name]


def test_events_of_fewer_units_than_declared_rank_nothing(thresholds: Thresholds) -> None:
    least, one = thresholds.discrimination.least_defaults, came(90)
    names = sorted({*one.unit})
    for units in (least - 1, least):
        # Both rows of each of these units, so that events are enough and their units may not be.
        few = replace(one, outcome=np.isin(one.unit, names[:units]).astype(float))
        area = told(thresholds, [few])["matured_auc", within(90)]
        assert (area.value is None) == (units < least)
        assert (f"are of {units} enterprises" in area.said[0]) == (units < least)


def test_a_horizon_that_has_closed_for_nobody_is_said(thresholds: Thresholds) -> None:
    nobody = replace(came(60), **{name: np.empty(0) for name in ("probability", "outcome", "unit")})
    found = told(thresholds, [came(30), nobody])
    assert found["observed_event_ratio", within(30)].value is not None
    for days in (60, 90):
        one = found["observed_event_ratio", within(days)]
        assert (one.value, one.level, one.of) == (None, "none", IN_USE)
        assert f"{days} days" in one.said[0] and f"{days}天" in one.said[1]


def test_too_low_probabilities_are_red_and_adjusted_for_the_number_of_horizons(
    thresholds: Thresholds,
) -> None:
    low = [came(days, truth=2.0, seed=days) for days in WARNINGS.horizons]
    found = told(thresholds, low, auc=0.5)
    tests = [one for (measure, _), one in found.items() if measure == "jeffreys_p_value"]
    assert [one.level for one in tests] == ["red"] * 3
    assert all("adjusted by Holm for 3 horizons" in one.said[0] for one in tests)
    (proposed,) = proposals(list(found.values()), IN_USE)
    assert (proposed.subject, proposed.level) == (TRAIN_ANEW, "red")
    # What another version had said is no reason to train this one anew.
    assert proposals(list(found.values()), Watched("8", "champion")) == []
    right = told(thresholds, [came(days, seed=days) for days in WARNINGS.horizons], auc=0.5)
    assert {one.level for one in right.values()} == {"green", "none"}
    lone = told(thresholds, [came(30, truth=1.2)])["jeffreys_p_value", within(30)]
    three = told(thresholds, [came(30, truth=1.2), *low[1:]])["jeffreys_p_value", within(30)]
    assert lone.value is not None and three.value is not None
    assert lone.value <= three.value <= min(1, 3 * lone.value)


def test_a_rank_order_that_fell_is_red(thresholds: Thresholds) -> None:
    one = came(90)
    turned = replace(one, probability=1 - one.probability)
    assert told(thresholds, [turned])["matured_auc", within(90)].level == "red"
