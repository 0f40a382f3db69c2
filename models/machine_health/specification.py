"""What is decided about machine health before any figure is seen; docs/machine-health.md has it."""

from __future__ import annotations

from dataclasses import dataclass

MODEL_NAME, EXPERIMENT_NAME = "machine_failure", "Failures of machines"
ARTIFACT = "failure_model"
MODEL_FILE = f"{ARTIFACT}.json"


@dataclass(frozen=True)
class Specification:
    """Every setting of covariates, training, anomalies and evaluation; times are in days.

    `horizons` are the ends of the intervals; one is closed `reporting_days` after its end. Rows are
    on days of `weekday` (0 is Monday) of the last `training_days`. Covariates look back
    `history_days`. A row's machine was reported on within `active_days`, and `seen_days` ago or
    earlier. Covariates are cut off at the quantiles `cut_off` and 1 - `cut_off`.
    `inverse_penalties` are scikit-learn's C, chosen on `folds` of owners; `owner_folds` leave out
    whole owners. With fewer failed machines than `least_failed` nothing is fitted or measured.

    A day of readings is held against itself and the `window_days` before it, of which
    `least_days` must be there. It is anomalous where at most `flagged_ratio` of them are as far out
    and its distance is `least_distance` deviations. It is looked at for `fresh_days`.
    """

    seed: int = 0
    horizons: tuple[int, ...] = (7, 30)
    reporting_days: int = 7
    weekday: int = 6
    training_days: int = 365
    history_days: int = 180
    active_days: int = 28
    seen_days: int = 90
    cut_off: float = 0.01
    inverse_penalties: tuple[float, ...] = (0.01, 0.1, 1.0)
    folds: int = 4
    owner_folds: int = 5
    least_failed: int = 30
    calibration_bins: int = 5
    window_days: int = 60
    least_days: int = 50
    flagged_ratio: float = 0.02
    least_distance: float = 3.5
    fresh_days: int = 7

    @property
    def interval_count(self) -> int:
        """How many intervals are looked ahead."""
        return len(self.horizons)

    @property
    def starts(self) -> tuple[int, ...]:
        """The day after which each interval begins."""
        return (0, *self.horizons[:-1])
