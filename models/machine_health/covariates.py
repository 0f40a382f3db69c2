"""The covariates of every machine as of a date, from what was known at its end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.machine_health.declared import NAMES
from models.machine_health.history import (
    DAY_MINUTES,
    FAILURES,
    OVERHAULS,
    History,
    SensorDays,
    days_ago,
)
from models.machine_health.specification import Specification

RECENT_DAYS, LEAST_RECENT, LEAST_BEFORE = 7, 4, 30
DRIFT_DAYS = 60
# By this a median absolute deviation of normal values is their standard deviation.
NORMAL_DEVIATION = 1.4826


def medians(values: Floats) -> Floats:
    """The median of each row without its NaN, (rows,); NaN where a row has nothing else."""
    found = np.full(len(values), np.nan)
    is_there = ~np.isnan(values).all(axis=1)
    if is_there.any():
        found[is_there] = np.nanmedian(values[is_there], axis=1)
    return found


def centre_and_deviation(values: Floats) -> tuple[Floats, Floats]:
    """The median of each row and the deviation by the median absolute one, both (rows,).

    Where that is 0 nothing can be said in deviations, and it is NaN.
    """
    centre = medians(values)
    deviation = NORMAL_DEVIATION * medians(np.abs(values - centre[:, None]))
    return centre, np.where(deviation > 0, deviation, np.nan)


def _largest_shift(
    sensors: SensorDays, as_of: np.datetime64, days: int, machine_count: int
) -> Floats:
    """How far the last week of readings is from the days before, of the sensor that moved most.

    In deviations, (machines,), NaN where no sensor can tell.
    """
    values = sensors.window("highest", as_of, days, as_of)
    before, recent = np.split(values, [days - RECENT_DAYS], axis=1)
    centre, deviation = centre_and_deviation(before)
    shift = np.abs(medians(recent) - centre) / deviation
    enough = (~np.isnan(recent)).sum(axis=1) >= LEAST_RECENT
    enough &= (~np.isnan(before)).sum(axis=1) >= LEAST_BEFORE
    found = np.full(machine_count, np.nan)
    np.fmax.at(found, sensors.machine, np.where(enough, shift, np.nan))
    return found


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(
        numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0
    )


def minutes_left(rows: pd.DataFrame, as_of: np.datetime64) -> Floats:
    """Minutes from the start of each report, (rows,), to the end of a date."""
    return np.asarray((days_ago(as_of, rows.day) + 1) * DAY_MINUTES - rows.started_minute)


class _Counting:
    """Sums and ages over the reports that were known, by machine."""

    def __init__(self, rows: pd.DataFrame, as_of: np.datetime64, count: int, cap: int) -> None:
        self.ago = days_ago(as_of, rows.day)
        self.rows, self.count, self.cap = rows, count, cap

    def total(
        self, which: Floats | pd.Series[bool], days: int, of: Floats, after: int = 0
    ) -> Floats:
        """The sum of a value of some reports of the last days, less those of the last `after`."""
        kept = np.asarray(which, dtype=bool) & (self.ago < days) & (self.ago >= after)
        known = np.nan_to_num(np.asarray(of, dtype=float))
        return np.bincount(self.rows.machine[kept], known[kept], self.count).astype(float)

    def age(self, which: pd.Series[bool]) -> Floats:
        """Days since the last of some reports, at most the cap."""
        found = np.full(self.count, float(self.cap))
        np.minimum.at(found, self.rows.machine[which], self.ago[which].astype(float))
        return found


def covariates(
    history: History, as_of: np.datetime64, specification: Specification
) -> pd.DataFrame:
    """The covariates of every machine of the history, (machines, covariates), by its place."""
    cap, count = specification.history_days, len(history.machines.listed)
    rows = history.known(as_of)
    rows = rows[rows.day > as_of - np.timedelta64(cap, "D")]
    counting = _Counting(rows, as_of, count, cap)
    is_event, is_work = rows.kind == "event", rows.kind == "work"
    is_stop, is_failure = is_event & rows.is_stop, is_event & rows.detail.isin(FAILURES)
    is_maintenance = rows.kind == "maintenance"
    one = np.ones(len(rows))
    stopped = np.minimum(rows.minutes, minutes_left(rows, as_of))
    good, scrap, run, energy = (
        rows[name].to_numpy(dtype=float)
        for name in ("good_quantity", "scrap_quantity", "run_minutes", "energy_kwh")
    )
    has_energy = is_work & ~np.isnan(energy)

    def of_recent_and_before(which: pd.Series[bool], top: Floats, bottom: Floats) -> Floats:
        recent = _ratio(counting.total(which, 30, top), counting.total(which, 30, bottom))
        before = _ratio(counting.total(which, 90, top, 30), counting.total(which, 90, bottom, 30))
        return _ratio(recent, before)

    scrapped, made = (counting.total(is_work, 30, x) for x in (scrap, good))
    sensors = history.sensors
    # Parts that fail on one day are one failure.
    failure = is_failure & ~rows.assign(is_failure=is_failure).duplicated(
        ["machine", "day", "is_failure"]
    )
    found = {
        "days_since_maintenance": counting.age(is_maintenance),
        "days_since_overhaul": counting.age(is_maintenance & rows.detail.isin(OVERHAULS)),
        "days_since_failure": counting.age(is_failure),
        "failures_90d": counting.total(failure, 90, one),
        "stops_30d": counting.total(is_stop, 30, one),
        "stops_90d": counting.total(is_stop, 90, one),
        "stop_minutes_30d": counting.total(is_stop, 30, stopped),
        "stop_minutes_90d": counting.total(is_stop, 90, stopped),
        "run_minutes_30d": counting.total(is_work, 30, run),
        "scrap_ratio_30d": _ratio(scrapped, scrapped + made),
        "output_rate_ratio": of_recent_and_before(is_work, good, run),
        "energy_per_piece_ratio": of_recent_and_before(has_energy, energy, good),
        "telemetry_level": _largest_shift(sensors, as_of, cap, count),
        "telemetry_drift": _largest_shift(sensors, as_of, DRIFT_DAYS, count),
    }
    return pd.DataFrame({name: found[name] for name in NAMES})
