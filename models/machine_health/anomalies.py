"""How unlike a machine's own past its latest day of readings is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import Dates, Floats, Integers
from models.machine_health.covariates import centre_and_deviation
from models.machine_health.history import FIGURES, SensorDays
from models.machine_health.specification import Specification


@dataclass(frozen=True, eq=False)
class Distances:
    """How far the days of a window are from their median, in deviations.

    `by_figure` is (rows, days), a row a sensor and figure, NaN where it can't be told; the last day
    is the one that is judged. `machine`, `sensor_code` and `figure` are (rows,).
    """

    by_figure: Floats
    machine: Integers
    sensor_code: npt.NDArray[np.object_]
    figure: npt.NDArray[np.object_]


def distances(
    sensors: SensorDays, day: np.datetime64, known_by: np.datetime64, window_days: int
) -> Distances:
    """The distances of a day and those before it, of every sensor and figure."""
    parts = []
    for name in FIGURES:
        values = sensors.window(name, day, window_days + 1, known_by)
        centre, deviation = centre_and_deviation(values)
        parts.append(np.abs(values - centre[:, None]) / deviation[:, None])
    return Distances(
        np.concatenate(parts),
        np.tile(sensors.machine, len(FIGURES)),
        np.tile(sensors.sensor_code, len(FIGURES)),
        np.repeat(np.array(FIGURES, dtype=object), len(sensors.machine)),
    )


def latest_days(sensors: SensorDays, as_of: np.datetime64, fresh_days: int, count: int) -> Dates:
    """The latest day of readings of each machine, (machines,), not-a-time without a fresh one."""
    values = sensors.window(FIGURES[0], as_of, fresh_days, as_of)
    is_read = np.zeros((count, fresh_days), dtype=bool)
    np.logical_or.at(is_read, sensors.machine, ~np.isnan(values))
    ago = np.argmax(is_read[:, ::-1], axis=1)
    found: Dates = np.where(
        is_read.any(axis=1), as_of - ago.astype("timedelta64[D]"), np.datetime64("NaT", "D")
    )
    return found


def _of_day(
    sensors: SensorDays,
    day: np.datetime64,
    known_by: np.datetime64,
    machines: Integers,
    specification: Specification,
) -> pd.DataFrame:
    """The anomalies of some machines on a day."""
    found = distances(sensors, day, known_by, specification.window_days)
    size = max(int(sensors.machine.max()), int(machines.max())) + 1
    farthest = np.full((size, found.by_figure.shape[1]), np.nan)
    np.fmax.at(farthest, found.machine, found.by_figure)
    ours = farthest[machines]
    score = ours[:, -1]
    there = (~np.isnan(ours)).sum(axis=1)
    as_far = (ours >= score[:, None]).sum(axis=1)
    is_judged = ~np.isnan(score) & (there >= specification.least_days)
    # Of equals the first: the highest value before the spread.
    order = np.lexsort((-np.nan_to_num(found.by_figure[:, -1], nan=-1.0), found.machine))
    first = order[np.searchsorted(found.machine[order], machines)]
    table = pd.DataFrame(
        {
            "anomaly_date": day,
            "anomaly_score": score,
            "anomaly_rank_ratio": as_far / np.maximum(there, 1),
            "anomaly_sensor": found.sensor_code[first],
            "anomaly_figure": found.figure[first],
        },
        index=machines,
    )
    return table[is_judged]


def anomalies(
    sensors: SensorDays, as_of: np.datetime64, machine_count: int, specification: Specification
) -> pd.DataFrame:
    """The anomaly of the latest day of readings of each machine, by its place; docs have the rule.

    Columns: `anomaly_date`; `anomaly_score` in deviations; `anomaly_rank_ratio`, the share of the
    window's days that are at least as far out; the sensor and figure that are farthest;
    `is_anomaly`. Machines without enough days have no row.
    """
    latest = latest_days(sensors, as_of, specification.fresh_days, machine_count)
    parts = [
        _of_day(sensors, day, as_of, np.flatnonzero(latest == day), specification)
        for day in np.unique(latest[~np.isnat(latest)])
    ]
    if not parts:
        parts = [
            pd.DataFrame(
                columns=[
                    *("anomaly_date", "anomaly_score", "anomaly_rank_ratio"),
                    *("anomaly_sensor", "anomaly_figure"),
                ]
            )
        ]
    found = pd.concat(parts).sort_index()
    is_rare = found.anomaly_rank_ratio <= specification.flagged_ratio
    found["is_anomaly"] = is_rare & (found.anomaly_score >= specification.least_distance)
    return found
