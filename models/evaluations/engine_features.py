"""Runs of engines (NASA C-MAPSS, FD001) and what their telemetry says as of each cycle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import spearmanr

from models.arrays import Floats

# Engine, cycle and three settings come before the sensors.
FIRST_SENSOR_COLUMN = 5
LONGEST_LIFE = 125
MEAN_WINDOWS = (5, 15, 30)
SLOPE_WINDOWS = (15, 30)
SPANS = (10, 30)
LEAST_CORRELATION = 0.1


@dataclass(frozen=True)
class EngineRun:
    """One engine: its sensors (cycles, sensors), and the cycles left after the last one."""

    sensors: Floats
    left_at_end: int

    @property
    def life_left(self) -> Floats:
        """Cycles until failure, at most 125, as of each cycle, (cycles,)."""
        cycles = len(self.sensors)
        left = self.left_at_end + np.arange(cycles - 1, -1, -1)
        return np.minimum(left, LONGEST_LIFE).astype(float)


def _sensors_by_engine(path: Path) -> list[Floats]:
    rows = np.loadtxt(path)
    return [rows[rows[:, 0] == x, FIRST_SENSOR_COLUMN:] for x in np.unique(rows[:, 0])]


def read_training_runs(folder: Path) -> list[EngineRun]:
    """The engines that ran to failure."""
    return [EngineRun(sensors, 0) for sensors in _sensors_by_engine(folder / "train_FD001.txt")]


def read_test_runs(folder: Path) -> list[EngineRun]:
    """The engines that stopped before, with the true life left."""
    left = np.loadtxt(folder / "RUL_FD001.txt")
    sensors = _sensors_by_engine(folder / "test_FD001.txt")
    return [EngineRun(x, int(cycles)) for x, cycles in zip(sensors, left, strict=True)]


def trailing_mean(values: Floats, window: int) -> Floats:
    """Mean of the last `window` rows as of each row, of fewer at the beginning; same shape."""
    return pd.DataFrame(values).rolling(window, min_periods=1).mean().to_numpy(dtype=float)


def trailing_slope(values: Floats, window: int) -> Floats:
    """Least-squares slope a row over the last `window` rows as of each row; 0 at the first.

    The slope is cov(time, value) / var(time), both from running sums.
    """
    time = np.arange(len(values), dtype=float)[:, None]
    # Far from zero the running sums of products would cancel. The first row and not the mean: that
    # knows later rows, and trees can tell what rounding leaves of it.
    centred = values - values[0]

    def trailing_sum(terms: Floats) -> Floats:
        return pd.DataFrame(terms).rolling(window, min_periods=1).sum().to_numpy(dtype=float)

    rows = np.minimum(time + 1, window)
    mean_time = trailing_sum(time) / rows
    product = trailing_sum(time * centred) - mean_time * trailing_sum(centred)
    # Whole numbers from 1 to n have the sum of squared deviations n (n² - 1) / 12.
    spread = rows * (rows**2 - 1) / 12
    return np.divide(product, spread, out=np.zeros_like(product), where=spread > 0)


def weighted_mean(values: Floats, span: int) -> Floats:
    """Exponentially weighted mean of the rows so far as of each row; same shape."""
    return pd.DataFrame(values).ewm(span=span).mean().to_numpy(dtype=float)


def engine_features(sensors: Floats) -> Floats:
    """Features as of each cycle, (cycles, features): blocks of one a sensor, then the age.

    They are linear in a sensor, so its scale is left to the models.
    """
    cycles = len(sensors)
    parts = [sensors]
    parts += [trailing_mean(sensors, window) for window in (*MEAN_WINDOWS, cycles)]
    parts += [trailing_slope(sensors, window) for window in (*SLOPE_WINDOWS, cycles)]
    parts += [weighted_mean(sensors, span) for span in SPANS]
    age = np.arange(1, cycles + 1, dtype=float)[:, None]
    return np.hstack([*parts, age])


def feature_columns(
    chosen: npt.NDArray[Any], sensors: int, with_history: bool = True
) -> npt.NDArray[Any]:
    """Columns of the features of the chosen ones of so many sensors, and the age.

    Without history the means and slopes since the first cycle are left out.
    """
    mean_since_start = 1 + len(MEAN_WINDOWS)
    slope_since_start = mean_since_start + 1 + len(SLOPE_WINDOWS)
    blocks = slope_since_start + 1 + len(SPANS)
    kept = [
        chosen + sensors * block
        for block in range(blocks)
        if with_history or block not in (mean_since_start, slope_since_start)
    ]
    return np.append(np.concatenate(kept), blocks * sensors)


def informative_sensors(sensors: Floats, life_left: Floats) -> npt.NDArray[Any]:
    """Numbers of the sensors whose rank correlation with the life left is 0.1 or more in size."""
    chosen = []
    for number in range(sensors.shape[1]):
        values = sensors[:, number]
        if np.ptp(values) == 0:
            continue
        if abs(float(spearmanr(values, life_left).statistic)) >= LEAST_CORRELATION:
            chosen.append(number)
    return np.array(chosen, dtype=int)
