"""How machine-dates are parted into what models learn from and what they are measured on."""

from __future__ import annotations

from models.holdout import Split, first_test_date, group_folds
from models.machine_health.machine_dates import MachineDates
from models.machine_health.specification import Specification
from models.machine_health.training import TrainingPart, training_part

MachineSplit = Split[TrainingPart, MachineDates]


def out_of_time(dates: MachineDates, specification: Specification) -> MachineSplit:
    """Trained on what was known on the first test date, measured from that date on."""
    days = specification.horizons[-1] + specification.reporting_days
    first = first_test_date(dates, days)
    training = training_part(dates.of(dates.as_of_date < first), first, specification)
    return Split("out of time", ((training, dates.of(dates.as_of_date >= first)),))


def out_of_enterprise(dates: MachineDates, specification: Specification) -> MachineSplit:
    """Whole owners of machines left out, in folds of about as many rows.

    Raises:
        TooFewError: there are fewer owners than folds, or too few failures outside of a fold.
    """
    parts = []
    folds = group_folds(dates.owner, specification.owner_folds, "owners of machines")
    for rest, test in folds:
        ours = dates.of(rest)
        parts.append((training_part(ours, ours.observed_until, specification), dates.of(test)))
    return Split("out of enterprise", tuple(parts))


def unseen_seed(
    dates: MachineDates, others: MachineDates, specification: Specification
) -> MachineSplit:
    """Trained on all of some ecosystems, measured on others."""
    training = training_part(dates, dates.observed_until, specification)
    return Split("unseen seed", ((training, others),))
