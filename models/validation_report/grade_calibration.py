"""Calibration by grade: are there more defaults in a grade than its probability allows?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta, binomtest

from models.arrays import Floats
from models.calibration import Calibration
from models.master_scale import MasterScale
from models.metrics import wilson_interval

SIGNIFICANCE = 0.05
ALL_GRADES = "all"


@dataclass(frozen=True)
class GradeTest:
    """Defaults of a grade against its mean out-of-fold probability; ratios and p-values, 0 to 1.

    `lower` and `upper` are the ends of the 95 % Wilson interval of the observed share. The adjusted
    p-values are by Holm over the grades that hold firms. `rejects_from` is the least number of
    defaults that the binomial test alone would call too many; None when not even all firms of the
    grade are enough. What can't be said of a grade without firms is None.
    """

    grade: str
    pd_from_ratio: float
    pd_up_to_ratio: float
    firm_count: int
    default_count: int
    mean_pd_ratio: float | None = None
    observed_ratio: float | None = None
    lower: float | None = None
    upper: float | None = None
    binomial_p: float | None = None
    jeffreys_p: float | None = None
    binomial_adjusted_p: float | None = None
    jeffreys_adjusted_p: float | None = None
    rejects_from: int | None = None


@dataclass(frozen=True)
class CalibrationByGrade:
    """One test a grade, best first; one of all firms together, which is not part of the adjustment.

    Calibrated log-odds = `intercept` + `slope` * raw log-odds.
    """

    grades: tuple[GradeTest, ...]
    portfolio: GradeTest
    intercept: float
    slope: float

    @property
    def underestimated(self) -> tuple[str, ...]:
        """Grades whose adjusted p-value by either test is below the level of significance."""
        return tuple(
            x.grade
            for x in self.grades
            if x.binomial_adjusted_p is not None
            and x.jeffreys_adjusted_p is not None
            and min(x.binomial_adjusted_p, x.jeffreys_adjusted_p) < SIGNIFICANCE
        )


def binomial_p(defaults: int, firms: int, pd_ratio: float) -> float:
    """The chance of so many defaults or more when each firm defaults with `pd_ratio`.

    One-sided and exact; defaults count as independent. Basel Committee on Banking Supervision
    (2005), Working Paper 14, "Studies on the validation of internal rating systems".
    """
    return float(binomtest(defaults, firms, pd_ratio, alternative="greater").pvalue)


def jeffreys_p(defaults: int, firms: int, pd_ratio: float) -> float:
    """The posterior probability that the true rate is at most `pd_ratio`; small means too low a PD.

    Posterior Beta(defaults + 1/2, firms - defaults + 1/2), from Jeffreys' prior. European Central
    Bank (2019), "Instructions for reporting the validation results of internal models".
    """
    return float(beta.cdf(pd_ratio, defaults + 0.5, firms - defaults + 0.5))


def holm(p_values: list[float]) -> list[float]:
    """Adjusted p-values (Holm, 1979): below a level only where Holm's procedure rejects at it.

    The chance of any false rejection stays below the level, however the tests depend on each other.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda x: p_values[x])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def _rejects_from(firms: int, pd_ratio: float) -> int | None:
    enough = (x for x in range(firms + 1) if binomial_p(x, firms, pd_ratio) < SIGNIFICANCE)
    return next(enough, None)


def _test(grade: str, bounds: tuple[float, float], predicted: Floats, outcome: Floats) -> GradeTest:
    firms, defaults = len(outcome), int(outcome.sum())
    if firms == 0:
        return GradeTest(grade, *bounds, 0, 0)
    mean = float(predicted.mean())
    lower, upper = wilson_interval(defaults, firms)
    return GradeTest(
        grade,
        *bounds,
        firm_count=firms,
        default_count=defaults,
        mean_pd_ratio=mean,
        observed_ratio=defaults / firms,
        lower=lower,
        upper=upper,
        binomial_p=binomial_p(defaults, firms, mean),
        jeffreys_p=jeffreys_p(defaults, firms, mean),
        rejects_from=_rejects_from(firms, mean),
    )


def _adjusted(tests: list[GradeTest]) -> tuple[GradeTest, ...]:
    tested = [x for x in tests if x.binomial_p is not None and x.jeffreys_p is not None]
    binomial = holm([x.binomial_p for x in tested if x.binomial_p is not None])
    jeffreys = holm([x.jeffreys_p for x in tested if x.jeffreys_p is not None])
    by_grade = {
        x.grade: replace(x, binomial_adjusted_p=first, jeffreys_adjusted_p=second)
        for x, first, second in zip(tested, binomial, jeffreys, strict=True)
    }
    return tuple(by_grade.get(x.grade, x) for x in tests)


def calibration_by_grade(
    predicted: Floats, outcome: Floats, scale: MasterScale, calibration: Calibration
) -> CalibrationByGrade:
    """Test every grade of the scale.

    Args:
        predicted: (firms,), probability of default by models that did not see the firm.
        outcome: (firms,) of 0 and 1.
        scale: the grades.
        calibration: that of the registered card.
    """
    grades = np.array([scale.grade_of(float(x)) for x in predicted], dtype=object)
    tests = [
        _test(grade, (lower, upper), predicted[grades == grade], outcome[grades == grade])
        for grade, _, lower, upper, *_ in scale.rows()
    ]
    return CalibrationByGrade(
        grades=_adjusted(tests),
        portfolio=_test(ALL_GRADES, (0.0, 1.0), predicted, outcome),
        intercept=calibration.intercept,
        slope=calibration.slope,
    )
