"""Data quality: what is missing, constant or double in the features that a model was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.scorecard import Scorecard
from models.training_set import TrainingSet


@dataclass(frozen=True)
class FeatureQuality:
    """One feature of the model, in its own unit; shares from 0 to 1.

    `beyond_training_ratio` is the share of all enterprises whose value lies outside the range of
    the training firms; there the model extrapolates. `minimum`, `median` and `maximum` are of the
    training firms; None when none of them has a value.
    """

    feature: str
    missing_training_ratio: float
    missing_enterprise_ratio: float
    distinct_count: int
    minimum: float | None
    median: float | None
    maximum: float | None
    beyond_training_ratio: float


@dataclass(frozen=True)
class DataQuality:
    """Counts of firms and features; `constant_features` are those that can tell no firms apart."""

    enterprise_count: int
    firm_count: int
    default_count: int
    without_outcome_count: int
    repeated_identity_count: int
    identical_firm_count: int
    candidate_count: int
    constant_features: tuple[str, ...]
    infinite_value_count: int
    features: tuple[FeatureQuality, ...]


def feature_quality(feature: str, training: Floats, enterprises: Floats) -> FeatureQuality:
    """What there is of a feature where the model was trained, (rows,), and is used, (rows,)."""
    present = training[~np.isnan(training)]
    minimum, median, maximum = (
        (float(present.min()), float(np.median(present)), float(present.max()))
        if len(present)
        else (None, None, None)
    )
    is_beyond = (
        (enterprises < minimum) | (enterprises > maximum)
        if minimum is not None and maximum is not None
        else ~np.isnan(enterprises)
    )
    return FeatureQuality(
        feature=feature,
        missing_training_ratio=float(np.isnan(training).mean()),
        missing_enterprise_ratio=float(np.isnan(enterprises).mean()),
        distinct_count=len(np.unique(present)),
        minimum=minimum,
        median=median,
        maximum=maximum,
        beyond_training_ratio=float(is_beyond.mean()),
    )


def data_quality(
    card: Scorecard, training_set: TrainingSet, enterprises: pd.DataFrame, candidates: list[str]
) -> DataQuality:
    """What a validator should know of the inputs.

    Args:
        card: the champion.
        training_set: firms with an outcome.
        enterprises: (enterprises, features), all that are scored on the training's date.
        candidates: the features that the champion could have chosen.
    """
    training = training_set.values[candidates]
    constant = [name for name in candidates if training[name].nunique(dropna=True) <= 1]
    return DataQuality(
        enterprise_count=len(enterprises),
        firm_count=len(training),
        default_count=training_set.default_count,
        without_outcome_count=int((~enterprises.index.isin(training.index)).sum()),
        repeated_identity_count=int(enterprises.index.duplicated().sum()),
        # Firms that agree in every feature are one firm under two codes, or carry no information.
        identical_firm_count=int(training.duplicated(keep=False).sum()),
        candidate_count=len(candidates),
        constant_features=tuple(constant),
        infinite_value_count=int(np.isinf(enterprises[candidates].to_numpy(dtype=float)).sum()),
        features=tuple(
            feature_quality(
                name,
                training_set.values[name].to_numpy(dtype=float),
                enterprises[name].to_numpy(dtype=float),
            )
            for name in card.feature_names
        ),
    )
