"""Every figure of the protocol, from firm-dates and what models say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import unit_figures
from models.arrays import Booleans, Floats, Integers
from models.calibration import ReliabilityBin, reliability_bins
from models.early_warning.alarms import warnings
from models.early_warning.declared import BASELINE, EVERYTHING, EarlyWarning
from models.early_warning.firm_dates import FirmDates, outcome_within
from models.early_warning.specification import Specification
from models.early_warning.splits import FirmSplit, Predicted, predict
from models.early_warning.training import (
    HAZARD,
    TrainingPart,
    chosen,
    train_all,
    train_hazard,
)
from models.evaluations.evaluation import Figure
from models.evaluations.resampling import unit_estimate
from models.hazard import Fitted
from models.hazard_training import Trained
from models.holdout import TooFewError
from models.metrics import Estimate

WITHOUT = "all without "
WARNED, DAYS_OF_WARNING = "share warned", "days of warning"
DAYS_OF_LOOKS, FLAGGED = "days from first look", "healthy flagged"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Firm-dates that models are measured on: all enterprises of them are the units of samples."""

    dates: FirmDates
    place: Integers
    names: pd.Index[str]
    specification: Specification

    def outcome(self, days: int) -> tuple[Booleans, Floats]:
        """Which rows count at a horizon, and what came of them, both (rows,)."""
        return outcome_within(self.dates, days, self.dates.observed_until, self.specification)

    def distressed_count(self, days: int) -> int:
        """How many enterprises fall into distress within a horizon of a date that counts."""
        counts, distressed = self.outcome(days)
        return len(np.unique(self.place[counts & (distressed == 1)]))

    def estimate(self, statistic: unit_figures.Statistic) -> Estimate:
        """A figure with its interval."""
        return unit_estimate(statistic, len(self.names), self.specification.seed)

    def area(self, said: Predicted, interval: int) -> unit_figures.Statistic:
        """The area under the ROC curve at the end of an interval."""
        counts, distressed = self.outcome(self.specification.horizons[interval])
        return unit_figures.area_under_curve(
            distressed[counts], said.probability[counts, interval], self.place[counts]
        )

    def brier(self, said: Predicted, interval: int) -> unit_figures.Statistic:
        """The Brier score at the end of an interval."""
        counts, distressed = self.outcome(self.specification.horizons[interval])
        missed = (said.probability[counts, interval] - distressed[counts]) ** 2
        return unit_figures.mean_of(missed, self.place[counts], len(self.names))

    def flagged(self, said: Predicted) -> unit_figures.Statistic:
        """The share of healthy firm-dates with an alarm."""
        counts, distressed = self.outcome(self.specification.horizons[-1])
        is_healthy = counts & (distressed == 0)
        return unit_figures.share_of(said.is_alarm, is_healthy, self.place, len(self.names))

    def warning(
        self, said: Predicted, value: Callable[[pd.DataFrame], Floats]
    ) -> unit_figures.Statistic:
        """The mean of a value of distressed enterprises, told from what `warnings` says of them."""
        found = warnings(self.dates, said.is_alarm, self.specification.look_back_days)
        at = self.names.get_indexer(found.index)
        return unit_figures.mean_of(value(found), at, len(self.names))

    def days_of_warning(self, said: Predicted) -> unit_figures.Statistic:
        """The mean days of warning, 0 for those without."""
        return self.warning(said, lambda found: found.warned_days.to_numpy())


def held_out(split: FirmSplit, specification: Specification) -> HeldOut:
    """The test part of a split.

    Raises:
        TooFewError: fewer distressed enterprises than the specification asks for.
    """
    dates = split.test
    place, names = pd.factorize(dates.enterprise_id)
    part = HeldOut(dates, place.astype(np.int64), pd.Index(names), specification)
    found = part.distressed_count(specification.horizons[-1])
    if found < specification.least_distressed:
        raise TooFewError(
            f"{found} enterprises in distress to measure on, "
            f"{specification.least_distressed} are needed"
        )
    return part


def _discrimination(part: HeldOut, name: str, said: Predicted) -> list[Figure]:
    figures = []
    for interval, days in enumerate(part.specification.horizons):
        counts, distressed = part.outcome(days)
        if not 0 < distressed[counts].sum() < counts.sum():
            continue
        for metric, of in (("AUC", part.area), ("Brier", part.brier)):
            found = part.estimate(of(said, interval))
            figures.append(Figure(name, f"{metric} {days} days", int(counts.sum()), found))
    return figures


