"""Anomalies of readings: planted shifts are found, and sound days are rarely flagged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from models.arrays import Floats
from models.machine_health.anomalies import anomalies
from tests.unit.made_up_machines import SPECIFICATION, Row, day, made_up, reading


def _rows(values: Floats, machine: str = "M1", sensor: str = "heat") -> list[Row]:
    return [reading(machine, sensor, number, value) for number, value in enumerate(values)]


def _found(rows: list[Row], last: int) -> pd.DataFrame:
    history = made_up([], rows, last)
    count = len(history.machines.listed)
    table = anomalies(history.sensors, day(last), count, SPECIFICATION)
    return table.set_index(history.machines.listed.machine_code[table.index])


def _slow_score(values: list[float]) -> tuple[float, float]:
    """Distance of the last of the values, and the share that is as far out."""
    centre = float(np.median(values))
    deviation = 1.4826 * float(np.median([abs(value - centre) for value in values]))
    out = [abs(value - centre) / deviation for value in values]
    return out[-1], sum(one >= out[-1] for one in out) / len(out)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(50, 90))
def test_score_and_rank_are_those_of_a_loop_over_the_days(seed: int, days: int) -> None:
    values = np.random.default_rng(seed).normal(100, 3, size=days)
    row = _found(_rows(values), days - 1).loc["M1"]
    score, rank = _slow_score(values[-61:].tolist())
    assert row.anomaly_score == pytest.approx(score)
    assert row.anomaly_rank_ratio == pytest.approx(rank)
    assert row.is_anomaly == (score >= 3.5 and rank <= 0.02)


@pytest.mark.parametrize("shift", [-9.0, 9.0])
def test_a_planted_shift_is_an_anomaly_of_its_sensor_and_of_no_other_machine(shift: float) -> None:
    random = np.random.default_rng(5)
    rows = []
    for machine in ("M1", "M2"):
        for sensor in ("heat", "speed"):
            values = random.normal(100, 1, size=80)
            if (machine, sensor) == ("M2", "speed"):
                values[-1] += shift
            rows += _rows(values, machine, sensor)
    found = _found(rows, 79)
    assert found.is_anomaly.to_dict() == {"M1": False, "M2": True}
    assert found.loc["M2"].anomaly_sensor == "speed"
    assert found.loc["M2"].anomaly_score > 6


def test_of_sound_days_that_are_alike_at_most_the_declared_share_is_flagged() -> None:
    # Heavy tails, so that the limit in deviations alone would flag far more.
    machines, random = 600, np.random.default_rng(6)
    rows = []
    for number in range(machines):
        rows += _rows(random.standard_t(2, size=61), f"M{number}")
    found = _found(rows, 60)
    assert len(found) == machines
    assert (found.anomaly_score >= SPECIFICATION.least_distance).mean() > 0.05
    flagged = int(found.is_anomaly.sum())
    assert flagged <= binom.ppf(0.999, machines, SPECIFICATION.flagged_ratio)


def test_a_rest_that_comes_every_week_is_no_anomaly_and_a_first_one_is() -> None:
    random = np.random.default_rng(7)
    working = random.normal(100, 1, size=84)
    weekly = np.where(np.arange(84) % 7 == 6, 0.5, 1.0) * working
    once = working.copy()
    once[-1] *= 0.5
    found = _found(_rows(weekly, "M1") + _rows(once, "M2"), 83)
    assert found.is_anomaly.to_dict() == {"M1": False, "M2": True}


def test_what_can_not_be_judged_has_no_row() -> None:
    values = np.random.default_rng(8).normal(100, 1, size=70)
    rows = _rows(values[:49], "few") + _rows(np.full(70, 4.0), "still")
    rows += _rows(values[:62], "silent") + _rows(values, "judged")
    assert list(_found(rows, 69).index) == ["judged"]
    assert list(_found(_rows(values[:49], "few"), 48).index) == []
    # The latest day within a week is judged.
    late = _found(_rows(values[:64], "late"), 69)
    assert late.anomaly_date.tolist() == [pd.Timestamp(day(63))]


def test_a_day_of_which_the_last_reading_came_later_is_not_known_yet() -> None:
    values = np.random.default_rng(9).normal(100, 1, size=70)
    rows = _rows(values)
    rows[-1] |= {"highest": 150.0, "known_date": day(70)}
    found = _found(rows, 69)
    assert found.anomaly_date.tolist() == [pd.Timestamp(day(68))]
    assert not found.is_anomaly.any()
