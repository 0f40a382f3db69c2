"""How well rules tell enterprises that default: precision and lift, with interval and p-value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loomline.evidence.counts import Counts, ratio
from loomline.evidence.history import Dates, Floats
from loomline.evidence.intervals import (
    TWO_SIDED_Z,
    exact_p_value,
    exact_share,
    least_p_value,
    log_lift,
    score_p_value,
)
from loomline.evidence.vocabulary import ALL_DATES, ONE_DATE

# The normal approximation needs so many expected cases (Cochran, 1954, asks for five). What was
# caught must not decide it: a rule could then choose the method that it looks better by.
ENOUGH_EXPECTED = 10.0


@dataclass(frozen=True, eq=False)
class Lifts:
    """Figures of rules, each (rules,), by the name of their column.

    `method` is `all_dates`, or `one_date` where few are expected to be caught: then all figures are
    of `reference_date`. Counts are of enterprise-dates. `least_p_value` is what p would be had the
    rule caught all that it could. NaN where there is nothing to divide by.
    """

    method: NDArray[np.str_]
    reference_date: Dates
    observed_count: Floats
    observed_fired_count: Floats
    observed_default_count: Floats
    caught_count: Floats
    precision_ratio: Floats
    base_ratio: Floats
    lift: Floats
    lift_lower: Floats
    lift_upper: Floats
    p_value: Floats
    least_p_value: Floats


def reference_places(dates: Counts) -> NDArray[np.int64]:
    """The position of the date with most defaults in its window, the latest of several, (rules,).

    It is chosen by outcomes alone, so that no rule gains by the choice.
    """
    count = dates.defaults.shape[1]
    return np.asarray(count - 1 - np.argmax(dates.defaults[:, ::-1], axis=1))


def lifts(enterprises: Counts, dates: Counts, as_of_dates: Dates) -> Lifts:
    """The figures, from counts of the same firings by enterprise and by date."""
    is_few = enterprises.expected() < ENOUGH_EXPECTED
    places = reference_places(dates)
    at_place = np.take_along_axis(np.stack(dates.parts), places[None, :, None], axis=2)[:, :, 0]
    caught, fired, defaults, total = np.where(is_few, at_place, np.stack(enterprises.sums()))
    precision, base = ratio(caught, fired), ratio(defaults, total)
    lift = ratio(precision, np.nan_to_num(base))
    exact = [ratio(end, np.nan_to_num(base)) for end in exact_share(caught, fired)]
    log = log_lift(enterprises)
    variance = log.variance(enterprises.total)
    half = TWO_SIDED_Z * np.sqrt(variance)
    lower = np.where(caught > 0, np.exp(log.value - half), 0.0)
    return Lifts(
        method=np.where(is_few, ONE_DATE, ALL_DATES),
        reference_date=np.where(is_few, as_of_dates[places], np.datetime64("NaT", "D")),
        observed_count=total,
        observed_fired_count=fired,
        observed_default_count=defaults,
        caught_count=caught,
        precision_ratio=precision,
        base_ratio=base,
        lift=lift,
        lift_lower=np.where(is_few, exact[0], lower),
        lift_upper=np.where(is_few, exact[1], np.exp(log.value + half)),
        p_value=np.where(
            is_few,
            exact_p_value(caught, fired, defaults, total),
            score_p_value(enterprises),
        ),
        least_p_value=np.where(is_few, least_p_value(fired, defaults, total), 0.0),
    )
