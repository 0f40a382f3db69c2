"""What a version of a hazard keeps of the rows that it was trained on, to see later drift by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loomline.population_stability import bin_bounds, bin_counts
from models.arrays import Floats, Integers
from models.hazard import probabilities
from models.hazard_report.evidence import Evidence
from models.metrics import expected_area
from models.validation_report.stability import SCORE, SCORE_BINS

REFERENCE_FILE = "training_distribution.json"


@dataclass(frozen=True, eq=False)
class Binned:
    """Bounds of bins, (bounds,), and how many rows were in each, (bounds + 2,), missing last."""

    bounds: Floats
    counts: Integers


@dataclass(frozen=True, eq=False)
class Reference:
    """The distribution of the probability by the last horizon, and of every covariate.

    `unit_count` are the units of the rows, which are alike within one. `expected_auc` is the area
    under the ROC curve that the probabilities promised of their rows; NaN where they promised none.
    `of` has the bins by covariate, the probability's under `SCORE`.
    """

    unit_count: int
    expected_auc: float
    of: Mapping[str, Binned]

    @property
    def covariates(self) -> tuple[str, ...]:
        """The covariates in the order of the model."""
        return tuple(name for name in self.of if name != SCORE)

    def to_json(self) -> str:
        """The reference as text that a person can read too."""
        content = {
            "unit_count": self.unit_count,
            "expected_auc": None if np.isnan(self.expected_auc) else self.expected_auc,
            "of": {
                name: {"bounds": one.bounds.tolist(), "counts": one.counts.tolist()}
                for name, one in self.of.items()
            },
        }
        return json.dumps(content, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Reference:
        """The reference that `to_json` wrote."""
        content = json.loads(text)
        auc = content["expected_auc"]
        return cls(
            content["unit_count"],
            float("nan") if auc is None else auc,
            {
                name: Binned(
                    np.array(one["bounds"], dtype=float), np.array(one["counts"], dtype=np.int64)
                )
                for name, one in content["of"].items()
            },
        )


def _binned(values: Floats) -> Binned:
    bounds = bin_bounds(values, SCORE_BINS)
    return Binned(bounds, bin_counts(values, bounds))


def reference_of(evidence: Evidence) -> Reference:
    """The reference of a training: the rows that it used, cut at their own tenths."""
    values = evidence.trained_values
    said = probabilities(evidence.trained.fitted.hazards(values))[:, -1]
    covariates = {name: _binned(values[name].to_numpy(dtype=float)) for name in evidence.names}
    return Reference(
        unit_count=evidence.used_unit_count,
        expected_auc=expected_area(said),
        of={SCORE: _binned(said), **covariates},
    )
