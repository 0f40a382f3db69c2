"""Failures from events: nothing of a moment or later is a feature, and places are shared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluations.machine_events import (
    HORIZON_DAYS,
    NO_FAILURE_YET_DAYS,
    TEST_MONDAYS,
    TRAINING_MONDAYS,
    Events,
    count_before,
    days_after_visit,
    days_since_last,
    errors_yesterday,
    feature_names,
    features_before,
    has_visit_due,
    precision,
    read_events,
    recall,
    replacement_grid,
    riskiest,
)

MONDAY = pd.Timestamp("2015-03-02")


def moments(*written: str) -> np.ndarray:
    return np.array(written, dtype="datetime64[ns]")


def happened(*rows: tuple[int, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["machineID", "datetime", "kind"])
    return frame.assign(datetime=pd.to_datetime(frame["datetime"]))


def made_up(failures: pd.DataFrame) -> Events:
    return Events(
        errors=happened(
            (1, "2015-03-01 00:00", "error1"),
            (1, "2015-03-01 23:59", "error3"),
            (1, "2015-02-20 12:00", "error1"),
            (1, "2015-03-02 00:00", "error2"),
            (2, "2015-03-01 05:00", "error5"),
        ),
        failures=failures,
        replacements=happened(
            (1, "2015-02-28 06:00", "comp1"),
            (1, "2015-01-01 00:00", "comp2"),
            (1, "2015-03-02 06:00", "comp2"),
            (1, "2015-01-11 00:00", "comp3"),
            (1, "2015-01-21 00:00", "comp4"),
            *[(2, "2015-02-01 06:00", f"comp{x}") for x in (1, 2, 3, 4)],
        ),
        machines=pd.DataFrame({"machineID": [1, 2], "model": ["model3", "model1"], "age": [18, 7]}),
    )


def test_what_happens_at_the_moment_itself_is_not_before_it() -> None:
    times = moments("2015-03-01 00:00", "2015-03-01 23:59", "2015-03-02 00:00")
    assert count_before(times, moments("2015-03-02"), 1).tolist() == [2]
    assert count_before(times, moments("2015-03-03"), 1).tolist() == [1]
    assert days_since_last(times, moments("2015-03-01"), -1).tolist() == [-1]
    assert days_since_last(times[2:], moments("2015-03-03 12:00"), -1).tolist() == [1.5]
    assert days_since_last(times[:0], moments("2015-03-01"), -1).tolist() == [-1]


@given(
    st.lists(st.integers(0, 2000), max_size=30),
    st.lists(st.integers(0, 2000), min_size=1, max_size=5),
    st.integers(1, 40),
)
def test_counts_are_those_of_looking_at_every_event(
    hours: list[int], at: list[int], days: int
) -> None:
    begin = np.datetime64("2015-01-01", "ns")
    times = begin + np.sort(np.array(hours, dtype=int)).astype("timedelta64[h]")
    wanted = begin + np.array(at).astype("timedelta64[h]")
    expected = [sum(x - 24 * days <= hour < x for hour in hours) for x in at]
    assert count_before(times, wanted, days).tolist() == expected


def test_features_of_a_row_worked_by_hand() -> None:
    failures = happened((1, "2015-02-20 00:00", "comp1"), (1, "2015-03-08 23:59", "comp2"))
    rows = features_before(made_up(failures), pd.DatetimeIndex([MONDAY]))
    first, second = rows.iloc[0], rows.iloc[1]
    assert [first[f"error1_{x}_days"] for x in (1, 7, 30)] == [1, 1, 2]
    assert first["error2_30_days"] == 0
    assert [first[f"error_{x}_days"] for x in (1, 7, 30)] == [2, 2, 3]
    assert [first[f"comp{x}_days"] for x in (1, 2, 3, 4)] == [1.75, 60, 50, 40]
    assert first["oldest_component_days"] == 60
    assert (first["failure_days"], first["failure_30_days"]) == (10, 1)
    assert (first["age_years"], first["model3"], first["model1"]) == (18, 1, 0)
    assert (first["fails"], second["fails"]) == (1, 0)
    assert second["failure_days"] == NO_FAILURE_YET_DAYS


@pytest.mark.parametrize(
    ("failure", "fails"),
    [
        ("2015-03-01 23:59", 0),
        ("2015-03-02 00:00", 1),
        ("2015-03-08 23:59", 1),
        ("2015-03-09 00:00", 0),
    ],
)
def test_the_horizon_is_seven_days_from_the_monday_on(failure: str, fails: int) -> None:
    events = made_up(happened((1, failure, "comp1")))
    rows = features_before(events, pd.DatetimeIndex([MONDAY]))
    assert rows.loc[0, "fails"] == fails


def test_no_feature_changes_when_the_future_does() -> None:
    before = happened((1, "2015-02-20 00:00", "comp1"))
    after = happened((1, "2015-02-20 00:00", "comp1"), (1, "2015-03-02 06:00", "comp2"))
    one, other = (features_before(made_up(x), pd.DatetimeIndex([MONDAY])) for x in (before, after))
    names = feature_names(one)
    assert {"machine", "monday", "fails"}.isdisjoint(names)
    pd.testing.assert_frame_equal(one[names], other[names])
    assert one["fails"].tolist() != other["fails"].tolist()


def test_a_rule_by_errors_gives_the_training_share_of_its_bin() -> None:
    training = pd.DataFrame(
        {"error_1_days": [0, 0, 0, 0, 1, 1, 2, 5], "fails": [0, 0, 0, 1, 0, 1, 1, 1]}
    )
    rows = pd.DataFrame({"error_1_days": [7, 1, 0, 2]})
    assert errors_yesterday(training, rows).tolist() == [1, 0.5, 0.25, 1]


def with_newest(*days: float) -> pd.DataFrame:
    return pd.DataFrame({f"comp{x}_days": np.array(days) + 15 * (x - 1) for x in (1, 2, 3, 4)})


def test_a_visit_is_due_when_the_fifteenth_day_lies_in_the_next_seven() -> None:
    rows = with_newest(0.75, 7.75, 8.75, 14.75, 15.75, 23.75)
    assert days_after_visit(rows).tolist() == [0, 7, 8, 14, 0, 8]
    # Replaced at 6:00, so on day k after it Monday is k + 0.75 days later; the visit is at 15.
    within = [15 - (x % 15) <= HORIZON_DAYS for x in (0.75, 7.75, 8.75, 14.75, 15.75, 23.75)]
    assert has_visit_due(rows).tolist() == within


def test_a_rule_by_the_grid_gives_the_training_share_of_its_day() -> None:
    training = with_newest(1.75, 1.75, 16.75, 9.75).assign(fails=[0.0, 0.0, 1.0, 1.0])
    found = replacement_grid(training, with_newest(1.75, 9.75, 3.75))
    assert found == pytest.approx([1 / 3, 1, 0.5])


def test_tied_rows_share_the_places_that_are_left() -> None:
    probability = np.array([0.9, 0.5, 0.5, 0.5, 0.1, 0.2, 0.3, 0.4])
    group = np.array([1, 1, 1, 1, 1, 2, 2, 2])
    found = riskiest(probability, group, 2)
    assert found == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0, 0, 1, 1])
    outcome = np.array([1.0, 1, 0, 0, 0, 1, 0, 1])
    once = np.ones((1, 8))
    assert precision(outcome, found, once) == pytest.approx([(1 + 1 / 3 + 1) / 4])
    assert recall(outcome, found, once) == pytest.approx([(1 + 1 / 3 + 1) / 4])


def test_a_constant_has_the_base_rate_as_its_precision() -> None:
    outcome = np.array([1.0, 0, 0, 0, 1, 0])
    share = riskiest(np.full(6, 0.3), np.array([1, 1, 1, 2, 2, 2]), 1)
    assert precision(outcome, share, np.ones((1, 6))) == pytest.approx([1 / 3])


def test_the_parts_of_the_real_rows_are_those_of_the_protocol(real_data: Path) -> None:
    events = read_events(real_data / "machine_events")
    assert (len(events.errors), len(events.failures), len(events.replacements)) == (3919, 761, 3286)
    training = features_before(events, TRAINING_MONDAYS)
    test = features_before(events, TEST_MONDAYS)
    assert (len(training), len(test)) == (3000, 1600)
    assert training["monday"].max() + pd.Timedelta(days=HORIZON_DAYS) < test["monday"].min()
    assert not training[feature_names(training)].isna().any().any()
    # Counted from the file, not from the features.
    times = events.failures["datetime"]
    monday = times.dt.normalize() - pd.to_timedelta(times.dt.weekday, unit="D")
    in_test = monday.isin(TEST_MONDAYS)
    pairs = set(zip(events.failures["machineID"][in_test], monday[in_test], strict=True))
    assert test["fails"].sum() == len(pairs) == 199
    assert test.loc[~has_visit_due(test), "fails"].sum() == 0
