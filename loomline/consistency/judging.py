"""From both sides of a check to what was to be expected, residuals, tolerances and verdicts.

Everything is an array (enterprises, months), oldest month first; NaN is a missing value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.stats import norm

from loomline.consistency.grids import LEAST_PEERS, Floats, Integers, covered, shifted, summed
from loomline.consistency.model import Check
from loomline.consistency.months import JUDGED_MONTHS, PAST_MONTHS

Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]

# An expectation is learned from so many own months.
LEAST_OWN_MONTHS = 3
# The quantile of the peers' residuals that tells their spread: up to a tenth of the months may be
# anything without moving it.
SPREAD_QUANTILE = 0.9
# The months that a review looks at.
REVIEW_MONTHS = 3

CANNOT_SAY, CONSISTENT, EXCESS, SHORTFALL = range(4)
VERDICTS = ("cannot_say", "consistent", "excess", "shortfall")


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a check says of the judged months; each array is (enterprises, 12).

    `measured` and `reference` are sums over the check's months, `expected` is what was to be
    measured; residual and tolerance are in the residual's unit, scores lie in 0..1. All are NaN,
    and the verdict CANNOT_SAY, where nothing can be said. `verdicts` are positions in VERDICTS;
    `is_for_review` says that the check alone asks for a review in the month.
    """

    measured: Floats
    reference: Floats
    expected: Floats
    residual: Floats
    tolerance: Floats
    score: Floats
    verdicts: Codes
    is_for_review: Flags


def _column_medians(values: Floats) -> Floats:
    """Medians of the values that are there, by column; NaN for a column with too few."""
    count = np.isfinite(values).sum(axis=0)
    in_order = np.sort(values, axis=0)
    columns = np.arange(values.shape[1])
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    middle = (in_order[np.minimum(low, len(values) - 1), columns]
              + in_order[np.minimum(high, len(values) - 1), columns]) / 2  # fmt: skip
    return np.where(count > LEAST_PEERS, middle, np.nan)


def usual_of_peers(values: Floats, groups: Integers) -> Floats:
    """The median of each enterprise's group by month; NaN where at most LEAST_PEERS have a value.

    The enterprise itself is one of its group: a median hardly moves for one of seven.
    """
    usual = np.full(values.shape, np.nan)
    for group in np.unique(groups):
        members = groups == group
        usual[members] = _column_medians(values[members])
    return usual


def usual_of_own_past(values: Floats) -> Floats:
    """The median of the enterprise's PAST_MONTHS months before each month.

    NaN where fewer than LEAST_OWN_MONTHS of them have a value.
    """
    usual = np.full(values.shape, np.nan)
    for month in range(1, values.shape[1]):
        past = values[:, max(0, month - PAST_MONTHS) : month]
        told = np.isfinite(past).sum(axis=1) >= LEAST_OWN_MONTHS
        if told.any():
            usual[told, month] = np.nanmedian(past[told], axis=1)
    return usual


def tolerances(residual: Floats, groups: Integers, beyond: float, least: float) -> Floats:
    """How far residuals of each enterprise's group go, by the spread of the group's residuals.

    The SPREAD_QUANTILE of the absolute residuals of the group over all months, times what makes it
    the bound that a share `beyond` of normally distributed residuals passes; `least` at least.
    """
    times = norm.ppf(1 - beyond / 2) / norm.ppf((1 + SPREAD_QUANTILE) / 2)
    found = np.full(residual.shape, least)
    for group in np.unique(groups):
        members = groups == group
        told = np.abs(residual[members])
        told = told[np.isfinite(told)]
        if len(told):
            found[members] = max(least, float(np.quantile(told, SPREAD_QUANTILE)) * times)
    return found


def _usual(check: Check, position: Floats, trades: Integers) -> Floats:
    """The position that was to be expected; NaN where there is too little to learn it from."""
    if check.given is not None:
        level = np.log(check.given) if check.form == "ratio" else check.given
        return np.full(position.shape, level)
    usual = usual_of_peers(position, trades)
    if check.learned_from == "own_past":
        usual = np.where(np.isnan(usual), 0.0, usual)
        usual = usual + usual_of_own_past(position - usual)
    return usual


