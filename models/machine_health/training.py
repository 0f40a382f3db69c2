"""Fit the hazard of failures to what was known by a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import Dates, Day
from models.hazard import HazardModel, PersonIntervals
from models.hazard_training import Trained, best_hazard, unit_folds
from models.holdout import TooFewError
from models.machine_health.declared import SIGNS
from models.machine_health.machine_dates import MachineDates, person_intervals
from models.machine_health.specification import Specification


@dataclass(frozen=True, eq=False)
class TrainingPart:
    """Machine-dates with the day up to whose end training may know, and their person-intervals."""

    dates: MachineDates
    known_by: Dates
    person: PersonIntervals

    @property
    def failed_count(self) -> int:
        """How many machines have an event."""
        rows = self.person.row[self.person.event == 1]
        return len(np.unique(self.dates.machine_id[rows]))


def training_part(dates: MachineDates, known_by: Day, specification: Specification) -> TrainingPart:
    """The training part as of a day, (rows,) or one for all.

    Raises:
        TooFewError: too few machines failed in closed intervals, or too few owners to fold.
    """
    until = np.minimum(known_by, dates.observed_until)
    part = TrainingPart(dates, until, person_intervals(dates, until, specification))
    if part.failed_count < specification.least_failed:
        raise TooFewError(
            f"{part.failed_count} machines that failed within closed intervals, "
            f"{specification.least_failed} are needed"
        )
    owners = len(np.unique(dates.owner))
    if owners < specification.folds:
        raise TooFewError(f"{owners} owners of machines, {specification.folds} are needed")
    return part


def train(part: TrainingPart, specification: Specification) -> Trained[HazardModel]:
    """The hazard with the penalty that folds of whole owners choose."""
    fold = unit_folds(part.dates.owner, part.person, specification.folds, specification.seed)
    return best_hazard(
        *(part.dates.values, part.person, fold, SIGNS),
        specification.inverse_penalties,
        specification,
    )
