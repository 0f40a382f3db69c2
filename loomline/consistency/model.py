"""What a check of consistency declares, one file of `catalog/consistency` a check."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from loomline.declarations import Declaration

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"

Form = Literal["ratio", "share"]
LearnedFrom = Literal["trade", "own_past", "given"]
Side = Literal["excess", "shortfall"]


class Tolerance(Declaration):
    """How far a residual may go before it contradicts.

    `beyond` is the share of honest months that may lie further out, were the residuals of the peers
    normally distributed; `least` is the narrowest tolerance, in the unit of the residual. Without
    `beyond` nothing is learned, and the tolerance is `least`.
    """

    beyond: float | None = Field(default=None, gt=0, le=0.05)
    least: float = Field(gt=0)


class Review(Declaration):
    """When the evidence of a check alone asks for a person to look at the enterprise.

    That many of the last three months must be inconsistent by so many tolerances, on one of the
    `sides`.
    """

    tolerances: float = Field(ge=1)
    months: int = Field(ge=1, le=3)
    sides: tuple[Side, ...] = Field(min_length=1)


class Check(Declaration):
    """One record of an enterprise set against another, month by month.

    `measured` and `reference` name measures of the feature families; or `sql` gives both, as
    columns enterprise_id, month_start_date, measured, reference (`loomline.consistency.query` says
    what stands in it): a month without a row has 0 of both, a null is missing. Both are summed over
    `months` months, for a share over those of them that are there; the reference is of `lag_months`
    earlier. A month is judged from `known_after_days` days after its end on, or also while it runs
    if `judges_running_month`.

    A `ratio` is judged by the logarithm of measured by reference, a `share` by their quotient, of
    which the measured part is within the reference. Amounts below `least_measured` and
    `least_reference` count as that much, and where both sides are below, nothing is said. What is
    expected is learned from the peers of the trade in that month, or from where the enterprise
    itself stood among them in the months before; or it is `given` with its tolerance, the same for
    every trade, where it lies in the nature of the thing.

    `absent_is_zero` says that a source reaches everybody: whoever is not in it has nothing, as long
    as most of its trade are in it. `contradicts` are the sides on which a residual speaks against
    the enterprise. `weight` is the part of data trust that is lost when the score is 0.
    """

    name: str = Field(pattern=NAME_PATTERN)
    title_en: str = Field(min_length=1)
    title_zh: str = Field(min_length=1)
    description: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    source: str = Field(min_length=1)
    form: Form
    measured: str | None = Field(default=None, pattern=NAME_PATTERN)
    reference: str | None = Field(default=None, pattern=NAME_PATTERN)
    sql: str | None = Field(default=None, min_length=1)
    measured_en: str = Field(min_length=1)
    measured_zh: str = Field(min_length=1)
    reference_en: str = Field(min_length=1)
    reference_zh: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    reference_unit: str = Field(min_length=1)
    months: int = Field(default=1, ge=1, le=6)
    lag_months: int = Field(default=0, ge=0, le=3)
    known_after_days: int = Field(default=0, ge=0, le=40)
    judges_running_month: bool = False
    learned_from: LearnedFrom = "trade"
    given: float | None = Field(default=None, ge=0)
    absent_is_zero: bool = False
    least_measured: float = Field(default=0, ge=0)
    least_reference: float = Field(gt=0)
    tolerance: Tolerance
    contradicts: tuple[Side, ...] = Field(min_length=1)
    review: Review | None = None
    weight: float = Field(gt=0, le=1)
    excess_en: str | None = Field(default=None, min_length=1)
    excess_zh: str | None = Field(default=None, min_length=1)
    shortfall_en: str | None = Field(default=None, min_length=1)
    shortfall_zh: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _has_both_sides(self) -> Self:
        if (self.sql is None) == (self.measured is None) or (self.measured is None) != (
            self.reference is None
        ):
            raise ValueError("give either sql, or the measures measured and reference")
        return self

    @model_validator(mode="after")
    def _says_what_it_finds(self) -> Self:
        words = {
            "excess": (self.excess_en, self.excess_zh),
            "shortfall": (self.shortfall_en, self.shortfall_zh),
        }
        for side, said in words.items():
            if (side in self.contradicts) != all(said) or any(said) != all(said):
                raise ValueError(f"{side} needs words in English and Chinese where it contradicts")
        return self

    @model_validator(mode="after")
    def _is_given_what_is_expected(self) -> Self:
        if (self.learned_from == "given") != (self.given is not None):
            raise ValueError("learned_from is given where, and only where, given says what")
        if (self.given is None) == (self.tolerance.beyond is None):
            raise ValueError("a tolerance is learned (beyond) unless what is expected is given")
        if self.form == "ratio" and self.given == 0:
            raise ValueError("a ratio of 0 can't be expected")
        return self

    @model_validator(mode="after")
    def _reviews_what_contradicts(self) -> Self:
        if self.review and not set(self.review.sides) <= set(self.contradicts):
            raise ValueError("review has a side that does not contradict")
        return self

    @model_validator(mode="after")
    def _has_a_floor(self) -> Self:
        if self.form == "ratio" and self.least_measured <= 0:
            raise ValueError("a ratio needs least_measured above 0")
        if self.judges_running_month and self.known_after_days:
            raise ValueError("a running month can't be judged days after its end")
        return self

    @property
    def residual_unit(self) -> str:
        """The unit of the residual."""
        return "log ratio" if self.form == "ratio" else "ratio"

    @property
    def reach_months(self) -> int:
        """How many months before the judged one its sides look back, own past apart."""
        return self.months - 1 + self.lag_months
