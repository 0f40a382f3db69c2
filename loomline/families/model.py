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

    `code` is the column that says which enterprise a row is of. `day`, `value` and `where` are
    Spark SQL over the columns of the table; `:time_zone` stands for the business zone in them. A
    row for which `day` or `value` is null adds nothing. Descriptions are phrases that the
    description of a feature begins with.
    """

    name: str = Field(pattern=NAME_PATTERN)
    table: str = Field(pattern=r"^silver\.[a-z_]+$")
    code: str = "enterprise_code"
    day: str = Field(min_length=1)
    value: str = Field(min_length=1)
    where: str | None = Field(default=None, min_length=1)
    kind: Kind = "flow"
    unit: str = Field(min_length=1)
    description_en: str = Field(min_length=1)
    description_zh: str = Field(min_length=1)


class _Made(Declaration):
    """The windows and comparisons that features are made for."""

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
    def _has_weeks(self) -> Self:
        for aggregation in self.aggregations:
            least = AGGREGATIONS[aggregation].least_days
            if min(self.windows) < least:
                raise ValueError(f"{aggregation} needs windows of at least {least} days")
        return self


class Ratio(_Made):
    """The total of one measure by that of another over the same window.

    Changes of a ratio whose unit is `ratio` are differences, those of another are relative.
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
    of an enterprise in the tables of the family does not cover a window.
    """

    family: str = Field(pattern=NAME_PATTERN)
    domain: str = Field(pattern=NAME_PATTERN)
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
    missing_means: str = Field(min_length=1)
    measures: tuple[Measure, ...] = Field(min_length=1)
    features: tuple[FeatureGrid, ...] = ()
    ratios: tuple[Ratio, ...] = ()


class Feature(Declaration):
    """A feature of enterprises: what it is called, how it is computed and what it says.

    `measures` is one, or for a ratio the numerator and the denominator. `change` says whether a
    comparison with another window divides by it or takes the difference.
    """

    name: str
    family: str
    domain: str
    owner: str
    measures: tuple[str, ...]
    aggregation: Operation
    window_days: WindowDays
    comparison: Comparison
    change: Literal["relative", "difference"]
    unit: str
    description_en: str
    description_zh: str
    missing_means: str