def _warning(part: HeldOut, name: str, said: Predicted) -> list[Figure]:
    looked = len(warnings(part.dates, said.is_alarm, part.specification.look_back_days))
    counts, distressed = part.outcome(part.specification.horizons[-1])
    healthy = int((counts & (distressed == 0)).sum())
    warned = part.warning(said, lambda found: (found.warned_days > 0).to_numpy().astype(float))
    looks = part.warning(said, lambda found: found.look_days.to_numpy())
    return [
        Figure(name, WARNED, looked, part.estimate(warned)),
        Figure(name, DAYS_OF_WARNING, looked, part.estimate(part.days_of_warning(said))),
        Figure(name, DAYS_OF_LOOKS, looked, part.estimate(looks)),
        Figure(name, FLAGGED, healthy, part.estimate(part.flagged(said))),
    ]


def _differences(
    part: HeldOut, said: Mapping[str, Predicted], name: str, other: str
) -> list[Figure]:
    """What one model has more than another in ranking at the longest horizon and in days."""
    last = len(part.specification.horizons) - 1
    days = part.specification.horizons[last]
    area = unit_figures.difference(part.area(said[name], last), part.area(said[other], last))
    ahead = unit_figures.difference(
        part.days_of_warning(said[name]), part.days_of_warning(said[other])
    )
    label = f"{name} less {other}"
    counts, _ = part.outcome(days)
    looked = len(warnings(part.dates, said[name].is_alarm, part.specification.look_back_days))
    return [
        Figure(label, f"AUC {days} days", int(counts.sum()), part.estimate(area)),
        Figure(label, DAYS_OF_WARNING, looked, part.estimate(ahead)),
    ]


@dataclass(frozen=True, eq=False)
class Measured:
    """What a split gave: figures, calibration of everything's hazard, and what training chose.

    `ranking` and `warning` are of models, `differences` of one less another. `why_not` says why
    there are none, and is empty where there are. `settings` are those of each training part.
    """

    split: str
    why_not: str
    ranking: tuple[Figure, ...] = ()
    warning: tuple[Figure, ...] = ()
    differences: tuple[Figure, ...] = ()
    reliability: tuple[ReliabilityBin, ...] = ()
    settings: tuple[str, ...] = ()


def _models(
    declared: EarlyWarning, specification: Specification, settings: list[str]
) -> Callable[[TrainingPart], dict[str, Trained[Fitted]]]:
    """Train all models of the protocol on a part; what was chosen is added to `settings`."""

    def train(part: TrainingPart) -> dict[str, Trained[Fitted]]:
        every = tuple(declared.sources)
        found: dict[str, Trained[Fitted]] = {
            name: train_hazard(part, declared.signs(declared.sources_of(name)), specification)
            for name in declared.source_sets
            if name != EVERYTHING
        }
        for left_out in every:
            rest = tuple(name for name in every if name != left_out)
            found[WITHOUT + left_out] = train_hazard(part, declared.signs(rest), specification)
        of_all = train_all(part, declared.signs(every), specification)
        settings.append(
            f"{chosen(of_all)} of "
            + ", ".join(
                f"{name} ({one.setting}, log loss {one.log_loss:.5f})"
                for name, one in of_all.items()
            )
        )
        found[EVERYTHING] = of_all.pop(HAZARD)
        return found | of_all

    return train


def measure(
    name: str,
    make_split: Callable[[], FirmSplit],
    declared: EarlyWarning,
    specification: Specification,
) -> Measured:
    """Every figure of a split, or why it has none."""
    settings: list[str] = []
    try:
        split = make_split()
        part = held_out(split, specification)
    except TooFewError as error:
        return Measured(name, str(error))
    said = predict(split, _models(declared, specification, settings), specification)
    ranking, warning, differences = [], [], []
    for model, predicted in said.items():
        if not model.startswith(WITHOUT):
            ranking += _discrimination(part, model, predicted)
            warning += _warning(part, model, predicted)
        if model != BASELINE:
            other = BASELINE if model in declared.source_sets else EVERYTHING
            differences += _differences(part, said, model, other)
    counts, distressed = part.outcome(specification.horizons[-1])
    reliability = reliability_bins(
        distressed[counts],
        said[EVERYTHING].probability[counts, -1],
        specification.calibration_bins,
    )
    return Measured(
        *(name, "", tuple(ranking), tuple(warning), tuple(differences)),
        *(tuple(reliability), tuple(settings)),
    )
