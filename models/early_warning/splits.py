"""How firm-dates are parted into what models learn from and what they are measured on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from models.arrays import Booleans, Floats
from models.early_warning.firm_dates import FirmDates
from models.early_warning.specification import Specification
from models.early_warning.training import TrainingPart, threshold, training_part
from models.hazard import Fitted, probabilities
from models.hazard_training import Trained
from models.holdout import Split, first_test_date, group_folds

FirmSplit = Split[TrainingPart, FirmDates]
Train = Callable[[TrainingPart], Mapping[str, Trained[Fitted]]]


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a model said of firm-dates of a test part: (rows, intervals) and (rows,)."""

    probability: Floats
    is_alarm: Booleans


def _at_risk(dates: FirmDates) -> FirmDates:
    return dates.of(dates.at_risk(dates.observed_until))


def out_of_time(dates: FirmDates, specification: Specification) -> FirmSplit:
    """Trained on what was known on the first test date, measured from that date on."""
    days = specification.horizons[-1] + specification.reporting_days
    first = first_test_date(dates, days)
    training = training_part(dates.of(dates.as_of_date < first), first, specification)
    return Split("out of time", ((training, _at_risk(dates.of(dates.as_of_date >= first))),))


def out_of_chain(dates: FirmDates, specification: Specification) -> FirmSplit:
    """Whole chains left out, in folds of about as many firm-dates.

    Raises:
        TooFewError: there are fewer chains than folds, or too few distressed outside of a fold.
    """
    parts = []
    for training, test in group_folds(dates.chain, specification.chain_folds, "chains"):
        ours = dates.of(training)
        part = training_part(ours, ours.observed_until, specification)
        parts.append((part, _at_risk(dates.of(test))))
    return Split("out of chain", tuple(parts))


def unseen_seed(dates: FirmDates, others: FirmDates, specification: Specification) -> FirmSplit:
    """Trained on all of some ecosystems, measured on others."""
    training = training_part(dates, dates.observed_until, specification)
    return Split("unseen seed", ((training, _at_risk(others)),))


def predict(split: FirmSplit, train: Train, specification: Specification) -> dict[str, Predicted]:
    """What each model that `train` makes of the training parts says of the test part, by name.

    Rows are those of the split's test parts, one after the other.
    """
    said: dict[str, list[tuple[Floats, Booleans]]] = {}
    for part, test in split.parts:
        for name, model in train(part).items():
            probability = probabilities(model.fitted.hazards(test.values))
            is_alarm = probability[:, -1] > threshold(part, model, specification)
            said.setdefault(name, []).append((probability, is_alarm))
    return {
        name: Predicted(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        for name, found in said.items()
    }
