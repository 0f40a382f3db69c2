"""Benchmark: the champion against other ways to rank the same firms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from models.arrays import Floats
from models.metrics import Estimate, area_under_curve, bootstrap_weights, percentiles
from models.selection import separation
from models.specification import PRODUCTION_FEATURE_SET, Specification
from models.training import Trained


@dataclass(frozen=True)
class Benchmark:
    """A rival's area under the ROC curve, and the champion's less the rival's, paired by firm."""

    rival: str
    area: Estimate
    champion_less_rival: Estimate

    @property
    def reading(self) -> str:
        """What the interval of the difference says."""
        if self.champion_less_rival.lower > 0:
            return "model ranks better"
        return "model ranks worse" if self.champion_less_rival.upper < 0 else "can't tell apart"


@dataclass(frozen=True)
class Benchmarks:
    """The champion's own area, and its rivals; `best_feature` is the name of the single feature."""

    champion: Estimate
    best_feature: str
    rivals: tuple[Benchmark, ...]


def _areas(outcome: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Mean area over the repeats, (samples,); `predicted` is (repeats, firms)."""
    return np.asarray(
        np.mean([area_under_curve(outcome, row, weights) for row in predicted], axis=0)
    )


def best_single_feature(values: pd.DataFrame, outcome: Floats) -> tuple[str, Floats]:
    """The feature that ranks best alone, and its values turned so that more is riskier, (firms,).

    A firm without a value stands in the middle of the others.
    """
    strengths = {
        name: separation(values[name].to_numpy(dtype=float), outcome) for name in values.columns
    }
    name = min(strengths, key=lambda feature: (-abs(strengths[feature]), feature))
    column = values[name].astype(float)
    middle = 0.0 if column.isna().all() else float(column.median())
    return name, np.asarray(column.fillna(middle) * (1.0 if strengths[name] > 0 else -1.0))


def combined(*probabilities: Floats) -> Floats:
    """The mean of models' log-odds as a probability, in the shape of each.

    Nothing is fitted to weigh them, so no firm's outcome is looked at for it.
    """
    return np.asarray(expit(np.mean([logit(one) for one in probabilities], axis=0)))


def benchmarks(
    trained: Trained, values: pd.DataFrame, outcome: Floats, specification: Specification
) -> Benchmarks:
    """Compare on out-of-fold predictions; one set of bootstrap samples of firms for all of them.

    The single feature is chosen on the very firms that it is judged on, which flatters it.

    Args:
        trained: champion and challenger.
        values: (firms, features), the registered feature set of the training firms.
        outcome: (firms,) of 0 and 1.
        specification: gives the number of samples and their seed.
    """
    feature, ranking = best_single_feature(values, outcome)
    champion = trained.of("scorecard", PRODUCTION_FEATURE_SET).out_of_fold.probability
    boosting = trained.of("gradient_boosting", PRODUCTION_FEATURE_SET).out_of_fold.probability
    rivals: dict[str, Floats] = {
        "challenger (gradient boosting)": boosting,
        f"best single feature ({feature})": ranking[None, :],
        "scorecard on all features": trained.of("scorecard", "all").out_of_fold.probability,
        # Where it wins, a person may ask for it; its reasons would not add up to its score.
        "champion and challenger combined": combined(champion, boosting),
    }
    weights = bootstrap_weights(outcome, specification.bootstrap_samples, specification.seed)
    once = np.ones((1, len(outcome)))
    value, samples = _areas(outcome, champion, once)[0], _areas(outcome, champion, weights)
    found = []
    for name, predicted in rivals.items():
        rival = float(_areas(outcome, predicted, once)[0])
        rival_samples = _areas(outcome, predicted, weights)
        found.append(
            Benchmark(
                name,
                percentiles(rival, rival_samples),
                percentiles(float(value) - rival, samples - rival_samples),
            )
        )
    return Benchmarks(percentiles(float(value), samples), feature, tuple(found))
