"""Plant energy: what is known at midnight, and skill and scale by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from models.evaluations.plant_energy import (
    DATES_FILE,
    HOLIDAYS,
    LOAD_FILE,
    STEPS,
    TEST_DAYS,
    forecast_anew_each_week,
    known_at_midnight,
    read_loads,
    scaled_error,
    seasonal_scale,
    skill_against,
)


def loads(days: int = 40) -> np.ndarray:
    return np.random.default_rng(13).uniform(0, 100, (days, STEPS))


def test_nothing_of_the_day_or_after_it_is_known() -> None:
    load = loads()
    changed = load.copy()
    changed[33:] += 1000
    before, after = known_at_midnight(load), known_at_midnight(changed)
    # Day 33 is forecast from the days before it, and so may not move; day 34 may.
    assert before.iloc[: 34 * STEPS].equals(after.iloc[: 34 * STEPS])
    assert not before.iloc[34 * STEPS :].equals(after.iloc[34 * STEPS :])


def test_features_of_an_interval_are_those_read_off_by_hand() -> None:
    load = loads()
    day, step = 35, 50
    row = known_at_midnight(load).iloc[day * STEPS + step]
    assert row["load_1_days_before"] == load[34, step]
    assert row["load_28_days_before"] == load[7, step]
    four = load[[28, 21, 14, 7], step]
    assert row["mean_of_four_weeks"] == pytest.approx(four.mean())
    assert row["mean_of_seven_days"] == pytest.approx(load[28:35, step].mean())
    assert row["deviation_of_seven_days"] == pytest.approx(load[28:35, step].std())
    assert row["smoothed_7_days_before"] == pytest.approx(load[28, 48:53].mean())
    assert row["load_before_midnight"] == pytest.approx(load[34, 92:].mean())
    assert row["mean_load_8_days_before"] == pytest.approx(load[27].mean())
    assert row["step"] == step
    # 36th day of 2018: the 5th of February, a Monday.
    assert (row["weekday"], row["is_weekend"], row["is_holiday"]) == (0, 0, 0)


def test_holidays_are_seen_on_the_day_before_it_and_after_a_week() -> None:
    values = known_at_midnight(loads(60)).iloc[::STEPS].reset_index(drop=True)
    found = {str(date(2018, 1, 1) + timedelta(days=day)): row for day, row in values.iterrows()}
    assert found["2018-02-15"]["is_holiday"] == 1
    assert found["2018-02-14"]["is_holiday_next_day"] == 1
    assert found["2018-02-14"]["is_holiday"] == 0
    assert found["2018-02-18"]["was_holiday_1_days_before"] == 1
    assert found["2018-02-22"]["was_holiday_7_days_before"] == 1
    assert sum(row["is_holiday"] for row in found.values()) == sum(
        x < "2018-03-02" for x in HOLIDAYS
    )


def test_the_scale_and_the_skill_are_those_worked_out_by_hand() -> None:
    # A load that grows by 2 a day differs from that of a week before by 14.
    load = np.repeat(2.0 * np.arange(20)[:, None], STEPS, axis=1)
    load[-5:] = 999
    assert seasonal_scale(load, test_days=5) == 14
    outcome, once = np.array([10.0, 20.0]), np.ones((1, 2))
    naive, better = np.array([14.0, 16.0]), np.array([11.0, 19.0])
    assert skill_against(naive)(outcome, better, once)[0] == pytest.approx(0.75)
    assert skill_against(naive)(outcome, naive, once)[0] == 0
    assert scaled_error(2.0)(outcome, naive, once)[0] == 2


def test_each_week_is_forecast_from_the_days_before_it() -> None:
    days = 28 + 14 + 10
    values = pd.DataFrame({"x": np.zeros(days * STEPS)})
    target = np.repeat(np.arange(days, dtype=float), STEPS)
    found = forecast_anew_each_week(DummyRegressor(), values, target, 42, 10)
    # The mean of days 28 to 41, and then of 28 to 48 for the three days that are left.
    expected = np.repeat([np.arange(28, 42).mean(), np.arange(28, 49).mean()], [7 * 96, 3 * 96])
    assert np.array_equal(found, expected)


def test_files_that_do_not_hold_the_same_are_refused(tmp_path: Path) -> None:
    days = pd.date_range("2018-01-01", periods=STEPS, freq="15min")
    # The midnight reading stands last, with the day's own date.
    written = [*days[1:].strftime("%d/%m/%y %H:%M"), "01/01/18 00:00"]
    load = pd.DataFrame({"date": written, "Usage_kWh": np.arange(96.0)})
    load.to_csv(tmp_path / LOAD_FILE, index=False)
    load.to_csv(tmp_path / DATES_FILE, index=False)
    assert read_loads(tmp_path).tolist() == [list(np.arange(96.0))]
    load.iloc[::-1].to_csv(tmp_path / DATES_FILE, index=False)
    with pytest.raises(ValueError, match="same loads"):
        read_loads(tmp_path)
    load.assign(date=written[::-1]).to_csv(tmp_path / DATES_FILE, index=False)
    with pytest.raises(ValueError, match="quarters"):
        read_loads(tmp_path)


def test_the_file_fills_the_year_and_the_test_is_its_last_eight_weeks(real_data: Path) -> None:
    load = read_loads(real_data / "plant_energy")
    assert load.shape == (365, STEPS)
    assert load.sum() == pytest.approx(959_636.71)
    assert date(2018, 1, 1) + timedelta(days=len(load) - TEST_DAYS) == date(2018, 11, 6)
    assert known_at_midnight(load).iloc[28 * STEPS :].notna().all().all()
