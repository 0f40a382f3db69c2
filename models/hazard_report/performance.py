"""How good the predictions are of units that were left out: ranking, level, and beside others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from models import unit_figures
from models.arrays import Floats, Integers
from models.calibration import ReliabilityBin, reliability_bins
from models.evaluations.resampling import unit_weights
from models.hazard_report.evidence import Evidence
from models.metrics import Estimate, percentiles
from models.validation_report.benchmark import Benchmark, Benchmarks, best_single_feature
from models.validation_report.discrimination import RocCurve


@dataclass(frozen=True)
class Calibration:
    """The level of the probabilities at a horizon; ratios from 0 to 1.

    `rate_brier` is the Brier score of saying the observed share of everybody, and
    `brier_less_rate` the model's less that one, of the same samples.
    """

    mean_ratio: float
    observed_ratio: float
    brier: Estimate
    rate_brier: Estimate
    brier_less_rate: Estimate
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class Ranking:
    """The area under the ROC curve at a horizon, the curve, and the model beside other ranks."""

    area: Estimate
    curve: RocCurve
    benchmarks: Benchmarks


@dataclass(frozen=True)
class AtHorizon:
    """What is found at a horizon; there is no ranking where all rows or none have the event."""

    days: int
    row_count: int
    unit_count: int
    event_row_count: int
    event_unit_count: int
    calibration: Calibration
    ranking: Ranking | None


@dataclass(frozen=True, eq=False)
class _Sampled:
    """Rows of units, (rows,), that are drawn whole, and the samples, (samples, units)."""

    place: Integers
    units: int
    weights: Floats

    def samples(self, statistic: unit_figures.Statistic) -> Floats:
        """The figure itself, then that of each sample, (1 + samples,)."""
        once = np.ones((1, self.units))
        return np.concatenate([statistic(once), statistic(self.weights)])

    def area(self, outcome: Floats, predicted: Floats) -> Floats:
        """Areas under the ROC curve."""
        return self.samples(unit_figures.area_under_curve(outcome, predicted, self.place))

    def mean(self, values: Floats) -> Floats:
        """Means of values of rows."""
        return self.samples(unit_figures.mean_of(values, self.place, self.units))


def _estimate(samples: Floats) -> Estimate:
    """The first with the interval of the rest, samples without a figure left out."""
    rest = samples[1:]
    return percentiles(float(samples[0]), rest[np.isfinite(rest)])


def _alone(evidence: Evidence, values: pd.DataFrame) -> Iterator[tuple[str, Floats]]:
    """What ranks without a model, more being worse, (rows,); missing values stand in the middle."""
    for name in evidence.alone:
        if name in values:
            column = values[name].astype(float)
            middle = 0.0 if column.isna().all() else float(column.median())
            yield f"{name} alone", np.asarray(column.fillna(middle) * evidence.signs[name])


def _ranking(
    evidence: Evidence, sampled: _Sampled, rows: Integers, outcome: Floats, said: Floats, days: int
) -> Ranking:
    ours = sampled.area(outcome, said)
    values = evidence.values.iloc[rows][list(evidence.names)]
    others = dict(_alone(evidence, values))
    best, ranking = best_single_feature(values, outcome)
    if best not in evidence.alone:
        others[f"best single covariate ({best})"] = ranking
    rivals = []
    for name, ranks in others.items():
        theirs = sampled.area(outcome, ranks)
        rivals.append(Benchmark(name, _estimate(theirs), _estimate(ours - theirs)))
    good, bad, _ = roc_curve(outcome, said)
    curve = RocCurve(f"{days} days", tuple(map(float, good)), tuple(map(float, bad)))
    area = _estimate(ours)
    return Ranking(area, curve, Benchmarks(area, best, tuple(rivals)))


def _calibration(sampled: _Sampled, outcome: Floats, said: Floats, bins: int) -> Calibration:
    rate = float(outcome.mean())
    brier = sampled.mean((said - outcome) ** 2)
    of_rate = sampled.mean((rate - outcome) ** 2)
    return Calibration(
        mean_ratio=float(said.mean()),
        observed_ratio=rate,
        brier=_estimate(brier),
        rate_brier=_estimate(of_rate),
        brier_less_rate=_estimate(brier - of_rate),
        bins=tuple(reliability_bins(outcome, said, min(bins, len(outcome)))),
    )


def at_horizons(evidence: Evidence) -> tuple[AtHorizon, ...]:
    """What is found at each horizon at which any row counts, the nearest first."""
    found = []
    for at, days in enumerate(evidence.horizons):
        rows = np.flatnonzero(evidence.counts[:, at])
        if not len(rows):
            continue
        outcome, said = evidence.outcome[rows, at], evidence.said[rows, at]
        place, units = pd.factorize(evidence.unit[rows])
        sampled = _Sampled(
            place.astype(np.int64), len(units), unit_weights(len(units), evidence.seed)
        )
        has_both = 0 < outcome.sum() < len(outcome)
        found.append(
            AtHorizon(
                days=days,
                row_count=len(rows),
                unit_count=len(units),
                event_row_count=int(outcome.sum()),
                event_unit_count=len(np.unique(place[outcome == 1])),
                calibration=_calibration(sampled, outcome, said, evidence.bins),
                ranking=_ranking(evidence, sampled, rows, outcome, said, days)
                if has_both
                else None,
            )
        )
    return tuple(found)
