"""How far the distribution of a feature has moved between two dates."""

from __future__ import annotations

import numpy as np

from loomline.families.state import Floats
from loomline.population_stability import bin_bounds, bin_counts, population_stability_index

BINS = 10


def stability_index(before: Floats, now: Floats) -> float:
    """The population stability index of values (enterprises,) against those before.

    Bins are the tenths of the earlier values, fewer where values repeat, and one of missing values.
    Below 0.1 little has moved, above 0.25 much has (N. Siddiqi, Credit Risk Scorecards, 2006,
    chapter 10).

    Raises:
        ValueError: there is no value before or now.
    """
    if np.isnan(before).all() or not len(now):
        raise ValueError("There are no values to compare.")
    bounds = bin_bounds(before, BINS)
    return population_stability_index(bin_counts(before, bounds), bin_counts(now, bounds))
