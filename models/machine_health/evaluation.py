"""Every figure of the protocol, from machine-dates and what models say of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import unit_figures
from models.arrays import Booleans, Floats, Integers
from models.calibration import ReliabilityBin, reliability_bins
from models.evaluations.evaluation import Figure
from models.evaluations.resampling import unit_estimate
from models.hazard import probabilities
from models.holdout import TooFewError
from models.machine_health.declared import NAIVE
from models.machine_health.machine_dates import MachineDates, outcome_within
from models.machine_health.specification import Specification
from models.machine_health.splits import MachineSplit
from models.machine_health.training import TrainingPart, train
from models.metrics import Estimate

HAZARD, BASE_RATE = "hazard", "base rate"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Machine-dates that models are measured on: their owners are the units of samples."""

    dates: MachineDates
    place: Integers
    owner_count: int
    specification: Specification

    def outcome(self, horizon: int) -> tuple[Booleans, Floats]:
        """Which rows count at a horizon, and which of them failed, both (rows,)."""
        return outcome_within(self.dates, horizon, self.dates.observed_until, self.specification)

    def estimate(self, statistic: unit_figures.Statistic) -> Estimate:
        """A figure with its interval."""
        return unit_estimate(statistic, self.owner_count, self.specification.seed)

    def area(self, said: Floats, horizon: int) -> unit_figures.Statistic:
        """The area under the ROC curve of what was said, (rows,), at a horizon."""
        counts, failed = self.outcome(horizon)
        return unit_figures.area_under_curve(failed[counts], said[counts], self.place[counts])

    def brier(self, said: Floats, horizon: int) -> unit_figures.Statistic:
        """The Brier score of probabilities, (rows,), at a horizon."""
        counts, failed = self.outcome(horizon)
        missed = (said[counts] - failed[counts]) ** 2
        return unit_figures.mean_of(missed, self.place[counts], self.owner_count)


def held_out(split: MachineSplit, specification: Specification) -> HeldOut:
    """The test part of a split.

    Raises:
        TooFewError: fewer machines failed than the specification asks for.
    """
    dates = split.test
    place, names = pd.factorize(dates.owner)
    part = HeldOut(dates, place.astype(np.int64), len(names), specification)
    counts, failed = part.outcome(specification.interval_count - 1)
    found = len(np.unique(dates.machine_id[counts & (failed == 1)]))
    if found < specification.least_failed:
        raise TooFewError(
            f"{found} failed machines to measure on, {specification.least_failed} are needed"
        )
    return part


def base_rates(part: TrainingPart, specification: Specification) -> Floats:
    """The share of training rows that failed within each horizon, (horizons,)."""
    found = []
    for horizon in range(specification.interval_count):
        counts, failed = outcome_within(part.dates, horizon, part.known_by, specification)
        found.append(failed[counts].mean() if counts.any() else 0.0)
    return np.array(found)


def predict(
    split: MachineSplit, specification: Specification
) -> tuple[dict[str, Floats], list[str]]:
    """What hazard and base rate say of the test part, (rows, horizons) each, and what was chosen.

    Rows are those of the split's test parts, one after the other.
    """
    said: dict[str, list[Floats]] = {HAZARD: [], BASE_RATE: []}
    settings = []
    for part, test in split.parts:
        trained = train(part, specification)
        said[HAZARD].append(probabilities(trained.fitted.hazards(test.values)))
        said[BASE_RATE].append(np.tile(base_rates(part, specification), (len(test.values), 1)))
        settings.append(f"{trained.setting}, log loss {trained.log_loss:.5f}")
    return {name: np.concatenate(parts) for name, parts in said.items()}, settings


@dataclass(frozen=True, eq=False)
class Measured:
    """What a split gave: figures, differences to naive ranks, calibration by horizon in days.

    `why_not` says why there are none, and is empty where there are. `settings` are those of each
    training part.
    """

    split: str
    why_not: str
    figures: tuple[Figure, ...] = ()
    differences: tuple[Figure, ...] = ()
    reliability: tuple[tuple[int, tuple[ReliabilityBin, ...]], ...] = ()
    settings: tuple[str, ...] = ()


def _figures(part: HeldOut, said: dict[str, Floats]) -> tuple[list[Figure], list[Figure]]:
    figures, differences = [], []
    for horizon, days in enumerate(part.specification.horizons):
        counts, _ = part.outcome(horizon)
        rows, auc = int(counts.sum()), f"AUC {days} days"
        ours = part.area(said[HAZARD][:, horizon], horizon)
        figures.append(Figure(HAZARD, auc, rows, part.estimate(ours)))
        for name in NAIVE:
            rank = part.area(part.dates.values[name].to_numpy(dtype=float), horizon)
            figures.append(Figure(name, auc, rows, part.estimate(rank)))
            ahead = part.estimate(unit_figures.difference(ours, rank))
            differences.append(Figure(f"{HAZARD} less {name}", auc, rows, ahead))
        for name in (HAZARD, BASE_RATE):
            brier = part.estimate(part.brier(said[name][:, horizon], horizon))
            figures.append(Figure(name, f"Brier {days} days", rows, brier))
    return figures, differences


def measure(
    name: str, make_split: Callable[[], MachineSplit], specification: Specification
) -> Measured:
    """Every figure of a split, or why it has none."""
    try:
        split = make_split()
        part = held_out(split, specification)
    except TooFewError as error:
        return Measured(name, str(error))
    said, settings = predict(split, specification)
    figures, differences = _figures(part, said)
    reliability = []
    for horizon, days in enumerate(specification.horizons):
        counts, failed = part.outcome(horizon)
        bins = reliability_bins(
            failed[counts], said[HAZARD][counts, horizon], specification.calibration_bins
        )
        reliability.append((days, tuple(bins)))
    return Measured(
        *(name, "", tuple(figures), tuple(differences)), tuple(reliability), tuple(settings)
    )
