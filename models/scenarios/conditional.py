"""The probability of default given the state of the economy, in a model of one common factor."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from models.arrays import Floats
from models.scenarios.declared import AssetCorrelation


def asset_correlation(pd_ratio: Floats, curve: AssetCorrelation) -> Floats:
    """How strongly a firm depends on the common factor, a ratio, of the shape of `pd_ratio`.

    The curve of the Basel framework for corporates, without its adjustment for firm size: Basel
    Committee on Banking Supervision, CRE31 (version effective 2023).
    """
    fallen = np.expm1(-curve.decay * pd_ratio) / np.expm1(-curve.decay)
    low, high = curve.at_lowest_pd_ratio, curve.at_highest_pd_ratio
    return np.asarray(high * fallen + low * (1 - fallen))


def conditional_pd(pd_ratio: Floats, correlation: Floats, systematic_factor: float) -> Floats:
    """The probability of default of each firm if the common factor were known, from 0 to 1.

    Vasicek, O. (2002), The distribution of loan portfolio value, Risk 15(12). Over a standard
    normal factor its mean is `pd_ratio`.

    Args:
        pd_ratio: Probability of default over all states of the economy, (firms,), 0 to 1.
        correlation: Asset correlation, (firms,), above 0 and below 1.
        systematic_factor: The common factor, standard normal, positive in good times.

    Raises:
        ValueError: a probability or a correlation is outside these.
    """
    # Written so that a missing value is refused too.
    if not ((pd_ratio >= 0) & (pd_ratio <= 1)).all():
        raise ValueError("A probability of default is outside 0 to 1.")
    if not ((correlation > 0) & (correlation < 1)).all():
        raise ValueError("An asset correlation is outside 0 to 1.")
    distance = norm.ppf(pd_ratio) - np.sqrt(correlation) * systematic_factor
    return np.asarray(norm.cdf(distance / np.sqrt(1 - correlation)))
