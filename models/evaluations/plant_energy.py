"""The load of a steel plant in every quarter of an hour of a day, forecast at its midnight.

Protocol, results and reading: docs/evaluations/plant_energy.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from models.arrays import Floats
from models.evaluations.chosen_models import (
    BoostingSettings,
    Loss,
    amount,
    choose_boosted_amount,
    forward_folds,
)
from models.evaluations.evaluation import Evaluation, Figure, Published
from models.evaluations.judging import OF_AMOUNTS, judge, mean_absolute_error
from models.evaluations.one_processor import on_one_processor
from models.evaluations.resampling import block_weights
from models.metrics import WeightedMetric, estimate

LOAD_FILE = "Steel_industry_data.csv"
DATES_FILE = "Steel_dates_reference.csv"
SEED = 20_181_106
STEPS = 96
TEST_DAYS = 56
BLOCK_DAYS = 7
LAG_DAYS = (1, 2, 3, 7, 14, 21, 28)
WEEKS_OF_MEAN = (7, 14, 21, 28)
FIRST_DAY = np.datetime64("2018-01-01")
# Public holidays in the Republic of Korea in 2018, substitutes and the local election among them.
HOLIDAYS = (
    *("2018-01-01", "2018-02-15", "2018-02-16", "2018-02-17", "2018-03-01", "2018-05-05"),
    *("2018-05-07", "2018-05-22", "2018-06-06", "2018-06-13", "2018-08-15", "2018-09-23"),
    *("2018-09-24", "2018-09-25", "2018-09-26", "2018-10-03", "2018-10-09", "2018-12-25"),
    "2019-01-01",
)
BOOSTING = BoostingSettings(
    learning_rate=0.05,
    least_rows_per_leaf=50,
    leaves=(8, 31),
    rounds=(200, 400),
    seed=SEED,
    categories=("weekday",),
)
LOSSES: dict[str, Loss] = {
    "boosting, mean": "squared_error",
    "boosting, median": "absolute_error",
}
OF_THE_SAME_INTERVAL = Published(
    7.33,
    "Sathishkumar and others (2020), KIPS Transactions on Software and Data Engineering: random "
    "forest; inputs are reactive power and CO2 of the same interval, no forecast",
    same_split=False,
)


def read_loads(folder: Path) -> Floats:
    """Load in kWh by day and quarter of an hour, (days, 96); a day ends with its midnight reading.

    Raises:
        ValueError: the files do not measure the same, or the rows are not days one after another.
    """
    load = pd.read_csv(folder / LOAD_FILE, usecols=["Usage_kWh"])["Usage_kWh"]
    dates = pd.read_csv(folder / DATES_FILE, usecols=["date", "Usage_kWh"])
    if not load.equals(dates["Usage_kWh"]):
        raise ValueError("the two files do not hold the same loads in the same order")
    written = pd.to_datetime(dates["date"], format="%d/%m/%y %H:%M").to_numpy()
    # The midnight reading is written with the day that it ends, hence the remainder.
    row = np.arange(len(written))
    day = FIRST_DAY + (row // STEPS).astype("timedelta64[D]")
    minutes = 15 * ((row % STEPS + 1) % STEPS)
    if not np.array_equal(written, day + minutes.astype("timedelta64[m]")):
        raise ValueError("the rows are not quarters of an hour of days one after another")
    return load.to_numpy(dtype=float).reshape(-1, STEPS)


def days_before(load: Floats, days: int) -> Floats:
    """The load at the same interval some days before, (days, 96); NaN where there was none."""
    moved = np.full_like(load, np.nan)
    moved[days:] = load[:-days]
    return moved


def known_at_midnight(load: Floats) -> pd.DataFrame:
    """Every feature of every interval, a row each, as of the midnight that begins its day.

    `load` is (days, 96) in kWh; the first 28 days lack lags.
    """
    days = len(load)
    lagged = {lag: days_before(load, lag) for lag in (*range(1, 8), *LAG_DAYS)}
    grids = {f"load_{lag}_days_before": lagged[lag] for lag in LAG_DAYS}
    grids["mean_of_four_weeks"] = np.mean([lagged[lag] for lag in WEEKS_OF_MEAN], axis=0)
    week = np.stack([lagged[lag] for lag in range(1, 8)])
    grids["mean_of_seven_days"] = week.mean(axis=0)
    grids["deviation_of_seven_days"] = week.std(axis=0)
    for lag in (1, 7):
        smooth = pd.DataFrame(lagged[lag].T).rolling(5, center=True, min_periods=1).mean()
        grids[f"smoothed_{lag}_days_before"] = smooth.to_numpy().T
    by_day = {
        "load_before_midnight": lagged[1][:, -4:].mean(axis=1),
        "mean_load_1_days_before": lagged[1].mean(axis=1),
        "mean_load_7_days_before": lagged[7].mean(axis=1),
        "mean_load_8_days_before": days_before(load, 8).mean(axis=1),
    }
    dates = pd.DatetimeIndex(FIRST_DAY + np.arange(days + 1).astype("timedelta64[D]"))
    holiday = np.asarray(dates.isin(pd.DatetimeIndex(HOLIDAYS)), dtype=float)
    by_day["weekday"] = dates.weekday.to_numpy(dtype=float)[:-1]
    by_day["is_weekend"] = (by_day["weekday"] >= 5).astype(float)
    by_day["is_holiday"] = holiday[:-1]
    by_day["is_holiday_next_day"] = holiday[1:]
    for lag in (1, 7):
        # The days before the first one were none as far as the data know.
        by_day[f"was_holiday_{lag}_days_before"] = np.append(np.zeros(lag), holiday[: days - lag])
    columns = {name: grid.ravel() for name, grid in grids.items()}
    columns |= {name: np.repeat(values, STEPS) for name, values in by_day.items()}
    columns["step"] = np.tile(np.arange(STEPS, dtype=float), days)
    return pd.DataFrame(columns)


def seasonal_scale(load: Floats, test_days: int = TEST_DAYS) -> float:
    """MAE of the same time last week before the test, in kWh: the unit of MASE.

    Hyndman and Koehler (2006), "Another look at measures of forecast accuracy", for a season of a
    week.
    """
    training = load[:-test_days]
    return float(np.abs(training[7:] - training[:-7]).mean())


def forecast_anew_each_week(
    chosen: Any, values: pd.DataFrame, target: Floats, first_day: int, test_days: int
) -> Floats:
    """Forecasts of the test days, (rows,); each week by a model fitted to all days before the week.

    `values` and `target` have a row for every interval; those of the first 28 days are left out of
    training. `chosen` has the settings and is itself not changed.
    """
    forecasts = []
    for start in range(first_day, first_day + test_days, BLOCK_DAYS):
        stop = min(start + BLOCK_DAYS, first_day + test_days)
        before = slice(max(LAG_DAYS) * STEPS, start * STEPS)
        fitted = clone(chosen).fit(values.iloc[before], target[before])
        forecasts.append(amount(fitted, values.iloc[start * STEPS : stop * STEPS], lower=0))
    return np.concatenate(forecasts)


def scaled_error(scale: float) -> WeightedMetric:
    """The mean absolute error in units of `scale`."""
    return lambda outcome, predicted, weights: (
        mean_absolute_error(outcome, predicted, weights) / scale
    )


def skill_against(naive: Floats) -> Callable[[Floats, Floats, Floats], Floats]:
    """1 less the mean absolute error by that of the naive forecast (rows,); above 0 is better."""

    def skill(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
        error = mean_absolute_error(outcome, predicted, weights)
        return np.asarray(1 - error / mean_absolute_error(outcome, naive, weights))

    return skill


def forecasts(load: Floats) -> dict[str, Floats]:
    """The forecasts of all models for the intervals of the test days, (rows,) each."""
    values = known_at_midnight(load)
    target = load.ravel()
    first_day = len(load) - TEST_DAYS
    test = slice(first_day * STEPS, None)
    found = {
        "same time last week": values["load_7_days_before"].to_numpy()[test],
        "same time yesterday": values["load_1_days_before"].to_numpy()[test],
        "mean of four weeks": values["mean_of_four_weeks"].to_numpy()[test],
    }
    training = slice(max(LAG_DAYS) * STEPS, first_day * STEPS)
    folds = forward_folds(2, TEST_DAYS * STEPS)
    for name, loss in LOSSES.items():
        search = choose_boosted_amount(
            values.iloc[training], target[training], loss, BOOSTING, folds
        )
        found[name] = forecast_anew_each_week(
            search.best_estimator_, values, target, first_day, TEST_DAYS
        )
    return found


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol; about two minutes on one processor.

    Raises:
        FileNotFoundError: a file is not in the folder.
        ValueError: the two files do not hold the same, or not days one after another.
    """
    load = read_loads(folder)
    predictions = forecasts(load)
    truth = load[-TEST_DAYS:].ravel()
    weights = block_weights(np.repeat(np.arange(TEST_DAYS), STEPS), BLOCK_DAYS, SEED)
    metrics = {**OF_AMOUNTS, "MASE": scaled_error(seasonal_scale(load))}
    published = {("boosting, mean", "RMSE"): OF_THE_SAME_INTERVAL}
    figures = judge(
        "load", metrics, truth, predictions, weights, "same time last week", (), published
    )
    skills = []
    for naive in ("same time last week", "same time yesterday"):
        skill = skill_against(predictions[naive])
        for model, predicted in predictions.items():
            if model != naive:
                found = estimate(skill, truth, predicted[None, :], weights)
                skills.append(Figure(model, f"load: skill against {naive}", len(truth), found))
    return figures + tuple(skills)


EVALUATION = Evaluation(
    name="plant_energy",
    question="How much electricity will a plant draw in each quarter of an hour of the next day?",
    folder="plant_energy",
    run=run,
)
