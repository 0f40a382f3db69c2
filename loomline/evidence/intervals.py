"""Intervals and tests of shares and lifts, for many rules at once.

Two cases. Where a rule that says nothing would catch enough defaulting enterprises, sums are taken
as normal, and their variance is that over enterprises: one that fires on many dates is one case and
not many. Where it would catch few, one date is looked at, on which an enterprise stands once, and
the methods are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, hypergeom, norm

from loomline.evidence.counts import Counts, ratio
from loomline.evidence.history import Floats

CONFIDENCE = 0.95
# What stands for a count of 0 in a logarithm (Haldane, 1956; Anscombe, 1956).
HALF = 0.5
# A rule that fires for everybody has a lift of 1 that can't vary, but for rounding.
NO_VARIANCE = 1e-12
TWO_SIDED_Z = float(norm.ppf(0.5 + CONFIDENCE / 2))


def exact_share(successes: Floats, trials: Floats) -> tuple[Floats, Floats]:
    """The ends of the 95 % interval of shares, NaN without trials (Clopper and Pearson, 1934)."""
    tail, failures = (1 - CONFIDENCE) / 2, trials - successes
    lower = np.where(successes > 0, beta.ppf(tail, successes, failures + 1), 0.0)
    upper = np.where(failures > 0, beta.ppf(1 - tail, successes + 1, failures), 1.0)
    return np.where(trials > 0, lower, np.nan), np.where(trials > 0, upper, np.nan)


def exact_p_value(caught: Floats, fired: Floats, defaults: Floats, total: Floats) -> Floats:
    """How often so many of `fired` or more would default by chance (Fisher, 1922; one-sided)."""
    # Without any case there is no distribution, and nothing to wonder at.
    return np.where(total > 0, hypergeom.sf(caught - 1, total, defaults, fired), 1.0)


def least_p_value(fired: Floats, defaults: Floats, total: Floats) -> Floats:
    """The p-value had the rule caught all that it could (Tarone, 1990).

    A rule whose least p-value is above the level can't be found to work, whatever it does.
    """
    return exact_p_value(np.minimum(fired, defaults), fired, defaults, total)


def clustered_variance(influence: Floats, total: Floats) -> Floats:
    """The variance of a sum of influences over independent enterprises, (rules,).

    Both are (rules, enterprises); `total` says which enterprises count at all. Of a risk ratio with
    one date an enterprise it would be the variance of Katz et al. (1978), "Obtaining confidence
    intervals for the risk ratio in cohort studies".
    """
    clusters = np.count_nonzero(total, axis=1).astype(float)
    return np.asarray((influence**2).sum(axis=1) * ratio(clusters, clusters - 1))


@dataclass(frozen=True, eq=False)
class LogLift:
    """The logarithm of lifts, (rules,), and what each enterprise adds to it, (rules, enterprises).

    `added_variance` is what the variance has besides that of the influences.
    """

    value: Floats
    influence: Floats
    added_variance: Floats

    def variance(self, total: Floats) -> Floats:
        """The variance of the logarithms, from counts (rules, enterprises) of what counts."""
        return clustered_variance(self.influence, total) + self.added_variance


def log_lift(counts: Counts) -> LogLift:
    """The logarithm of the share of defaults among the fired by that among all.

    The influence is the linear part of the logarithm in the sums over the enterprise's dates
    (Binder, 1983, "On the variances of asymptotically normal estimators from complex surveys"). A
    rule that has caught nothing is taken to have caught half a default. NaN where nothing has
    fired, or nobody defaulted.
    """
    caught, fired, defaults, total = counts.sums()
    value = (
        np.log(np.where(caught > 0, caught, HALF)) + np.log(np.where(total > 0, total, np.nan))
    ) - np.log(np.where((fired > 0) & (defaults > 0), fired * defaults, np.nan))
    influence = np.zeros(counts.total.shape)
    wholes = (np.where(caught > 0, caught, HALF), fired, defaults, total)
    for sign, part, whole in zip((1, -1, -1, 1), counts.parts, wholes, strict=True):
        influence += sign * ratio(part, np.broadcast_to(whole[:, None], part.shape))
    return LogLift(value, influence, np.where(caught > 0, 0.0, 1 / HALF))


def score_p_value(counts: Counts) -> Floats:
    """How often by chance so many or more of the fired would default, (rules,); one-sided.

    The score test with the variance of sums over enterprises (Boos, 1992, "On generalized score
    tests"): what was caught, less what would be at the base rate, by its deviation if that is true.
    1 where it can't vary.
    """
    caught, fired, defaults, total = (part[:, None] for part in counts.sums())
    base, fired_share = (np.nan_to_num(ratio(part, total)) for part in (defaults, fired))
    influence = counts.caught - base * counts.fired
    influence -= fired_share * (counts.defaults - base * counts.total)
    variance = clustered_variance(influence, counts.total)
    varies = variance > NO_VARIANCE
    excess = (caught - base * fired)[:, 0]
    return np.where(varies, norm.sf(excess / np.sqrt(np.where(varies, variance, 1.0))), 1.0)
