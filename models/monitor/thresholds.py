"""From where on a figure is amber or red: `catalog/monitoring.yml`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from loomline.declarations import Declaration, read_declaration

Level = Literal["green", "amber", "red", "none"]
# From the calmest to the gravest.
LEVELS: tuple[Level, ...] = ("none", "green", "amber", "red")


class Bounds(Declaration):
    """The bounds of a figure, which of its ends is bad, and where they come from."""

    worse: Literal["higher", "lower"]
    amber: float
    red: float
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _red_is_worse(self) -> Self:
        if (self.red > self.amber) != (self.worse == "higher") or self.red == self.amber:
            raise ValueError("red must be worse than amber")
        return self

    def level(self, value: float) -> Level:
        """The level of a figure; one that is on a bound has reached it."""
        sign = 1 if self.worse == "higher" else -1
        if sign * value >= sign * self.red:
            return "red"
        return "amber" if sign * value >= sign * self.amber else "green"

    def below(self, reference: float) -> Bounds:
        """Bounds of a figure that must not be lower than a reference by as much as these say."""
        return Bounds(
            worse="lower",
            amber=reference - self.amber,
            red=reference - self.red,
            source=self.source,
        )


class Simulation(Declaration):
    """How many samples make an interval, and the seed of their draws."""

    samples: int = Field(ge=100)
    seed: int = Field(ge=0)
    source: str = Field(min_length=1)


class DriftBounds(Declaration):
    """Bounds of the population stability index.

    Scores are cut into `score_bins` of about as many firms. An index that is reached by chance with
    more than 1 - `chance_level` is not judged.
    """

    score_bins: int = Field(ge=2)
    chance_level: float = Field(gt=0.5, lt=1)
    chance_source: str = Field(min_length=1)
    psi: Bounds


class CalibrationBounds(Declaration):
    """Bounds of the test of probabilities against what came true."""

    jeffreys_p_value: Bounds


class DiscriminationBounds(Declaration):
    """Bounds of how far the area under the ROC curve may fall.

    With fewer than `least_defaults` defaults, or other firms, an area is not judged.
    """

    least_defaults: int = Field(ge=2)
    least_source: str = Field(min_length=1)
    auc_drop: Bounds


class ShadowBounds(Declaration):
    """Bounds of how far the challenger may be from the champion."""

    rank_correlation: Bounds
    absolute_mean_difference: Bounds
    grade_share: Bounds
    brier_difference: Bounds


class HazardWatch(Declaration):
    """How many days before the as-of date rows of hazards may lie whose outcomes are counted."""

    look_back_days: int = Field(gt=0)
    source: str = Field(min_length=1)


class Thresholds(Declaration):
    """All bounds of the monitoring."""

    simulation: Simulation
    drift: DriftBounds
    calibration: CalibrationBounds
    discrimination: DiscriminationBounds
    shadow: ShadowBounds
    hazards: HazardWatch


def load_thresholds(catalog: Path) -> Thresholds:
    """Read the bounds.

    Raises:
        CatalogueError: the file does not hold.
    """
    return read_declaration(catalog / "monitoring.yml", Thresholds)
