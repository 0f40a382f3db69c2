"""The master scale: grades by probability of default, from `catalog/master_scale.yml`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from loomline.declarations import Declaration, read_declaration
from models.arrays import Floats


class Grade(Declaration):
    """A grade holds probabilities of default up to and including its bound."""

    grade: str = Field(min_length=1)
    pd_up_to_ratio: float = Field(gt=0, le=1)
    meaning_en: str = Field(min_length=1)
    meaning_zh: str = Field(min_length=1)


class MasterScale(Declaration):
    """Grades from the best to the worst; the last one reaches up to 1."""

    description: str
    grades: tuple[Grade, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _covers_everything_once(self) -> MasterScale:
        bounds = [grade.pd_up_to_ratio for grade in self.grades]
        if bounds != sorted(set(bounds)):
            raise ValueError("the bounds must rise from grade to grade")
        if bounds[-1] != 1:
            raise ValueError("the last grade must reach up to 1")
        if len({grade.grade for grade in self.grades}) < len(self.grades):
            raise ValueError("a grade is given twice")
        return self

    def grade_of(self, pd_ratio: float) -> str:
        """The grade of a probability of default from 0 to 1."""
        return next(x.grade for x in self.grades if pd_ratio <= x.pd_up_to_ratio)

    def places(self, pd_ratio: Floats) -> npt.NDArray[np.int64]:
        """The place of the grade of each probability, (firms,), from 0 for the best."""
        bounds = [grade.pd_up_to_ratio for grade in self.grades]
        return np.searchsorted(bounds, pd_ratio, side="left")

    def rows(self) -> list[tuple[str, int, float, float, str, str]]:
        """The rows of `scores.master_scale`, in the order of its columns."""
        lower_bounds = [0.0, *(grade.pd_up_to_ratio for grade in self.grades)]
        return [
            (x.grade, position, lower, x.pd_up_to_ratio, x.meaning_en, x.meaning_zh)
            for position, (lower, x) in enumerate(
                zip(lower_bounds, self.grades, strict=False), start=1
            )
        ]


def load_master_scale(catalog: Path) -> MasterScale:
    """Read the scale.

    Raises:
        CatalogueError: the file does not hold.
    """
    return read_declaration(catalog / "master_scale.yml", MasterScale)
