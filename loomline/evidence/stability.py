"""Whether a rule works alike from month to month and from trade to trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from loomline.evidence.counts import Counts, by_enterprise, ratio
from loomline.evidence.history import Booleans, Floats, History, Scope
from loomline.evidence.intervals import HALF, NO_VARIANCE, clustered_variance, log_lift

# Parts of history are compared where so many caught enterprises would be expected of a rule that
# says nothing: the rule of Cochran (1954) for expected counts.
EXPECTED = 5.0


@dataclass(frozen=True, eq=False)
class Stability:
    """Spread of the lifts over months and trades, each (rules,), NaN where too little is there.

    `month_index` is the population stability index of the month whose fired share differs most from
    that of all months. `halves_p_value` tests that the earlier and the later half of the dates have
    one lift, `trade_p_value` that all trades have (Cochran, 1954). `trade_i_squared_ratio` is the
    share of the spread between trades that is more than chance (Higgins and Thompson, 2002).
    """

    month_count: Floats
    month_lift_least: Floats
    month_lift_most: Floats
    month_index: Floats
    halves_p_value: Floats
    trade_count: Floats
    trade_lift_least: Floats
    trade_lift_most: Floats
    trade_p_value: Floats
    trade_i_squared_ratio: Floats


def stability_index(fired: Floats, evaluated: Floats) -> Floats:
    """The largest population stability index of a date's fired share against that of all dates.

    Both are (rules, dates) counts. The sum over fired and not fired of the difference of shares by
    the logarithm of their ratio (Siddiqi, 2006, "Credit risk scorecards"); half a case is added to
    each count, so that an empty one has a share.
    """

    def share(part: Floats, whole: Floats) -> Floats:
        return np.asarray((part + HALF) / (whole + 2 * HALF))

    one = share(fired, evaluated)
    every = share(fired.sum(axis=1), evaluated.sum(axis=1))[:, None]
    index = (one - every) * np.log(one / every) + (every - one) * np.log((1 - one) / (1 - every))
    return largest(np.where(evaluated > 0, index, np.nan))


def largest(values: Floats) -> Floats:
    """The largest of each row, (rows,); NaN values do not count, and none gives NaN."""
    return np.asarray(np.fmax.reduce(values, axis=1, initial=np.nan))


def least(values: Floats) -> Floats:
    """The least of each row, likewise."""
    return -largest(-values)


def monthly_lifts(dates: Counts) -> Floats:
    """The lift on each date, (rules, dates), NaN where fewer than five would be expected."""
    expected = dates.fired * np.nan_to_num(ratio(dates.defaults, dates.total))
    lift = ratio(
        ratio(dates.caught, dates.fired), np.nan_to_num(ratio(dates.defaults, dates.total))
    )
    return np.where(expected >= EXPECTED, lift, np.nan)


def heterogeneity(logs: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Cochran's test that independent logarithms are one, and I squared, each (rules,).

    Both arguments are (groups, rules), NaN for a group that is not compared. NaN where fewer than
    two are.
    """
    weights = np.where(variances > NO_VARIANCE, 1 / np.fmax(variances, NO_VARIANCE), np.nan)
    count = np.isfinite(weights).sum(axis=0)
    mean = ratio(np.nansum(weights * logs, axis=0), np.nansum(weights, axis=0))
    q = np.nansum(weights * (logs - mean) ** 2, axis=0)
    freedom = np.maximum(count - 1, 1)
    excess = np.nan_to_num(ratio(np.maximum(q - freedom, 0), q))
    is_compared = count > 1
    return np.where(is_compared, chi2.sf(q, freedom), np.nan), np.where(is_compared, excess, np.nan)


def _by_trade(enterprises: Counts, trades: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Lift, its logarithm and the logarithm's variance by known trade, each (trades, rules)."""
    named = np.array(trades, dtype=str)
    found = [np.empty((3, 0, len(enterprises.total)))]
    for trade in sorted({*trades} - {""}):
        counts = enterprises.at(named == trade)
        log = log_lift(counts)
        caught, fired, defaults, total = counts.sums()
        lift = ratio(ratio(caught, fired), np.nan_to_num(ratio(defaults, total)))
        figures = np.stack([lift, log.value, log.variance(counts.total)])
        found.append(np.where(counts.expected() >= EXPECTED, figures, np.nan)[:, None])
    lifts, logs, variances = np.concatenate(found, axis=1)
    return lifts, logs, variances


def _halves_p_value(fired: Booleans, scope: Scope, history: History) -> Floats:
    """The test of the difference of the logarithms of the lifts of both halves, (rules,)."""
    closed = np.flatnonzero(history.at_risk.any(axis=0))
    is_late = np.arange(len(history.as_of_dates)) >= (
        closed[(len(closed) + 1) // 2] if len(closed) > 1 else len(history.as_of_dates)
    )
    early, late = (
        by_enterprise(fired & half, scope.on(half), history) for half in (~is_late, is_late)
    )
    before, after = log_lift(early), log_lift(late)
    variance = (
        clustered_variance(after.influence - before.influence, early.total + late.total)
        + before.added_variance
        + after.added_variance
    )
    is_compared = (early.expected() >= EXPECTED) & (late.expected() >= EXPECTED)
    is_compared &= variance > NO_VARIANCE
    deviation = np.abs(after.value - before.value) / np.sqrt(np.where(is_compared, variance, 1.0))
    return np.where(is_compared, 2 * norm.sf(deviation), np.nan)


def stability(
    fired: Booleans, scope: Scope, enterprises: Counts, dates: Counts, history: History
) -> Stability:
    """Stability of firings (rules, enterprises, dates), whose counts are given."""
    monthly = monthly_lifts(dates)
    lifts, logs, variances = _by_trade(enterprises, history.trades)
    trade_p_value, i_squared = heterogeneity(logs, variances)
    return Stability(
        np.isfinite(monthly).sum(axis=1).astype(float),
        least(monthly),
        largest(monthly),
        stability_index(
            np.count_nonzero(fired, axis=1).astype(float), scope.by_date(history.evaluated)
        ),
        _halves_p_value(fired, scope, history),
        np.isfinite(lifts).sum(axis=0).astype(float),
        least(lifts.T),
        largest(lifts.T),
        trade_p_value,
        i_squared,
    )
