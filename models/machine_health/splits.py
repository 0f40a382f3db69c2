"""How machine-dates are parted into what models learn from and what they are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import ceil

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from models.arrays import Dates
from models.machine_health.machine_dates import MachineDates
from models.machine_health.specification import Specification
from models.machine_health.training import TooFewError, TrainingPart, training_part


@dataclass(frozen=True, eq=False)
class Split:
    """Training parts, each with the machine-dates that its models are measured on."""

    name: str
    parts: Sequence[tuple[TrainingPart, MachineDates]]


def joined(parts: Sequence[MachineDates]) -> MachineDates:
    """The machine-dates of several parts, one after the other."""
    columns = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts])
        for one in fields(MachineDates)
        if one.name != "values"
    }
    values = pd.concat([part.values for part in parts], ignore_index=True)
    return MachineDates(values=values, **columns)


def first_test_date(dates: MachineDates, specification: Specification) -> np.datetime64:
    """The first date of the latest third of the as-of dates whose last interval is closed.

    Raises:
        TooFewError: there are fewer than two such dates.
    """
    ahead = np.timedelta64(specification.horizons[-1] + specification.reporting_days, "D")
    closed: Dates = np.unique(dates.as_of_date[dates.as_of_date + ahead <= dates.observed_until])
    if len(closed) < 2:
        raise TooFewError(f"{len(closed)} as-of dates with a closed horizon, 2 are needed")
    return closed[-ceil(len(closed) / 3)]


def out_of_time(dates: MachineDates, specification: Specification) -> Split:
    """Trained on what was known on the first test date, measured from that date on."""
    first = first_test_date(dates, specification)
    training = training_part(dates.of(dates.as_of_date < first), first, specification)
    return Split("out of time", ((training, dates.of(dates.as_of_date >= first)),))


def out_of_enterprise(dates: MachineDates, specification: Specification) -> Split:
    """Whole owners of machines left out, in folds of about as many rows.

    Raises:
        TooFewError: there are fewer owners than folds, or too few failures outside of a fold.
    """
    owners = len(np.unique(dates.owner))
    if owners < specification.owner_folds:
        raise TooFewError(f"{owners} owners of machines, {specification.owner_folds} are needed")
    parts = []
    for rest, test in GroupKFold(specification.owner_folds).split(dates.values, groups=dates.owner):
        ours = dates.of(rest)
        parts.append((training_part(ours, ours.observed_until, specification), dates.of(test)))
    return Split("out of enterprise", tuple(parts))


def unseen_seed(dates: MachineDates, others: MachineDates, specification: Specification) -> Split:
    """Trained on all of some ecosystems, measured on others."""
    training = training_part(dates, dates.observed_until, specification)
    return Split("unseen seed", ((training, others),))
