"""Machine health: covariates, intervals, censoring and what was known when, against slow loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.machine_health.covariates import covariates
from models.machine_health.declared import COVARIATES, NAMES, declared_version
from models.machine_health.history import FAILURES, OVERHAULS
from models.machine_health.machine_dates import (
    machine_dates,
    missing_reasons,
    outcome_within,
    person_intervals,
    sundays,
)
from tests.unit.made_up_machines import SPECIFICATION, Row, day, made_up, reading, report

LAST = 260
# Some Sundays show what all would.
SOME = replace(SPECIFICATION, training_days=80)
EARLY = report("other", "event", 0, detail="jam", is_stop=True)

moments = {"number": st.integers(0, LAST), "late": st.integers(0, 12)}
machine = st.sampled_from(["M1", "M2"])
minute = st.floats(0, 1_400).map(round).map(float)
event = st.builds(
    report,
    *(machine, st.just("event")),
    **moments,
    detail=st.sampled_from(["breakdown", "failure", "jam", "error"]),
    is_stop=st.booleans(),
    started_minute=minute,
    minutes=st.just(np.nan) | st.floats(1, 6_000).map(round).map(float),
    superseded_date=st.just(pd.NaT) | st.integers(0, LAST + 20).map(day),
)
tending = st.builds(
    report,
    *(machine, st.just("maintenance")),
    **moments,
    detail=st.sampled_from(["inspection", "overhaul", "replacement"]),
    started_minute=minute,
    minutes=st.just(60.0),
)
work = st.builds(
    report,
    *(machine, st.just("work")),
    **moments,
    minutes=st.just(480.0),
    run_minutes=st.sampled_from([0.0, 240.0, 480.0]),
    good_quantity=st.sampled_from([0.0, 50.0, 90.0]),
    scrap_quantity=st.sampled_from([np.nan, 0.0, 10.0]),
    energy_kwh=st.sampled_from([np.nan, 20.0, 40.0]),
)
some_reports = st.lists(event | tending | work, max_size=40).map(lambda rows: [EARLY, *rows])


def _stood(rows: list[Row], code: str, as_of: np.datetime64) -> list[Row]:
    return [
        row
        for row in rows
        if row["machine_code"] == code
        and row["known_date"] <= as_of
        and row["day"] <= as_of
        and not (row["superseded_date"] is not pd.NaT and row["superseded_date"] <= as_of)
    ]


def _ago(row: Row, as_of: np.datetime64) -> int:
    return int((as_of - row["day"]).astype(int))


def _is_failure(row: Row) -> bool:
    return row["kind"] == "event" and row["detail"] in FAILURES


def _slow_covariates(rows: list[Row], code: str, as_of: np.datetime64) -> dict[str, float]:
    """The covariates of reports, row by row."""
    ours = [row for row in _stood(rows, code, as_of) if _ago(row, as_of) < 180]
    found = dict.fromkeys(NAMES, np.nan)
    tended = [row for row in ours if row["kind"] == "maintenance"]
    ages = {
        "days_since_maintenance": tended,
        "days_since_overhaul": [row for row in tended if row["detail"] in OVERHAULS],
        "days_since_failure": [row for row in ours if _is_failure(row)],
    }
    for name, some in ages.items():
        found[name] = min([180, *(_ago(row, as_of) for row in some)])
    found["failures_90d"] = len(
        {row["day"] for row in ours if _is_failure(row) and _ago(row, as_of) < 90}
    )
    stops = [row for row in ours if row["kind"] == "event" and row["is_stop"]]
    for days in (30, 90):
        recent = [row for row in stops if _ago(row, as_of) < days]
        found[f"stops_{days}d"] = len(recent)
        lengths = []
        for row in recent:
            left = (_ago(row, as_of) + 1) * 1_440 - row["started_minute"]
            lengths.append(0 if np.isnan(row["minutes"]) else min(row["minutes"], left))
        found[f"stop_minutes_{days}d"] = sum(lengths)

    def total(name: str, start: int, end: int, with_energy: bool = False) -> float:
        return float(
            sum(
                0 if np.isnan(row[name]) else row[name]
                for row in ours
                if row["kind"] == "work" and start <= _ago(row, as_of) < end
                if not (with_energy and np.isnan(row["energy_kwh"]))
            )
        )

    def ratio(top: float, bottom: float) -> float:
        return top / bottom if bottom > 0 else np.nan

    found["run_minutes_30d"] = total("run_minutes", 0, 30)
    scrap, good = total("scrap_quantity", 0, 30), total("good_quantity", 0, 30)
    found["scrap_ratio_30d"] = ratio(scrap, scrap + good)
    found["output_rate_ratio"] = ratio(
        ratio(total("good_quantity", 0, 30), total("run_minutes", 0, 30)),
        ratio(total("good_quantity", 30, 90), total("run_minutes", 30, 90)),
    )
    found["energy_per_piece_ratio"] = ratio(
        ratio(total("energy_kwh", 0, 30), total("good_quantity", 0, 30, True)),
        ratio(total("energy_kwh", 30, 90), total("good_quantity", 30, 90, True)),
    )
    return found


@settings(deadline=None, max_examples=25)
@given(some_reports, st.integers(100, LAST))
def test_covariates_are_those_of_a_loop_over_what_was_known(rows: list[Row], number: int) -> None:
    history, as_of = made_up(rows, [], LAST), day(number)
    found = covariates(history, as_of, SPECIFICATION)
    for place, code in enumerate(history.machines.listed.machine_code):
        expected = _slow_covariates(rows, code, as_of)
        assert found.iloc[place].to_dict() == pytest.approx(expected, nan_ok=True)


@settings(deadline=None, max_examples=15)
@given(some_reports, st.integers(100, LAST))
def test_neither_what_was_known_later_nor_what_is_too_old_changes_a_covariate(
    rows: list[Row], number: int
) -> None:
    as_of = day(number)
    kept = [
        {**row, "superseded_date": pd.NaT} if row["superseded_date"] > as_of else row
        for row in rows
        if row["known_date"] <= as_of and _ago(row, as_of) < SPECIFICATION.history_days
    ]
    whole, part = made_up(rows, [], LAST), made_up(kept, [], number, days=180)
    found, expected = (
        covariates(one, as_of, SPECIFICATION).set_axis(one.machines.listed.machine_code)
        for one in (whole, part)
    )
    pd.testing.assert_frame_equal(found.loc[expected.index], expected)


def _slow_intervals(rows: list[Row], known_by: int) -> set[tuple[str, int, int, int]]:
    """Machine, as-of day, interval and event, day by day from the reports themselves."""
    found = set()
    codes = sorted({row["machine_code"] for row in rows})
    for number in range(0, known_by + 1):
        as_of = day(number)
        if as_of.item().weekday() != 6 or known_by - number >= SOME.training_days:
            continue
        for code in codes:
            stood = [row for row in _stood(rows, code, as_of) if _ago(row, as_of) < 180]
            ages = [_ago(row, as_of) for row in stood]
            if not ages or max(ages) < 90 or min(ages) >= 28:
                continue
            ends = [
                row["started_minute"] + row["minutes"] - (_ago(row, as_of) + 1) * 1_440
                for row in stood
                if _is_failure(row)
            ]
            if any(end > 0 for end in ends):
                continue
            later = [row for row in _stood(rows, code, day(known_by)) if row["day"] > as_of]
            failures = [int((row["day"] - as_of).astype(int)) for row in later if _is_failure(row)]
            first = min(failures, default=10_000)
            for place, (start, end) in enumerate(((0, 7), (7, 30))):
                if number + end + SOME.reporting_days > known_by or first <= start:
                    break
                is_event = first <= end
                is_seen = any((row["day"] - as_of).astype(int) >= end for row in later)
                if is_event or is_seen:
                    found.add((code, number, place, int(is_event)))
                if is_event:
                    break
    return found


busy = st.lists(event | tending | work, min_size=20, max_size=90).map(lambda rows: [EARLY, *rows])


@settings(deadline=None, max_examples=15)
@given(busy, st.integers(150, LAST))
def test_person_intervals_are_those_of_the_slow_way(rows: list[Row], known_by: int) -> None:
    known = [row for row in rows if row["known_date"] <= day(known_by)]
    history = made_up(known, [], known_by)
    dates = machine_dates(history, sundays(day(known_by), SOME), SOME)
    person = person_intervals(dates, day(known_by), SOME)
    names = history.machines.listed.set_index("machine_id").machine_code
    found = {
        (
            names[dates.machine_id[row]],
            int((dates.as_of_date[row] - day(0)).astype(int)),
            int(interval),
            int(is_event),
        )
        for row, interval, is_event in zip(person.row, person.interval, person.event, strict=True)
    }
    assert len(found) == len(person.row)
    assert found == _slow_intervals(known, known_by)


@settings(deadline=None, max_examples=8)
@given(busy, st.integers(150, LAST - 20))
def test_what_becomes_known_later_changes_no_training_row(rows: list[Row], known_by: int) -> None:
    rows = [{**row, "superseded_date": pd.NaT} for row in rows]
    by_day, later = day(known_by), made_up(rows, [], LAST)
    earlier = made_up([row for row in rows if row["known_date"] <= by_day], [], known_by)
    on = sundays(by_day, SOME)
    one, other = (machine_dates(x, on, SOME) for x in (earlier, later))
    ours = np.isin(other.machine_id, earlier.machines.listed.machine_id)
    other = other.of(ours)
    pd.testing.assert_frame_equal(one.values, other.values.reset_index(drop=True))
    # Of a failure before the first one that was known, nothing is learnt but that it came too late.
    same = one.failure_known_by(by_day) == other.failure_known_by(by_day)
    same |= np.isnat(one.failure_known_by(by_day)) & np.isnat(other.failure_known_by(by_day))
    for place in range(SOME.interval_count):
        first, second = (outcome_within(x, place, by_day, SOME) for x in (one, other))
        assert np.array_equal(first[0][same], second[0][same])
        assert np.array_equal(first[1][same], second[1][same])


def test_a_machine_that_is_not_seen_again_is_no_survivor() -> None:
    weekly = [report("M1", "work", number, run_minutes=60.0) for number in range(0, 150, 7)]
    history = made_up([EARLY, *weekly], [], LAST)
    dates = machine_dates(history, np.array([day(104), day(139)]), SPECIFICATION)
    assert dates.as_of_date.tolist() == [day(104).item(), day(139).item()]
    counts = [outcome_within(dates, place, day(LAST), SPECIFICATION)[0] for place in (0, 1)]
    assert [one.tolist() for one in counts] == [[True, True], [True, False]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([report("M1", "work", number) for number in (0, 99)], ""),
        ([report("M1", "work", number) for number in (11, 99)], "short_history"),
        ([report("M1", "work", number) for number in (0, 72)], "short_history"),
        ([report("M1", "work", number, code_system="erp") for number in (0, 99)],
         "no_failures_reported"),
        ([report("M1", "work", 0),
          report("M1", "event", 100, detail="breakdown", started_minute=1_380.0, minutes=120.0)],
         "standing"),
        ([report("M1", "work", 0),
          report("M1", "event", 100, detail="breakdown", started_minute=1_380.0, minutes=9.0)], ""),
        ([report("M1", "work", 0),
          report("M1", "event", 100, detail="failure", started_minute=1_380.0)], ""),
        ([report("M1", "work", 0),
          report("M1", "event", 100, detail="jam", started_minute=1_380.0, minutes=120.0)], ""),
    ],
)  # fmt: skip
def test_a_machine_without_a_probability_has_its_reason(rows: list[Row], expected: str) -> None:
    history = made_up([EARLY, *rows], [], 100)
    found = missing_reasons(history, day(100), SPECIFICATION)
    assert found[(history.machines.listed.machine_code == "M1").to_numpy()].tolist() == [expected]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_shift_of_readings_is_told_in_deviations_once_it_is_known(is_late: bool) -> None:
    random = np.random.default_rng(1)
    values = 50 + random.normal(size=200)
    values[193:] += 8
    late = [20 if is_late and number >= 193 else 0 for number in range(200)]
    rows = [reading("M1", "heat", n, values[n], late[n]) for n in range(200)]
    rows += [reading("M1", "still", n, 7.0) for n in range(200)]
    found = covariates(made_up([], rows, 199), day(199), SPECIFICATION).iloc[0]
    for name, first in (("telemetry_level", 20), ("telemetry_drift", 140)):
        before = values[first:193]
        deviation = 1.4826 * np.median(np.abs(before - np.median(before)))
        expected = abs(np.median(values[193:]) - np.median(before)) / deviation
        assert found[name] == pytest.approx(np.nan if is_late else expected, nan_ok=True)


def test_every_covariate_is_declared_once_and_a_new_setting_is_a_new_version() -> None:
    assert len(set(NAMES)) == len(COVARIATES)
    assert {one.sign for one in COVARIATES} == {1, -1}
    other = replace(SPECIFICATION, horizons=(7, 60))
    assert declared_version(other) != declared_version(SPECIFICATION)
