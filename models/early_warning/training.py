"""Fit the models, and choose settings and model by folds of enterprises within the training part.

`hazards` are (firm-dates, intervals); `fold` is (firm-dates,), the number of the fold of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from models.arrays import Booleans, Dates, Day, Floats, Integers
from models.early_warning.alarms import alarm_threshold
from models.early_warning.firm_dates import FirmDates, outcome_within, person_intervals
from models.early_warning.specification import Specification
from models.early_warning.trees import FittedTrees, fit_trees
from models.hazard import Fitted, HazardModel, PersonIntervals, combined_hazards, probabilities
from models.hazard_training import Fit, Trained, best_hazard, best_of, loss_of, unit_folds
from models.holdout import TooFewError

HAZARD, TREES, COMBINATION = "hazard", "boosting", "combination"


@dataclass(frozen=True, eq=False)
class TrainingPart:
    """Firm-dates with the day up to whose end the training may know, and their person-intervals."""

    dates: FirmDates
    known_by: Dates
    person: PersonIntervals

    @property
    def distressed_count(self) -> int:
        """How many enterprises have an event."""
        rows = self.person.row[self.person.event == 1]
        return len(np.unique(self.dates.enterprise_id[rows]))

    def is_healthy(self, specification: Specification) -> Booleans:
        """The firm-dates, (firm-dates,), that were known to be followed by no distress."""
        days = specification.horizons[-1]
        counts, distressed = outcome_within(self.dates, days, self.known_by, specification)
        return counts & (distressed == 0)


def training_part(dates: FirmDates, known_by: Day, specification: Specification) -> TrainingPart:
    """The training part as of a day, (rows,) or one for all.

    Raises:
        TooFewError: fewer distressed enterprises than the specification asks for, or no healthy
            firm-date whose last interval is closed, by which to set a threshold.
    """
    until = np.minimum(known_by, dates.observed_until)
    part = TrainingPart(dates, until, person_intervals(dates, until, specification))
    if part.distressed_count < specification.least_distressed:
        raise TooFewError(
            f"{part.distressed_count} enterprises in distress to train on, "
            f"{specification.least_distressed} are needed"
        )
    if not part.is_healthy(specification).any():
        raise TooFewError("no healthy firm-date with a closed horizon to train on")
    return part


@dataclass(frozen=True, eq=False)
class Combination:
    """Models whose mean log-odds count."""

    parts: Sequence[Fitted]

    def hazards(self, values: pd.DataFrame) -> Floats:
        """The hazard of each interval given none before it, (rows, intervals)."""
        return combined_hazards([part.hazards(values) for part in self.parts])


def enterprise_folds(part: TrainingPart, specification: Specification) -> Integers:
    """The fold of each firm-date, (firm-dates,): whole enterprises, the distressed in all."""
    return unit_folds(
        part.dates.enterprise_id, part.person, specification.folds, specification.seed
    )


def train_hazard(
    part: TrainingPart, signs: Mapping[str, int], specification: Specification
) -> Trained[HazardModel]:
    """The hazard with the penalty that the folds choose."""
    fold = enterprise_folds(part, specification)
    penalties = specification.inverse_penalties
    return best_hazard(part.dates.values, part.person, fold, signs, penalties, specification)


def train_all(
    part: TrainingPart, signs: Mapping[str, int], specification: Specification
) -> dict[str, Trained[Fitted]]:
    """Hazard, challenger and their combination, by name."""
    fold = enterprise_folds(part, specification)
    candidates: dict[str, Fit[FittedTrees]] = {
        f"{trees} trees": partial(fit_trees, signs=signs, trees=trees, specification=specification)
        for trees in specification.tree_counts
    }
    hazard = train_hazard(part, signs, specification)
    trees = best_of(candidates, part.dates.values, part.person, fold)
    said = combined_hazards([hazard.out_of_fold, trees.out_of_fold])
    both = Combination((hazard.fitted, trees.fitted))
    setting = f"{hazard.setting}, {trees.setting}"
    combination = Trained(setting, both, said, loss_of(said, part.person))
    return {HAZARD: hazard, TREES: trees, COMBINATION: combination}


def chosen(trained: Mapping[str, Trained[Fitted]]) -> str:
    """The model of the least log loss out of fold, by name."""
    return min(trained, key=lambda name: trained[name].log_loss)


def threshold(part: TrainingPart, model: Trained[Fitted], specification: Specification) -> float:
    """The probability within the last horizon above which a model raises an alarm."""
    said = probabilities(model.out_of_fold)[:, -1]
    return alarm_threshold(said[part.is_healthy(specification)], specification.flagged_ratio)
