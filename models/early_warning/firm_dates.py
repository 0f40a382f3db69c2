"""Borrowers on as-of dates, what became of them, and the person-intervals that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import DAYS, Booleans, Dates, Day, Floats, Integers
from models.early_warning.specification import Specification
from models.hazard import PersonIntervals

TEXTS = ("enterprise_id", "chain")
DATES = (
    *("as_of_date", "borrower_since", "distress_date", "distress_known_date"),
    "observed_until",
)


@dataclass(frozen=True, eq=False)
class FirmDates:
    """Enterprises on as-of dates: one row each, with what was known of it then and came of it.

    `values` is (rows, covariates), NaN where missing. All else is (rows,): `borrower_since` is the
    day on which its bank first reported a loan; `distress_date` the day of its distress and
    `distress_known_date` that of the report, not-a-time without; `observed_until` the day up to
    whose end outcomes are known.
    """

    values: pd.DataFrame
    enterprise_id: npt.NDArray[np.object_]
    chain: npt.NDArray[np.object_]
    as_of_date: Dates
    borrower_since: Dates
    distress_date: Dates
    distress_known_date: Dates
    observed_until: Dates

    def of(self, rows: Booleans | Integers) -> FirmDates:
        """Some of the rows, by mark or by place."""
        others = {name: getattr(self, name)[rows] for name in (*TEXTS, *DATES)}
        return FirmDates(values=self.values.iloc[rows], **others)

    def distress_known_by(self, known_by: Day) -> Dates:
        """The day of distress, (rows,), as far as it had been reported by a day."""
        known = self.distress_known_date <= known_by
        return np.where(known, self.distress_date, np.datetime64("NaT", "D"))

    def at_risk(self, known_by: Day) -> Booleans:
        """Borrowers that were not in distress on the as-of date by what was known by a day."""
        is_over = self.distress_known_by(known_by) <= self.as_of_date
        return (self.borrower_since <= self.as_of_date) & ~is_over


def firm_dates(frame: pd.DataFrame, covariates: Sequence[str]) -> FirmDates:
    """The rows of a frame with the columns of `TEXTS` and `DATES` and the covariates.

    Raises:
        ValueError: a column is missing, or an enterprise stands on a date twice.
    """
    if missing := sorted({*TEXTS, *DATES, *covariates} - set(frame.columns)):
        raise ValueError(f"The rows have no column {missing[0]}.")
    if frame.duplicated(["enterprise_id", "as_of_date"]).any():
        raise ValueError("An enterprise stands on an as-of date twice.")
    texts = {name: frame[name].to_numpy(dtype=object) for name in TEXTS}
    dates = {name: pd.to_datetime(frame[name]).to_numpy().astype(DAYS) for name in DATES}
    values = frame[list(covariates)].astype(float).reset_index(drop=True)
    return FirmDates(values=values, **texts, **dates)


def person_intervals(
    dates: FirmDates, known_by: Day, specification: Specification
) -> PersonIntervals:
    """The person-intervals that were closed by a day, (rows,) or one for all, as known then."""
    distress = dates.distress_known_by(known_by)
    at_risk = dates.at_risk(known_by)
    rows, intervals, events = [], [], []
    for interval, end_days in enumerate(specification.horizons):
        start = dates.as_of_date + np.timedelta64(end_days - specification.interval_days, "D")
        end = dates.as_of_date + np.timedelta64(end_days, "D")
        is_closed = end + np.timedelta64(specification.reporting_days, "D") <= known_by
        row = np.flatnonzero(at_risk & is_closed & ~(distress <= start))
        rows.append(row)
        intervals.append(np.full(len(row), interval))
        events.append((distress[row] <= end[row]).astype(float))
    return PersonIntervals(*map(np.concatenate, (rows, intervals, events)))


def outcome_within(
    dates: FirmDates, days: int, known_by: Day, specification: Specification
) -> tuple[Booleans, Floats]:
    """Which rows count at a horizon, (rows,), and 1 for those that fell into distress, (rows,).

    A row counts that was at risk and whose whole horizon was closed by a day.
    """
    end = dates.as_of_date + np.timedelta64(days, "D")
    is_closed = end + np.timedelta64(specification.reporting_days, "D") <= known_by
    distress = dates.distress_known_by(known_by)
    return dates.at_risk(known_by) & is_closed, (distress <= end).astype(float)
