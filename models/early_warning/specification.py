"""What is decided about early warning before any figure is seen; docs/early-warning.md says why."""

from __future__ import annotations

from dataclasses import dataclass

MODEL_NAME, EXPERIMENT_NAME = "early_warning", "Early warning of distress"
ARTIFACT = "warning_model"
MODEL_FILE = f"{ARTIFACT}.json"


@dataclass(frozen=True)
class Specification:
    """Every setting of training and evaluation.

    `interval_count` intervals of `interval_days` are looked ahead; one is closed `reporting_days`
    after its end. Covariates are cut off at the quantiles `cut_off` and 1 - `cut_off`.
    `inverse_penalties` are scikit-learn's C, `tree_counts` numbers of boosted trees; both are
    chosen on `folds` of enterprises. `chain_folds` leave out whole chains. An alarm is what at most
    `flagged_ratio` of healthy firm-dates reach; it counts within `look_back_days` before distress.
    With fewer distressed enterprises than `least_distressed` nothing is fitted or measured.
    """

    seed: int = 0
    interval_days: int = 30
    interval_count: int = 3
    reporting_days: int = 7
    cut_off: float = 0.01
    inverse_penalties: tuple[float, ...] = (0.01, 0.1, 1.0)
    tree_counts: tuple[int, ...] = (40, 100)
    folds: int = 4
    chain_folds: int = 5
    flagged_ratio: float = 0.05
    look_back_days: int = 180
    least_distressed: int = 5
    calibration_bins: int = 5

    @property
    def horizons(self) -> tuple[int, ...]:
        """The horizons in days: the ends of the intervals."""
        return tuple(self.interval_days * (place + 1) for place in range(self.interval_count))
