"""Rows of hazards of earlier dates whose horizons have closed since, and what became of them.

A horizon is closed `reporting_days` after its end, as in the protocols of the models. Rows of
several dates of one version count where their horizons don't overlap, so that no event stands in
two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from models.arrays import Booleans, Floats
from models.monitor.maturing import ScoredDate
from models.unit_figures import count_units


@dataclass(frozen=True)
class ClosedDates:
    """Dates, the newest first, on which one version gave rows whose horizon has closed."""

    model_version: str
    days: int
    dates: tuple[date, ...]


@dataclass(frozen=True, eq=False)
class CameTrue:
    """Rows of closed dates whose outcome is known, and what became of them.

    All are (rows,): the predicted probability by the horizon, 1 for an event within it, the unit
    within which rows are alike, and whether the row was an alarm; `is_alarm` is None of a model
    that raises none.
    """

    closed: ClosedDates
    probability: Floats
    outcome: Floats
    unit: npt.NDArray[np.object_]
    is_alarm: Booleans | None

    @property
    def event_count(self) -> int:
        """Rows that were followed by the event within the horizon."""
        return int(self.outcome.sum())

    @property
    def unit_count(self) -> int:
        """Units of the rows."""
        return count_units(self.unit)

    @property
    def event_unit_count(self) -> int:
        """Units with an event."""
        return count_units(self.unit[self.outcome == 1])


def closed_dates(
    scored: Sequence[ScoredDate],
    model_version: str,
    days: int,
    reporting_days: int,
    as_of_date: date,
) -> ClosedDates | None:
    """The dates whose horizon of so many days has closed by the as-of date; None without any.

    Those of the version that is in use now go before newer ones of other versions. Of its dates the
    newest counts, and each earlier one that lies a whole horizon before the one that counts after.
    """
    closes = timedelta(days=days + reporting_days)
    over = [one for one in scored if one.as_of_date + closes <= as_of_date]
    own = [one for one in over if one.model_version == model_version]
    if not over:
        return None
    newest = max(own or over, key=lambda one: (one.as_of_date, one.model_version))
    found = [newest.as_of_date]
    for one in sorted(over, key=lambda one: one.as_of_date, reverse=True):
        is_apart = one.as_of_date + timedelta(days=days) <= found[-1]
        if one.model_version == newest.model_version and is_apart:
            found.append(one.as_of_date)
    return ClosedDates(newest.model_version, days, tuple(found))
