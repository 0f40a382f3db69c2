"""What a family of features declares, and the features that are made of it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from loomline.declarations import Declaration
from loomline.families.vocabulary import (
    AGGREGATIONS,
    STATE_DAYS,
    Aggregation,
    Comparison,
    Kind,
    Operation,
    WindowDays,
    reach_days,
)

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"


class Measure(Declaration):
    """A daily value of an enterprise that adds up over the rows of a silver table.

    `sender` says whose rows they are, where a table has those of several systems: a firm that one
    of them knows need not be known to another. `code` is the column that says which enterprise a
    row is of, and `spelling` one that spells its name in rows without a code; `code_is: machine`
    says that it is the code of a machine, whose owner the enterprise is. A row whose `code_system`
    is that of `ids_of` has the enterprise's id for a code. `day`, `value`, `where`
    and `until` are Spark SQL over the columns of the table; `:time_zone` stands for the business
    zone in them. A row for which `day` or `value` is null adds nothing; what a row adds to a
    balance is taken away again on the day `until`, if there is one. Descriptions are phrases that
    the description of a feature begins with.
    """

    name: str = Field(pattern=NAME_PATTERN)
    table: str = Field(pattern=r"^silver\.[a-z_]+$")
    sender: str | None = Field(default=None, pattern=NAME_PATTERN)
    code: str = "enterprise_code"
    code_is: Literal["enterprise", "machine"] = "enterprise"
    spelling: str | None = Field(default=None, min_length=1)
    ids_of: str | None = Field(default=None, pattern=NAME_PATTERN)
    day: str = Field(min_length=1)
    value: str = Field(min_length=1)
    where: str | None = Field(default=None, min_length=1)
    until: str | None = Field(default=None, min_length=1)
    kind: Kind = "flow"
    unit: str = Field(min_length=1)
    description_en: str = Field(min_length=1)
    description_zh: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ends_only_as_a_balance(self) -> Self:
        if self.until is not None and self.kind != "balance":
            raise ValueError(f"a {self.kind} stands on one day, so that it has no until")
        return self


class _Made(Declaration):
    """The windows and comparisons that features are made for.

    Over 365 days the days before are those of last year; the two comparisons are made once.
    """

    windows: tuple[WindowDays, ...] = Field(min_length=1)
    comparisons: tuple[Comparison, ...] = Field(default=("none",), min_length=1)

    @model_validator(mode="after")
    def _lies_within_the_state(self) -> Self:
        for window in self.windows:
            for comparison in self.comparisons:
                if reach_days(window, comparison) > STATE_DAYS:
                    raise ValueError(
                        f"{comparison} of {window} days looks back more than {STATE_DAYS} days"
                    )
        return self


class FeatureGrid(_Made):
    """Features of some measures: each measure by aggregation, window and comparison."""

    of: tuple[str, ...] = Field(min_length=1)
    aggregations: tuple[Aggregation, ...] = Field(min_length=1)

    @field_validator("aggregations")
    @classmethod
    def _is_no_constant_of_another(
        cls, aggregations: tuple[Aggregation, ...]
    ) -> tuple[Aggregation, ...]:
        if {"active_days", "active_share"} <= set(aggregations):
            raise ValueError("active_share is active_days by the length of the window")
        return aggregations

    @model_validator(mode="after")
    def _has_one_closing_balance(self) -> Self:
        is_same = {"none", "peers"} & set(self.comparisons) and len(self.windows) > 1
        if "closing" in self.aggregations and is_same:
            raise ValueError("the closing balance of all windows is the same")
        return self

    @model_validator(mode="after")
    def _has_weeks(self) -> Self:
        for aggregation in self.aggregations:
            least = AGGREGATIONS[aggregation].least_days
            if min(self.windows) < least:
                raise ValueError(f"{aggregation} needs windows of at least {least} days")
        return self


class Ratio(_Made):
    """One measure by another over the same window.

    Of a flow the total counts, of a level the mean of the days that have it, of a balance the mean
    of all days; of two levels of one table the totals do. A level or balance by a flow is by the
    flow of a mean day, so that a stock by sales is in days. Changes of a ratio in `ratio` or `days`
    are differences, others are relative.
    """

    name: str = Field(pattern=NAME_PATTERN)
    numerator: str
    denominator: str
    unit: str = "ratio"
    description_en: str = Field(min_length=1)
    description_zh: str = Field(min_length=1)


class Family(Declaration):
    """One file of `catalog/families`: measures of a domain, and the features made of them.

    A ratio may name measures of other families. `missing_means` says what it means when the history
    of an enterprise in the tables of the family does not cover a window. The history of a measure
    begins with the enterprise's first row of its table and sender, or in a table of
    `also_covered_by`: who sends the one would have sent the other. If the family
    `covers_everybody`, as a public list does, it begins for all with the first row of anybody.
    """

    family: str = Field(pattern=NAME_PATTERN)
    domain: str = Field(pattern=NAME_PATTERN)
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
    missing_means: str = Field(min_length=1)
    also_covered_by: tuple[str, ...] = ()
    covers_everybody: bool = False
    measures: tuple[Measure, ...] = Field(min_length=1)
    features: tuple[FeatureGrid, ...] = ()
    ratios: tuple[Ratio, ...] = ()


class Feature(Declaration):
    """A feature of enterprises: what it is called, how it is computed and what it says.

    `measures` is one, or for a ratio the numerator and the denominator; as `kinds` they count.
    `change` says whether a comparison with another window divides by it or takes the difference.
    """

    name: str
    family: str
    domain: str
    owner: str
    measures: tuple[str, ...]
    kinds: tuple[Kind, ...]
    aggregation: Operation
    window_days: WindowDays
    comparison: Comparison
    change: Literal["relative", "difference"]
    unit: str
    description_en: str
    description_zh: str
    missing_means: str
