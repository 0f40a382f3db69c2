"""Tests of probabilities against what came true."""

from __future__ import annotations

import numpy as np
from scipy.stats import beta, binom

from models.arrays import Floats
from models.metrics import CONFIDENCE, Estimate
from models.monitor.areas import Counts, area_of_counts, counted, sampled, with_interval
from models.monitor.thresholds import Simulation

# The prior of Jeffreys for a share adds half a firm to either side.
PRIOR = 0.5


def jeffreys_p_value(defaults: int, firms: int, pd_ratio: float) -> float:
    """How likely the true rate is no higher than the probability, given the defaults.

    With Jeffreys' prior the rate is distributed as beta(defaults + 1/2, firms - defaults + 1/2);
    this is its distribution function at the probability (European Central Bank, 2019, Instructions
    for reporting the validation results of internal models). A small value says that the
    probability is too low; that it is too high is not tested. Defaults are taken as independent, so
    that one bad year for all gives small values more often than it says.
    """
    return float(beta.cdf(pd_ratio, defaults + PRIOR, firms - defaults + PRIOR))


def jeffreys_interval(defaults: int, firms: int) -> tuple[float, float]:
    """The 95 % interval of a share with that prior (Brown, Cai and DasGupta, 2001).

    As they do, the lower end is 0 without defaults and the upper one 1 with nothing else.
    """
    tail = (1 - CONFIDENCE) / 2
    lower, upper = beta.ppf([tail, 1 - tail], defaults + PRIOR, firms - defaults + PRIOR)
    return 0.0 if defaults == 0 else float(lower), 1.0 if defaults == firms else float(upper)


def binomial_p_value(defaults: int, firms: int, pd_ratio: float) -> float:
    """How often so many defaults or more come about if each firm's probability is this one.

    The exact one-sided binomial test (Basel Committee, 2005, Working Paper 14).
    """
    return float(binom.sf(defaults - 1, firms, pd_ratio))


def holm(p_values: list[float]) -> list[float]:
    """P-values adjusted for how many there are, by the step-down method of Holm (1979)."""
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = worst
    return adjusted


def observed_area(outcome: Floats, pd_ratio: Floats) -> float:
    """The area under the ROC curve of what came true, (firms,) both; NaN with one outcome only."""
    found = counted_exactly(outcome, pd_ratio)
    return float(area_of_counts(found[0][None, :], found[1][None, :])[0])


def counted_exactly(outcome: Floats, pd_ratio: Floats) -> tuple[Counts, Counts]:
    """Bad and good firms at each different probability, ascending, (levels,) both."""
    levels, place = np.unique(pd_ratio, return_inverse=True)
    bad = np.bincount(place[outcome == 1], minlength=len(levels))
    return bad, np.bincount(place, minlength=len(levels)) - bad


def observed_figures(
    outcome: Floats, pd_ratio: Floats, simulation: Simulation
) -> tuple[Estimate | None, Estimate]:
    """Area under the ROC curve and Brier score of what came true, (firms,) both, with intervals.

    As in the validation (docs/models.md) the intervals are percentiles over bootstrap samples of
    firms, drawn within defaulted and other firms. The area is None with one outcome only.
    """
    firms = counted(pd_ratio)
    levels = len(firms.firms)
    bad = np.bincount(firms.place[outcome == 1], minlength=levels)
    good = firms.firms - bad

    def draw(generator: np.random.Generator, samples: int) -> tuple[Counts, Counts]:
        drawn = [
            generator.multinomial(part.sum(), part / max(part.sum(), 1), size=samples)
            for part in (bad, good)
        ]
        return drawn[0], drawn[1]

    areas, squares = sampled(firms.pd_ratio, draw, simulation.samples, simulation.seed)
    brier = with_interval(float(np.mean((pd_ratio - outcome) ** 2)), squares)
    if bad.sum() == 0 or good.sum() == 0:
        return None, brier
    return with_interval(observed_area(outcome, pd_ratio), areas), brier