def _position(check: Check, measured: Floats, reference: Floats) -> Floats:
    """Where the two sides stand to one another: their log ratio or their quotient."""
    floor_measured = np.maximum(measured, check.least_measured)
    floor_reference = np.maximum(reference, check.least_reference)
    is_there = np.isfinite(measured) & np.isfinite(reference)
    if check.form == "ratio":
        is_there &= (measured >= check.least_measured) | (reference >= check.least_reference)
        ratio = np.where(is_there, floor_measured / floor_reference, np.nan)
        return np.log(ratio)
    is_there &= reference >= check.least_reference
    return np.where(is_there, measured / floor_reference, np.nan)


def _review(check: Check, residual: Floats, tolerance: Floats) -> Flags:
    """Whether so many of the last three months, this one among them, are so far out."""
    is_far = np.zeros(residual.shape, dtype=np.bool_)
    if check.review is None:
        return is_far
    bound = tolerance * check.review.tolerances
    if "excess" in check.review.sides:
        is_far |= residual > bound
    if "shortfall" in check.review.sides:
        is_far |= residual < -bound
    before = np.zeros((len(is_far), REVIEW_MONTHS - 1), dtype=np.bool_)
    windows = sliding_window_view(np.hstack([before, is_far]), REVIEW_MONTHS, axis=1)
    flags: Flags = is_far & (windows.sum(axis=2) >= check.review.months)
    return flags


def judge(
    check: Check, measured: Floats, reference: Floats, trades: Integers, can_judge: Flags
) -> Judgement:
    """Judge the last 12 months of a check.

    `measured` and `reference` are monthly values (enterprises, months) of `months_needed(check)`
    months or more, NaN where the enterprise is not in the source; `trades` are (enterprises,), one
    value for all whose trade is not known; `can_judge` is (12,): the months that may be judged.

    Raises:
        ValueError: shapes differ, or there are too few months.
    """
    if measured.shape != reference.shape or measured.shape[0] != len(trades):
        raise ValueError(f"{measured.shape} and {reference.shape} for {len(trades)} enterprises.")
    if measured.shape[1] < JUDGED_MONTHS + check.reach_months:
        raise ValueError(f"{measured.shape[1]} months are too few for {check.name}.")
    if check.absent_is_zero:
        measured, reference = covered(measured, trades), covered(reference, trades)
    # A share of the months that are there is a share; a ratio of unlike months says nothing.
    needs_all = check.form == "ratio"
    measured = summed(measured, check.months, needs_all)
    reference = shifted(summed(reference, check.months, needs_all), check.lag_months)
    position = _position(check, measured, reference)
    position[:, -JUDGED_MONTHS:][:, ~can_judge] = np.nan
    usual = _usual(check, position, trades)
    residual = (position - usual)[:, -JUDGED_MONTHS:]
    usual = usual[:, -JUDGED_MONTHS:]
    measured, reference = measured[:, -JUDGED_MONTHS:], reference[:, -JUDGED_MONTHS:]
    is_told = np.isfinite(residual)
    beyond, least = check.tolerance.beyond, check.tolerance.least
    if beyond is None:
        tolerance = np.full(residual.shape, least)
    else:
        tolerance = tolerances(residual, trades, beyond, least)
    level = np.exp(usual) if check.form == "ratio" else usual
    is_excess = (residual > tolerance) & ("excess" in check.contradicts)
    is_shortfall = (residual < -tolerance) & ("shortfall" in check.contradicts)
    is_against = is_excess | is_shortfall
    with np.errstate(divide="ignore"):
        far_score = tolerance / np.abs(residual)
    verdicts = np.select(
        [~is_told, is_excess, is_shortfall], [CANNOT_SAY, EXCESS, SHORTFALL], CONSISTENT
    )

    def told(values: Floats) -> Floats:
        return np.where(is_told, values, np.nan)

    return Judgement(
        measured=told(measured),
        reference=told(reference),
        expected=told(np.maximum(reference, check.least_reference) * level),
        residual=residual,
        tolerance=told(tolerance),
        score=told(np.where(is_against, far_score, 1.0)),
        verdicts=verdicts.astype(np.int8),
        is_for_review=_review(check, residual, tolerance),
    )
