"""Train the champion and the challenger, with every figure of their validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV

from models.arrays import Floats
from models.calibration import Calibration, ReliabilityBin, fit_calibration, reliability_bins
from models.challenger import fit_calibrated_boosting
from models.scorecard import Scorecard
from models.scorecard_fit import fit_points_table, fit_scorecard, to_scorecard
from models.specification import (
    PRODUCTION_FEATURE_SET,
    Estimator,
    FeatureSet,
    Specification,
)
from models.validation import Validated, validate


@dataclass(frozen=True)
class Trained:
    """Both models of one training set, and what is known of how good they are."""

    scorecard: Scorecard
    calibration: Calibration
    challenger: CalibratedClassifierCV
    validated: list[Validated]
    reliability: list[ReliabilityBin]

    def of(self, estimator: Estimator, feature_set: FeatureSet) -> Validated:
        """The validation of an estimator on a feature set."""
        return next(
            x for x in self.validated if (x.estimator, x.feature_set) == (estimator, feature_set)
        )


def train(
    feature_sets: dict[FeatureSet, pd.DataFrame], outcome: Floats, specification: Specification
) -> Trained:
    """Validate on every feature set, then fit both models on the production one.

    `feature_sets` holds (firms, features) by name, `outcome` is (firms,) of 0 and 1.
    """
    validated = validate(feature_sets, outcome, specification)
    champion = next(
        x
        for x in validated
        if x.estimator == "scorecard" and x.feature_set == PRODUCTION_FEATURE_SET
    )
    values = feature_sets[PRODUCTION_FEATURE_SET]
    # Each repeat holds one score a firm from a model that did not see it: all serve to calibrate.
    unseen = champion.out_of_fold.log_odds
    calibration = fit_calibration(unseen.ravel(), np.tile(outcome, len(unseen)))
    fitted = fit_scorecard(values, outcome, specification)
    table = fit_points_table(values, outcome, fitted, specification)
    mean_probability = champion.out_of_fold.probability.mean(axis=0)
    return Trained(
        scorecard=to_scorecard(table, calibration, specification),
        calibration=calibration,
        challenger=fit_calibrated_boosting(values, outcome, specification),
        validated=validated,
        reliability=reliability_bins(outcome, mean_probability, specification.calibration_bins),
    )
