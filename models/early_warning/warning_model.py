"""The model that warns: a hazard, the threshold of its alarm, and what it was made of."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd

from models.arrays import Floats
from models.early_warning.specification import Specification
from models.early_warning.training import TrainingPart, threshold
from models.hazard import HazardModel, probabilities
from models.hazard_training import Trained


@dataclass(frozen=True, eq=False)
class WarningModel:
    """A fitted hazard with the probability above which it raises an alarm.

    `horizons` are the ends of its intervals in days.
    """

    hazard: HazardModel
    threshold: float
    horizons: tuple[int, ...]

    def probabilities(self, values: pd.DataFrame) -> Floats:
        """The probability of distress within each horizon, (rows, horizons)."""
        return probabilities(self.hazard.hazards(values))

    def predict(self, values: pd.DataFrame) -> pd.DataFrame:
        """`pd_<days>_ratio` for each horizon, and `is_alarm`, a row per row of `values`."""
        found = self.probabilities(values)
        columns = {f"pd_{days}_ratio": found[:, at] for at, days in enumerate(self.horizons)}
        is_alarm = found[:, -1] > self.threshold
        return pd.DataFrame({**columns, "is_alarm": is_alarm}, index=values.index)

    def to_json(self) -> str:
        """The model as text that a person can read too."""
        content = {
            "horizons": self.horizons,
            "threshold": self.threshold,
            **self.hazard.content(),
        }
        return json.dumps(content, indent=2)

    @classmethod
    def from_json(cls, text: str) -> WarningModel:
        """The model that `to_json` wrote."""
        content = json.loads(text)
        hazard = HazardModel.from_content(content)
        return cls(hazard, content["threshold"], tuple(content["horizons"]))


def warning_model(
    part: TrainingPart, trained: Trained[HazardModel], specification: Specification
) -> WarningModel:
    """The trained hazard with the threshold of the protocol."""
    at = threshold(part, trained, specification)
    return WarningModel(trained.fitted, at, specification.horizons)
