"""What is decided about the default model before any figure is seen; docs/models.md says why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

FeatureSet = Literal["all", "without_history"]
Estimator = Literal["scorecard", "gradient_boosting"]
FEATURE_SETS: tuple[FeatureSet, ...] = ("all", "without_history")
ESTIMATORS: tuple[Estimator, ...] = ("scorecard", "gradient_boosting")
PRODUCTION_FEATURE_SET: FeatureSet = "without_history"

MODEL_NAME = "default_probability"
EXPERIMENT_NAME = "Default probability of enterprises"


@dataclass(frozen=True)
class Specification:
    """Every setting of training and validation.

    A training set needs at least `minimum_defaults` defaults and as many non-defaults. Of a window
    of twelve months all defaults are known `reporting_days` after its end.

    Scorecard: `candidate_features` pass the screen, no two of them with an absolute rank
    correlation above `maximum_correlation`; from `minimum_features` to `maximum_features` are taken
    up, each in at most `maximum_bins` bins that hold `minimum_bin_ratio` of the firms or more.
    `inverse_penalty` is scikit-learn's C. A score of `reference_score` stands for `reference_odds`
    good firms to one bad, and `points_to_double_odds` more points double the odds.

    Challenger: the trees are monotone in a feature whose direction has a p-value of
    `direction_p_value` or less in a rank test.

    Validation: `folds` times `repeats` of stratified cross-validation; in each training part
    `calibration_folds` more folds give the scores on which the calibration is fitted.
    """

    seed: int = 20_200_229
    minimum_defaults: int = 10
    reporting_days: int = 7
    candidate_features: int = 8
    minimum_features: int = 4
    maximum_features: int = 6
    maximum_correlation: float = 0.7
    maximum_bins: int = 3
    minimum_bin_ratio: float = 0.1
    inverse_penalty: float = 0.5
    reference_score: float = 600.0
    reference_odds: float = 20.0
    points_to_double_odds: float = 40.0
    direction_p_value: float = 0.05
    folds: int = 5
    repeats: int = 5
    calibration_folds: int = 4
    calibration_bins: int = 5
    permutations: int = 20
    bootstrap_samples: int = 2_000

    def parameters(self) -> dict[str, float]:
        """The settings by name, as a run logs them."""
        return asdict(self)
