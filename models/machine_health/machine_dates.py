"""Machines on as-of dates, what became of them, and the person-intervals that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import DAYS, Booleans, Dates, Day, Floats, Integers
from models.hazard import PersonIntervals
from models.machine_health.covariates import covariates, minutes_left
from models.machine_health.declared import NAMES
from models.machine_health.history import FAILURES, History, days_ago
from models.machine_health.specification import Specification

TEXTS = ("machine_id", "owner")
DATES = ("as_of_date", "failure_date", "failure_known_date", "observed_until")
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True, eq=False)
class MachineDates:
    """Machines on as-of dates: one row each, with what was known of it then and came of it.

    `values` is (rows, covariates), NaN where missing. `seen_known_date` is (rows, horizons): when
    it was known that the machine was still reported on at the end of the horizon or later. All else
    is (rows,): `failure_date` is the day of the first failure after the date, `failure_known_date`
    when that was known; `observed_until` the day up to whose end reports are known.
    """

    values: pd.DataFrame
    machine_id: npt.NDArray[np.object_]
    owner: npt.NDArray[np.object_]
    as_of_date: Dates
    failure_date: Dates
    failure_known_date: Dates
    seen_known_date: Dates
    observed_until: Dates

    def of(self, rows: Booleans | Integers) -> MachineDates:
        """Some of the rows, by mark or by place."""
        others = {name: getattr(self, name)[rows] for name in (*TEXTS, *DATES, "seen_known_date")}
        return MachineDates(values=self.values.iloc[rows], **others)

    def failure_known_by(self, known_by: Day) -> Dates:
        """The day of the first failure, (rows,), as far as it was known by a day."""
        return np.where(self.failure_known_date <= known_by, self.failure_date, NEVER)


def sundays(last_day: np.datetime64, specification: Specification) -> Dates:
    """The days of the declared weekday whose first interval may be closed by the last day."""
    days = last_day - np.arange(specification.training_days).astype("timedelta64[D]")
    # 1970-01-01 was a Thursday.
    is_ours = (days.astype(DAYS).astype(int) + 3) % 7 == specification.weekday
    ahead = specification.horizons[0] + specification.reporting_days
    found: Dates = np.sort(days[is_ours & (days + np.timedelta64(ahead, "D") <= last_day)])
    return found


def missing_reasons(
    history: History, as_of: np.datetime64, specification: Specification
) -> npt.NDArray[np.object_]:
    """Why a machine gets no probability on a date, (machines,); empty where it does."""
    count = len(history.machines.listed)
    rows = history.known(as_of)
    rows = rows[rows.day > as_of - np.timedelta64(specification.history_days, "D")]
    ago = days_ago(as_of, rows.day)
    first, last = np.full(count, -1), np.full(count, specification.history_days)
    np.maximum.at(first, rows.machine, ago)
    np.minimum.at(last, rows.machine, ago)
    is_failure = (rows.kind == "event") & rows.detail.isin(FAILURES)
    stands = is_failure & (rows.minutes > minutes_left(rows, as_of))
    standing = np.zeros(count, dtype=bool)
    standing[rows.machine[stands]] = True
    is_short = (first < specification.seen_days) | (last >= specification.active_days)
    return np.select(
        [~history.machines.listed.tells_failures.to_numpy(dtype=bool), is_short, standing],
        ["no_failures_reported", "short_history", "standing"],
        "",
    ).astype(object)


def _after(
    rows: pd.DataFrame, machine: Integers, day: np.datetime64, count: int
) -> tuple[Dates, Dates]:
    """Of each machine the first day after a day in rows, and when that was first known."""
    later = rows[rows.day > day].sort_values(["day", "known_date"], kind="stable")
    later = later.drop_duplicates("machine").set_index("machine")
    found = later.reindex(np.arange(count)).iloc[machine]
    return (
        found.day.to_numpy().astype(DAYS),
        found.known_date.to_numpy().astype(DAYS),
    )


def _seen(rows: pd.DataFrame, machine: Integers, day: np.datetime64, count: int) -> Dates:
    """When it was first known of each machine that it was reported on at a day or later."""
    known = rows[rows.day >= day].groupby("machine").known_date.min()
    found: Dates = known.reindex(np.arange(count)).iloc[machine].to_numpy().astype(DAYS)
    return found


def machine_dates(history: History, dates: Dates, specification: Specification) -> MachineDates:
    """The machines that have a row on each date, with what the history knows of them since."""
    places = {
        as_of: np.flatnonzero(missing_reasons(history, as_of, specification) == "")
        for as_of in dates
    }
    values = [
        covariates(history, as_of, specification).iloc[machine] for as_of, machine in places.items()
    ]
    if not values:
        return _no_dates(specification)
    return dates_of(history, pd.concat(values, ignore_index=True), places, specification)


def dates_of(
    history: History,
    values: pd.DataFrame,
    places: Mapping[np.datetime64, Integers],
    specification: Specification,
) -> MachineDates:
    """Machines on dates, given by their places among the listed ones, with what came of them.

    `values` is (rows, covariates), in the order of dates and places; there is a date at least.
    """
    listed, count = history.machines.listed, len(history.machines.listed)
    reports = history.known(history.last_day)
    failures = reports[(reports.kind == "event") & reports.detail.isin(FAILURES)]
    parts: dict[str, list[npt.NDArray[np.generic]]] = {}
    for as_of, machine in places.items():
        failure_date, failure_known = _after(failures, machine, as_of, count)
        ends = [as_of + np.timedelta64(days, "D") for days in specification.horizons]
        of_date = {
            **{name: listed[name].to_numpy(dtype=object)[machine] for name in TEXTS},
            "as_of_date": np.full(len(machine), as_of),
            "failure_date": failure_date,
            "failure_known_date": failure_known,
            "seen_known_date": np.stack(
                [_seen(reports, machine, end, count) for end in ends], axis=1
            ),
            "observed_until": np.full(len(machine), history.last_day),
        }
        for name, column in of_date.items():
            parts.setdefault(name, []).append(column)
    whole = {name: np.concatenate(columns) for name, columns in parts.items()}
    return MachineDates(values=values, **whole)


def _no_dates(specification: Specification) -> MachineDates:
    texts = {name: np.empty(0, dtype=object) for name in TEXTS}
    days = {name: np.empty(0, dtype=DAYS) for name in DATES}
    seen = np.empty((0, specification.interval_count), dtype=DAYS)
    values = pd.DataFrame(columns=list(NAMES), dtype=float)
    return MachineDates(values=values, seen_known_date=seen, **texts, **days)


def person_intervals(
    dates: MachineDates, known_by: Day, specification: Specification
) -> PersonIntervals:
    """The person-intervals that were closed by a day, (rows,) or one for all, as known then."""
    failure = dates.failure_known_by(known_by)
    rows, intervals, events = [], [], []
    for interval, (begin, end) in enumerate(
        zip(specification.starts, specification.horizons, strict=True)
    ):
        start, stop = (dates.as_of_date + np.timedelta64(days, "D") for days in (begin, end))
        is_closed = stop + np.timedelta64(specification.reporting_days, "D") <= known_by
        is_event = (failure > start) & (failure <= stop)
        is_told = is_event | (dates.seen_known_date[:, interval] <= known_by)
        row = np.flatnonzero(is_closed & is_told & ~(failure <= start))
        rows.append(row)
        intervals.append(np.full(len(row), interval))
        events.append(is_event[row].astype(float))
    return PersonIntervals(*map(np.concatenate, (rows, intervals, events)))


def outcome_within(
    dates: MachineDates, horizon: int, known_by: Day, specification: Specification
) -> tuple[Booleans, Floats]:
    """Which rows count at a horizon, given by its place, and 1 for those that failed; both (rows,).

    A row counts whose whole horizon was closed by a day, and that failed or was seen at its end.
    """
    end = dates.as_of_date + np.timedelta64(specification.horizons[horizon], "D")
    is_closed = end + np.timedelta64(specification.reporting_days, "D") <= known_by
    failed = dates.failure_known_by(known_by) <= end
    is_told = failed | (dates.seen_known_date[:, horizon] <= known_by)
    return is_closed & is_told, failed.astype(float)
