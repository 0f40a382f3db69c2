"""What a value dimension declares."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from loomline.declarations import Declaration
from loomline.families.model import NAME_PATTERN


class WeightedInput(Declaration):
    """An input, whether high or low values are better, and how much it weighs beside the others."""

    input: str
    better: Literal["high", "low"]
    weight: float = Field(gt=0)


class Dimension(Declaration):
    """A side of an enterprise's worth, as a combination of inputs; 100 is the best of its peers.

    Missing where inputs with less than `least_share` of the weights have a value.
    """

    name: str = Field(pattern=NAME_PATTERN)
    title_en: str = Field(min_length=1)
    title_zh: str = Field(min_length=1)
    says_en: str = Field(min_length=1)
    says_zh: str = Field(min_length=1)
    least_share: float = Field(default=0.5, gt=0, le=1)
    inputs: tuple[WeightedInput, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _names_an_input_once(self) -> Self:
        names = [one.input for one in self.inputs]
        if len(set(names)) < len(names):
            raise ValueError("an input is named twice")
        return self


class DimensionFile(Declaration):
    """One file of `catalog/dimensions`: dimensions of a domain, and who answers for them."""

    domain: str = Field(pattern=NAME_PATTERN)
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
