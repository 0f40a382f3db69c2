"""The macro index and the scenarios, as in catalog/scenarios.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from scipy.stats import norm

from loomline.declarations import Declaration, read_declaration


class IndexSeries(Declaration):
    """A series of the index: its sign is 1 if it rises in good times, -1 if it falls."""

    sign: Literal[1, -1]
    title_en: str = Field(min_length=1)
    title_zh: str = Field(min_length=1)


class MacroIndex(Declaration):
    """An index of real activity, and how each year of its history stands among the others.

    `year_scores` are normal scores by calendar year (`models.scenarios.macro.normal_scores`): facts
    that `bench/macro_years.py` computes from the file that `source` names.
    """

    title_en: str = Field(min_length=1)
    title_zh: str = Field(min_length=1)
    source: str = Field(min_length=1)
    series: dict[str, IndexSeries] = Field(min_length=2)
    year_scores: dict[int, float] = Field(min_length=2)

    @property
    def signs(self) -> dict[str, int]:
        """The sign of every series by its name."""
        return {name: one.sign for name, one in self.series.items()}


class AssetCorrelation(Declaration):
    """The asset correlation (a ratio) falls exponentially with the probability of default."""

    at_lowest_pd_ratio: float = Field(gt=0, lt=1)
    at_highest_pd_ratio: float = Field(gt=0, lt=1)
    decay: float = Field(gt=0)
    source: str = Field(min_length=1)


class Scenario(Declaration):
    """A state of the economy over a year: a quantile of the index's history, or one of its years.

    Exactly one of `quantile` (0 is the worst, 1 the best) and `as_in` (a calendar year) is given.
    """

    title_en: str = Field(min_length=1)
    title_zh: str = Field(min_length=1)
    meaning_en: str = Field(min_length=1)
    meaning_zh: str = Field(min_length=1)
    quantile: float | None = Field(default=None, gt=0, lt=1)
    as_in: int | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.quantile is None) == (self.as_in is None):
            raise ValueError("a scenario has either a quantile or a year that it is as in")
        return self


class Scenarios(Declaration):
    """The index, the asset correlation, and every scenario by its name."""

    index: MacroIndex
    asset_correlation: AssetCorrelation
    scenarios: dict[str, Scenario] = Field(min_length=1)

    @model_validator(mode="after")
    def _years_are_known(self) -> Self:
        for name, scenario in self.scenarios.items():
            if scenario.as_in is not None and scenario.as_in not in self.index.year_scores:
                raise ValueError(f"{name} is as in {scenario.as_in}, a year without a score")
        return self

    def systematic_factor(self, name: str) -> float:
        """The systematic factor of a scenario: standard normal, positive in good times.

        Raises:
            KeyError: there is no such scenario.
        """
        scenario = self.scenarios[name]
        if scenario.as_in is not None:
            return self.index.year_scores[scenario.as_in]
        return float(norm.ppf(scenario.quantile))

    def systematic_factors(self) -> dict[str, float]:
        """The systematic factor of every scenario by its name."""
        return {name: self.systematic_factor(name) for name in self.scenarios}


def load_scenarios(catalog: Path) -> Scenarios:
    """Read the scenarios.

    Raises:
        CatalogueError: the file does not hold.
    """
    return read_declaration(catalog / "scenarios.yml", Scenarios)
