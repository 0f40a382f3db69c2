"""How firm-dates are parted into what models learn from and what they are measured on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import ceil

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from models.arrays import Booleans, Dates, Floats
from models.early_warning.firm_dates import FirmDates
from models.early_warning.specification import Specification
from models.early_warning.training import TooFewError, TrainingPart, threshold, training_part
from models.hazard import Fitted, probabilities
from models.hazard_training import Trained

Train = Callable[[TrainingPart], Mapping[str, Trained[Fitted]]]


@dataclass(frozen=True, eq=False)
class Split:
    """Training parts, each with the firm-dates that its models are measured on."""

    name: str
    parts: Sequence[tuple[TrainingPart, FirmDates]]


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a model said of firm-dates of a test part: (rows, intervals) and (rows,)."""

    probability: Floats
    is_alarm: Booleans


def joined(parts: Sequence[FirmDates]) -> FirmDates:
    """The firm-dates of several parts, one after the other."""
    columns = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts])
        for one in fields(FirmDates)
        if one.name != "values"
    }
    values = pd.concat([part.values for part in parts], ignore_index=True)
    return FirmDates(values=values, **columns)


def first_test_date(dates: FirmDates, specification: Specification) -> np.datetime64:
    """The first date of the latest third of the as-of dates whose last interval is closed.

    Raises:
        TooFewError: there are fewer than two such dates.
    """
    days = np.timedelta64(specification.horizons[-1] + specification.reporting_days, "D")
    closed: Dates = np.unique(dates.as_of_date[dates.as_of_date + days <= dates.observed_until])
    if len(closed) < 2:
        raise TooFewError(f"{len(closed)} as-of dates with a closed horizon, 2 are needed")
    return closed[-ceil(len(closed) / 3)]


def _at_risk(dates: FirmDates) -> FirmDates:
    return dates.of(dates.at_risk(dates.observed_until))


def out_of_time(dates: FirmDates, specification: Specification) -> Split:
    """Trained on what was known on the first test date, measured from that date on."""
    first = first_test_date(dates, specification)
    training = training_part(dates.of(dates.as_of_date < first), first, specification)
    return Split("out of time", ((training, _at_risk(dates.of(dates.as_of_date >= first))),))


def out_of_chain(dates: FirmDates, specification: Specification) -> Split:
    """Whole chains left out, in folds of about as many firm-dates.

    Raises:
        TooFewError: there are fewer chains than folds, or too few distressed outside of a fold.
    """
    chains = len(np.unique(dates.chain))
    if chains < specification.chain_folds:
        raise TooFewError(f"{chains} chains, {specification.chain_folds} are needed")
    folds = GroupKFold(specification.chain_folds).split(dates.values, groups=dates.chain)
    parts = []
    for training, test in folds:
        ours = dates.of(training)
        part = training_part(ours, ours.observed_until, specification)
        parts.append((part, _at_risk(dates.of(test))))
    return Split("out of chain", tuple(parts))


def unseen_seed(dates: FirmDates, others: FirmDates, specification: Specification) -> Split:
    """Trained on all of some ecosystems, measured on others."""
    training = training_part(dates, dates.observed_until, specification)
    return Split("unseen seed", ((training, _at_risk(others)),))


def predict(split: Split, train: Train, specification: Specification) -> dict[str, Predicted]:
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
