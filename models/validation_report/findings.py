"""Everything that a validation report says, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from models.master_scale import MasterScale
from models.metrics import Estimate
from models.outcome_window import OutcomeWindow
from models.specification import PRODUCTION_FEATURE_SET, Specification
from models.training import Trained
from models.training_set import FeatureFrame, TrainingSet
from models.validation import PERMUTED
from models.validation_report.benchmark import Benchmarks, benchmarks
from models.validation_report.data_quality import DataQuality, data_quality
from models.validation_report.discrimination import Discrimination, discrimination
from models.validation_report.fairness import Dimension, fairness
from models.validation_report.grade_calibration import CalibrationByGrade, calibration_by_grade
from models.validation_report.sensitivity import Sensitivity, sensitivity
from models.validation_report.soundness import CardFeature, soundness
from models.validation_report.stability import Shift, stability


@dataclass(frozen=True)
class Findings:
    """What was found out about a champion, section by section; `specification` as settings.

    `window` is that of the outcomes it was trained on, None where they had no day.
    """

    specification: dict[str, float]
    window: OutcomeWindow | None
    data_quality: DataQuality
    discrimination: Discrimination
    calibration: CalibrationByGrade
    stability: tuple[Shift, ...]
    sensitivity: Sensitivity
    benchmarks: Benchmarks
    fairness: tuple[Dimension, ...]
    soundness: tuple[CardFeature, ...]

    @property
    def area(self) -> Estimate:
        """The champion's area under the ROC curve."""
        return self.discrimination.figure("scorecard", PRODUCTION_FEATURE_SET, "auc")

    @property
    def permuted_area(self) -> Estimate:
        """The area of the same procedure on labels dealt at random."""
        return self.discrimination.figure("scorecard", PRODUCTION_FEATURE_SET, PERMUTED)


def findings(
    trained: Trained,
    training_set: TrainingSet,
    features: FeatureFrame,
    specification: Specification,
    scale: MasterScale,
    groups: pd.DataFrame | None,
) -> Findings:
    """Judge the champion on its training firms out of fold, and on all enterprises of that date.

    Args:
        trained: champion and challenger with their out-of-fold predictions.
        training_set: the firms with an outcome that they were trained on.
        features: all enterprises of the training's date.
        specification: the settings of the training.
        scale: the grades.
        groups: indexed by enterprise, with columns `region` and `trade` where known, or None.
    """
    card, outcome = trained.scorecard, training_set.outcome
    candidates = features.columns(PRODUCTION_FEATURE_SET)
    values = training_set.values
    predicted = trained.of("scorecard", PRODUCTION_FEATURE_SET).out_of_fold.probability
    return Findings(
        specification=specification.parameters(),
        window=training_set.window,
        data_quality=data_quality(card, training_set, features.values, candidates),
        discrimination=discrimination(trained, outcome),
        calibration=calibration_by_grade(
            predicted.mean(axis=0), outcome, scale, trained.calibration
        ),
        stability=stability(card, values, features.values, features.names),
        sensitivity=sensitivity(card, features.values, scale),
        benchmarks=benchmarks(trained, values[candidates], outcome, specification),
        fairness=fairness(predicted, outcome, values, groups, specification),
        soundness=soundness(card, values, features.names, trained, specification),
    )
