"""The model of failures: a hazard, the ends of its intervals, and the mean time that follows."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.hazard import HazardModel, probabilities

# A hazard of nothing at all would let a machine run for ever.
LEAST_HAZARD = 1e-9


def expected_days(hazards: Floats, horizons: tuple[int, ...]) -> Floats:
    """The mean days to failure, (rows,), of hazards (rows, intervals) that end at the horizons.

    The daily rate is constant within an interval, and beyond the last one it stays that of it: with
    rate r and survival s at its beginning an interval of length n adds s (1 - exp(-r n)) / r, and
    what is beyond adds s / r.
    """
    bounded = np.clip(hazards, LEAST_HAZARD, 1 - LEAST_HAZARD)
    lengths = np.diff(np.array([0, *horizons], dtype=float))
    rates = -np.log1p(-bounded) / lengths
    survived = np.cumprod(1 - bounded, axis=1)
    at_start = np.hstack([np.ones((len(hazards), 1)), survived[:, :-1]])
    within = (at_start * bounded / rates).sum(axis=1)
    return np.asarray(within + survived[:, -1] / rates[:, -1])


@dataclass(frozen=True, eq=False)
class FailureModel:
    """A fitted hazard; `horizons` are the ends of its intervals in days."""

    hazard: HazardModel
    horizons: tuple[int, ...]

    def predict(self, values: pd.DataFrame) -> pd.DataFrame:
        """`failure_<days>_ratio` for each horizon, and `expected_days_to_failure`, row by row."""
        hazards = self.hazard.hazards(values)
        found = probabilities(hazards)
        columns = {f"failure_{days}_ratio": found[:, at] for at, days in enumerate(self.horizons)}
        columns["expected_days_to_failure"] = expected_days(hazards, self.horizons)
        return pd.DataFrame(columns, index=values.index)

    def to_json(self) -> str:
        """The model as text that a person can read too."""
        return json.dumps({"horizons": self.horizons, **self.hazard.content()}, indent=2)

    @classmethod
    def from_json(cls, text: str) -> FailureModel:
        """The model that `to_json` wrote."""
        content = json.loads(text)
        return cls(HazardModel.from_content(content), tuple(content["horizons"]))
