"""The values of dimensions: inputs ranked among peers, weighed together, and ranked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loomline.dimensions.model import Dimension
from loomline.enterprise_inputs import EnterpriseInputs, Floats
from loomline.peers import EVERYBODY, peer_groups, peer_ranks

SCALE = 100.0


@dataclass(frozen=True, eq=False)
class DimensionValues:
    """Values of dimensions as of a date; arrays are (dimensions, enterprises).

    `values` are ranks among peers from 0 to 100, 100 the best, and NaN where missing. `combined`
    are the weighted means of the inputs' ranks before that, from 0 to 100. `overall` is the value
    that an enterprise would have if all were its peers: within a trade values lie evenly, so that
    only it tells a strong trade from a weak one. `present` is the share of the weights whose
    inputs have a rank. `groups` (enterprises,) are the peers of each.
    """

    values: Floats
    combined: Floats
    overall: Floats
    present: Floats
    groups: Sequence[str]


def _combined(
    dimension: Dimension, ranks: Floats, place_of: dict[str, int]
) -> tuple[Floats, Floats]:
    """The weighted mean of the ranks that are there, and their share of the weights."""
    weights = np.array([one.weight for one in dimension.inputs])[:, None]
    goodness = np.array(
        [
            ranks[place_of[one.input]] if one.better == "high" else 1 - ranks[place_of[one.input]]
            for one in dimension.inputs
        ]
    )
    is_there = ~np.isnan(goodness)
    there = (weights * is_there).sum(axis=0)
    total = (weights * np.where(is_there, goodness, 0.0)).sum(axis=0)
    present = there / weights.sum()
    # A hair less than the least share is the least share: weights are decimal fractions.
    is_enough = (present >= dimension.least_share - 1e-9) & (there > 0)
    combined = np.full(there.shape, np.nan)
    np.divide(total, there, out=combined, where=is_enough)
    return combined, present


def _ranked(
    dimensions: Sequence[Dimension], inputs: EnterpriseInputs, groups: Sequence[str]
) -> tuple[Floats, Floats, Floats]:
    """Ranks among groups of combinations, from 0 to 1, the combinations, and what is there."""
    names = list(dict.fromkeys(one.input for each in dimensions for one in each.inputs))
    place_of = {name: place for place, name in enumerate(names)}
    ranks = peer_ranks(np.array([inputs.values[name] for name in names]), groups)
    made = [_combined(dimension, ranks, place_of) for dimension in dimensions]
    # Equal combinations of ranks that differ in their last digit only are equal.
    combined = np.round(np.array([one for one, _ in made]), 9)
    return peer_ranks(combined, groups), combined, np.array([share for _, share in made])


def dimension_values(dimensions: Sequence[Dimension], inputs: EnterpriseInputs) -> DimensionValues:
    """Values of dimensions for every enterprise.

    Raises:
        KeyError: the inputs lack one that a dimension names.
    """
    groups = peer_groups(inputs.trades)
    of_trade = _ranked(dimensions, inputs, groups)
    of_all = _ranked(dimensions, inputs, [EVERYBODY] * len(groups))
    # The peers of who has no trade are ranked among all as well, and not within their trades.
    is_of_all = np.array([group == EVERYBODY for group in groups])
    values, combined, present = (
        np.where(is_of_all, among_all, within)
        for among_all, within in zip(of_all, of_trade, strict=True)
    )
    return DimensionValues(SCALE * values, SCALE * combined, SCALE * of_all[0], present, groups)
