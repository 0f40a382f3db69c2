"""What was reported and read of machines, with the day up to whose end it was known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import DAYS, Dates, Floats, Integers
from models.machine_health.machines import (
    REPORTED,
    SYSTEM_MACHINE,
    Machines,
    find_machines,
)

FAILURES = ("breakdown", "failure")
OVERHAULS = ("overhaul", "replacement")
DATE_COLUMNS = ("day", "known_date", "superseded_date")
FIGURES = ("highest", "spread")
ORDER = (
    *("kind", "day", "started_minute", "minutes", "good_quantity", "scrap_quantity"),
    *("run_minutes", "energy_kwh", "known_date"),
)
DAY_MINUTES = 1440.0
SENSOR = [*SYSTEM_MACHINE, "sensor_code"]


def days_ago(as_of: np.datetime64, days: npt.ArrayLike) -> Integers:
    """How many days before a date each day is, (rows,)."""
    passed = as_of - np.asarray(days).astype(DAYS)
    return np.asarray(passed.astype("timedelta64[D]").astype(np.int64))


@dataclass(frozen=True, eq=False)
class SensorDays:
    """Days of readings; matrices are (sensors, days), the last day is the as-of date.

    `machine` (sensors,) is the place of the machine, `sensor_code` (sensors,) the sensor.
    `figures` are the highest value and the spread, NaN where nothing was read; `known_date` is the
    day on which the last reading was known.
    """

    machine: Integers
    sensor_code: npt.NDArray[np.object_]
    last_day: np.datetime64
    figures: dict[str, Floats]
    known_date: Dates

    def window(self, figure: str, day: np.datetime64, days: int, known_by: np.datetime64) -> Floats:
        """A figure of the days up to a day as known by another, (sensors, days), the latest last.

        Days before the first that was read of are NaN.
        """
        end = self.known_date.shape[1] - int(days_ago(self.last_day, day))
        begin = max(end - days, 0)
        is_known = self.known_date[:, begin:end] <= known_by
        found = np.where(is_known, self.figures[figure][:, begin:end], np.nan)
        return np.pad(found, ((0, 0), (days - found.shape[1], 0)), constant_values=np.nan)


@dataclass(frozen=True, eq=False)
class History:
    """Machines with their reports and readings, as known by the end of `last_day`.

    `reports` has a row an event, maintenance or work report: `machine`, the place among
    `machines.listed`; `kind` (event, maintenance, work) and `detail`, its type; `is_stop`; `day`,
    `started_minute` since its midnight and `minutes`, how long it took (NaN unsaid);
    `good_quantity`, `scrap_quantity`, `run_minutes`, `energy_kwh`; `known_date`, and
    `superseded_date` from which on another version stands.
    """

    machines: Machines
    reports: pd.DataFrame
    sensors: SensorDays
    last_day: np.datetime64

    def known(self, as_of: np.datetime64) -> pd.DataFrame:
        """The reports that stood at the end of a date, of days up to it."""
        rows = self.reports
        stands = (rows.known_date <= as_of) & ~(rows.superseded_date <= as_of)
        return rows[stands & (rows.day <= as_of)]


def _sensor_days(
    readings: pd.DataFrame, machines: Machines, last_day: np.datetime64, days: int
) -> SensorDays:
    places = pd.Series(machines.listed.index, machines.listed.machine_id)
    ago = days_ago(last_day, readings.day)
    readings = readings.assign(ago=ago)[(ago >= 0) & (ago < days)]
    sensors = readings[SENSOR].drop_duplicates().sort_values(SENSOR, ignore_index=True)
    row = pd.Series(sensors.index, pd.MultiIndex.from_frame(sensors))
    at = row.reindex(pd.MultiIndex.from_frame(readings[SENSOR])).to_numpy(dtype=int)
    column = days - 1 - readings.ago.to_numpy(dtype=int)
    figures = {}
    for name in FIGURES:
        figures[name] = np.full((len(sensors), days), np.nan)
        figures[name][at, column] = readings[name]
    known = np.full((len(sensors), days), np.datetime64("NaT", "D"))
    known[at, column] = readings.known_date.to_numpy().astype(DAYS)
    machine_id = sensors.merge(machines.read, "left", SYSTEM_MACHINE).machine_id
    return SensorDays(
        machine_id.map(places).to_numpy(dtype=np.int64),
        sensors.sensor_code.to_numpy(dtype=object),
        *(last_day, figures, known),
    )


def history(
    reports: pd.DataFrame,
    readings: pd.DataFrame,
    sites: pd.DataFrame,
    links: pd.DataFrame,
    last_day: np.datetime64,
    days: int,
) -> History:
    """The history of so many days up to the last one, from rows as `inputs` reads them."""
    reports = reports.assign(**{name: pd.to_datetime(reports[name]) for name in DATE_COLUMNS})
    # Sums of one date are made in one order.
    reports = reports.sort_values([*REPORTED, *ORDER], kind="stable", ignore_index=True)
    machines = find_machines(reports, readings, sites, links)
    places = pd.Series(machines.listed.index, machines.listed.machine_id)
    named = reports[REPORTED].agg("/".join, axis=1) if len(reports) else pd.Series(dtype=object)
    reports["machine"] = named.map(places).to_numpy(dtype=np.int64)
    sensors = _sensor_days(
        readings.assign(day=pd.to_datetime(readings.day)), machines, last_day, days
    )
    return History(machines, reports, sensors, last_day)
