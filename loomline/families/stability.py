"""How far the distribution of a feature has moved between two dates."""

from __future__ import annotations

import numpy as np

from loomline.families.state import Floats, Integers

BINS = 10


def _counts(values: Floats, edges: Floats) -> Integers:
    """How many values are in each bin; the last bin is that of missing ones."""
    told = values[~np.isnan(values)]
    found = np.bincount(np.searchsorted(edges, told, side="left"), minlength=len(edges) + 1)
    return np.append(found, len(values) - len(told))


def stability_index(before: Floats, now: Floats) -> float:
    """The population stability index of values (enterprises,) against those before.

    The sum over bins of (share now - share before) * ln(share now / share before). Bins are the
    tenths of the earlier values, fewer where values repeat, and one of missing values; half an
    enterprise is added to each, so that an empty bin is no infinity. Below 0.1 little has moved,
    above 0.25 much has (N. Siddiqi, Credit Risk Scorecards, 2006, chapter 10).

    Raises:
        ValueError: there is no value before or now.
    """
    told = before[~np.isnan(before)]
    if not len(told) or not len(now):
        raise ValueError("There are no values to compare.")
    edges = np.unique(np.quantile(told, np.arange(1, BINS) / BINS))
    earlier, later = (_counts(values, edges) + 0.5 for values in (before, now))
    shares, expected = later / later.sum(), earlier / earlier.sum()
    return float(((shares - expected) * np.log(shares / expected)).sum())
