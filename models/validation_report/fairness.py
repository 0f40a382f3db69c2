"""Fairness: does the model rank and estimate alike for firms of each size, region and trade?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.metrics import (
    Estimate,
    area_under_curve,
    bootstrap_weights,
    estimate,
    wilson_interval,
)
from models.specification import Specification

SIZE_FEATURE = "sales_per_month_cny"
# Below this many of either kind an area under the ROC curve is an anecdote.
LEAST_OF_EITHER = 5
UNKNOWN = "not known"


@dataclass(frozen=True)
class GroupFigures:
    """Firms of one group; ratios from 0 to 1, `lower` and `upper` of the 95 % Wilson interval.

    `area` is None where the group has fewer than five defaults or five other firms.
    """

    group: str
    firm_count: int
    default_count: int
    mean_pd_ratio: float
    observed_ratio: float
    lower: float
    upper: float
    area: Estimate | None

    @property
    def is_within(self) -> bool:
        """Whether the mean probability lies in the interval of the observed share."""
        return self.lower <= self.mean_pd_ratio <= self.upper


@dataclass(frozen=True)
class Dimension:
    """One way to group firms; no groups means that nothing is known about it."""

    name: str
    groups: tuple[GroupFigures, ...]

    @property
    def is_available(self) -> bool:
        """Whether any firm's group is known."""
        return any(x.group != UNKNOWN for x in self.groups)


def _group(
    name: str, predicted: Floats, outcome: Floats, specification: Specification
) -> GroupFigures:
    firms, defaults = len(outcome), int(outcome.sum())
    lower, upper = wilson_interval(defaults, firms)
    area = None
    if min(defaults, firms - defaults) >= LEAST_OF_EITHER:
        weights = bootstrap_weights(outcome, specification.bootstrap_samples, specification.seed)
        area = estimate(area_under_curve, outcome, predicted, weights)
    mean = float(predicted.mean())
    return GroupFigures(name, firms, defaults, mean, defaults / firms, lower, upper, area)


def _dimension(
    name: str, labels: pd.Series, predicted: Floats, outcome: Floats, specification: Specification
) -> Dimension:
    """Groups by the `labels` (firms,) in their order of categories, or by name."""
    named = labels.astype(object).where(labels.notna(), UNKNOWN).astype(str).to_numpy()
    ordered = (
        [*labels.cat.categories, UNKNOWN]
        if isinstance(labels.dtype, pd.CategoricalDtype)
        else sorted(set(named), key=lambda x: (x == UNKNOWN, x))
    )
    groups = []
    for label in ordered:
        members = named == label
        if members.any():
            figures = predicted[:, members], outcome[members]
            groups.append(_group(str(label), *figures, specification))
    dimension = Dimension(name, tuple(groups))
    return dimension if dimension.is_available else Dimension(name, ())


def size_thirds(size: pd.Series) -> pd.Series:
    """Thirds of firms by size in CNY, as ordered categories; a firm without a value has none."""
    lower, upper = (float(x) for x in np.nanquantile(size.to_numpy(dtype=float), [1 / 3, 2 / 3]))
    labels = [
        f"smallest: below CNY {lower:,.0f}",
        f"middle: CNY {lower:,.0f} to {upper:,.0f}",
        f"largest: from CNY {upper:,.0f}",
    ]
    codes = np.where(size.isna(), -1, np.digitize(size, [lower, upper]))
    return pd.Series(
        pd.Categorical.from_codes(list(codes), categories=pd.Index(labels)), index=size.index
    )


def fairness(
    predicted: Floats,
    outcome: Floats,
    values: pd.DataFrame,
    groups: pd.DataFrame | None,
    specification: Specification,
) -> tuple[Dimension, ...]:
    """By size, region and trade; a dimension of which nothing is known has no groups.

    Args:
        predicted: (repeats, firms), out-of-fold probabilities of the champion.
        outcome: (firms,) of 0 and 1.
        values: (firms, features), indexed by enterprise.
        groups: indexed by enterprise, with the columns `region` and `trade` where they are known.
        specification: gives the number of bootstrap samples and their seed.
    """
    found: dict[str, pd.Series | None] = {"size": None, "region": None, "trade": None}
    if SIZE_FEATURE in values and not values[SIZE_FEATURE].isna().all():
        found["size"] = size_thirds(values[SIZE_FEATURE])
    for name in ("region", "trade"):
        if groups is not None and name in groups:
            found[name] = groups[name].reindex(values.index)
    return tuple(
        Dimension(name, ())
        if labels is None
        else _dimension(name, labels, predicted, outcome, specification)
        for name, labels in found.items()
    )
