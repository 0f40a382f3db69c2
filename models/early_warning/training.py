"""Fit the models, and choose settings and model by folds of enterprises within the training part.

`hazards` are (firm-dates, intervals); `fold` is (firm-dates,), the number of the fold of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from models.arrays import Floats
from models.early_warning.alarms import alarm_threshold
from models.early_warning.firm_dates import (
    Booleans,
    Dates,
    Day,
    FirmDates,
    Integers,
    PersonIntervals,
    outcome_within,
    person_intervals,
)
from models.early_warning.hazard import (
    Fitted,
    HazardModel,
    combined_hazards,
    fit_hazard,
    probabilities,
)
from models.early_warning.specification import Specification
from models.early_warning.trees import FittedTrees, fit_trees
from models.metrics import log_loss

Model = TypeVar("Model", bound=Fitted, covariant=True)
Fit = Callable[[pd.DataFrame, PersonIntervals], Model]
HAZARD, TREES, COMBINATION = "hazard", "boosting", "combination"


class TooFewError(Exception):
    """Fewer enterprises in distress than the protocol asks for; the message says how many."""


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
class Trained(Generic[Model]):
    """A fitted model, and what models made the same way said of the firms left out of them."""

    setting: str
    fitted: Model
    out_of_fold: Floats
    log_loss: float


@dataclass(frozen=True, eq=False)
class Combination:
    """Models whose mean log-odds count."""

    parts: Sequence[Fitted]

    def hazards(self, values: pd.DataFrame) -> Floats:
        """The hazard of each interval given none before it, (rows, intervals)."""
        return combined_hazards([part.hazards(values) for part in self.parts])


def enterprise_folds(part: TrainingPart, specification: Specification) -> Integers:
    """The fold of each firm-date, (firm-dates,): whole enterprises, the distressed in all."""
    codes, names = pd.factorize(part.dates.enterprise_id)
    is_distressed = np.zeros(len(names), dtype=int)
    is_distressed[codes[part.person.row[part.person.event == 1]]] = 1
    fold = np.zeros(len(names), dtype=np.int64)
    folds = StratifiedKFold(specification.folds, shuffle=True, random_state=specification.seed)
    for number, (_, left_out) in enumerate(folds.split(names, is_distressed)):
        fold[left_out] = number
    return fold[codes]


def out_of_fold(fit: Fit[Model], part: TrainingPart, fold: Integers) -> Floats:
    """The hazards of every firm-date by a model that saw nothing of its enterprise."""
    parts = {}
    for number in np.unique(fold):
        fitted = fit(part.dates.values, part.person.of(fold != number))
        parts[number] = fitted.hazards(part.dates.values[fold == number])
    found = np.empty((len(fold), next(iter(parts.values())).shape[1]))
    for number, hazards in parts.items():
        found[fold == number] = hazards
    return found


def loss_of(hazards: Floats, person: PersonIntervals) -> float:
    """Mean log loss of the person-intervals, in nats."""
    said = hazards[person.row, person.interval]
    return float(log_loss(person.event, said, np.ones((1, len(said))))[0])


def best_of(
    candidates: Mapping[str, Fit[Model]], part: TrainingPart, fold: Integers
) -> Trained[Model]:
    """The candidate of the least log loss out of fold, fitted to the whole part."""
    said = {name: out_of_fold(fit, part, fold) for name, fit in candidates.items()}
    losses = {name: loss_of(hazards, part.person) for name, hazards in said.items()}
    best = min(losses, key=lambda name: losses[name])
    fitted = candidates[best](part.dates.values, part.person)
    return Trained(best, fitted, said[best], losses[best])


def train_hazard(
    part: TrainingPart, signs: Mapping[str, int], specification: Specification
) -> Trained[HazardModel]:
    """The hazard with the penalty that the folds choose."""
    candidates: dict[str, Fit[HazardModel]] = {
        f"C {inverse_penalty}": partial(
            fit_hazard,
            signs=signs,
            inverse_penalty=inverse_penalty,
            specification=specification,
        )
        for inverse_penalty in specification.inverse_penalties
    }
    return best_of(candidates, part, enterprise_folds(part, specification))


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
    trees = best_of(candidates, part, fold)
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
