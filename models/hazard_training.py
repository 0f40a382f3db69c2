"""Choose the settings of a hazard by folds of whole units, such as enterprises, and fit it.

`values` are (rows, covariates), `hazards` (rows, intervals); `fold` is (rows,), the number of the
fold of each row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from models.arrays import Floats, Integers
from models.hazard import Fitted, HazardModel, HazardSettings, PersonIntervals, fit_hazard
from models.metrics import log_loss

Model = TypeVar("Model", bound=Fitted, covariant=True)
Fit = Callable[[pd.DataFrame, PersonIntervals], Model]


@dataclass(frozen=True, eq=False)
class Trained(Generic[Model]):
    """A fitted model, and what models made the same way said of the units left out of them."""

    setting: str
    fitted: Model
    out_of_fold: Floats
    log_loss: float


def unit_folds(units: npt.ArrayLike, person: PersonIntervals, folds: int, seed: int) -> Integers:
    """The fold of each row, (rows,), by its unit, (rows,).

    Units with an event are in all folds, and those without, where there are enough of both.
    """
    codes, names = pd.factorize(np.asarray(units))
    has_event = np.zeros(len(names), dtype=int)
    has_event[codes[person.row[person.event == 1]]] = 1
    if min(has_event.sum(), len(names) - has_event.sum()) < folds:
        has_event[:] = 0
    fold = np.zeros(len(names), dtype=np.int64)
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for number, (_, left_out) in enumerate(parts.split(names, has_event)):
        fold[left_out] = number
    return fold[codes]


def out_of_fold(
    fit: Fit[Model], values: pd.DataFrame, person: PersonIntervals, fold: Integers
) -> Floats:
    """The hazards of every row by a model that saw nothing of its unit."""
    parts = {}
    for number in np.unique(fold):
        fitted = fit(values, person.of(fold != number))
        parts[number] = fitted.hazards(values[fold == number])
    found = np.empty((len(fold), next(iter(parts.values())).shape[1]))
    for number, hazards in parts.items():
        found[fold == number] = hazards
    return found


def loss_of(hazards: Floats, person: PersonIntervals) -> float:
    """Mean log loss of the person-intervals, in nats."""
    said = hazards[person.row, person.interval]
    return float(log_loss(person.event, said, np.ones((1, len(said))))[0])


def best_of(
    candidates: Mapping[str, Fit[Model]],
    values: pd.DataFrame,
    person: PersonIntervals,
    fold: Integers,
) -> Trained[Model]:
    """The candidate of the least log loss out of fold, fitted to all rows."""
    said = {name: out_of_fold(fit, values, person, fold) for name, fit in candidates.items()}
    losses = {name: loss_of(hazards, person) for name, hazards in said.items()}
    best = min(losses, key=lambda name: losses[name])
    return Trained(best, candidates[best](values, person), said[best], losses[best])


def best_hazard(
    values: pd.DataFrame,
    person: PersonIntervals,
    fold: Integers,
    signs: Mapping[str, int],
    inverse_penalties: tuple[float, ...],
    settings: HazardSettings,
) -> Trained[HazardModel]:
    """The hazard with the penalty, scikit-learn's C, that the folds choose."""
    candidates: dict[str, Fit[HazardModel]] = {
        f"C {inverse_penalty}": partial(
            fit_hazard, signs=signs, inverse_penalty=inverse_penalty, settings=settings
        )
        for inverse_penalty in inverse_penalties
    }
    return best_of(candidates, values, person, fold)
