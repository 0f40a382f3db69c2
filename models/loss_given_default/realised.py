"""What was really lost so far of the loans by which borrowers came into default."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from models.arrays import Floats
from models.metrics import CONFIDENCE, Estimate


@dataclass(frozen=True)
class RealisedLoss:
    """What was owed at default and repaid since, CNY, and the mean loss ratio over loans."""

    loan_count: int
    owed_cny: float
    repaid_cny: float
    loss_ratio: Estimate


def mean_of_ratios(ratios: Floats) -> Estimate:
    """The mean of ratios from 0 to 1, (loans,), at least one, with its 95 % interval.

    Hoeffding, W. (1963), Probability inequalities for sums of bounded random variables, Journal of
    the American Statistical Association 58: it holds for any distribution of independent ratios,
    and for any number of them.
    """
    half = sqrt(log(2 / (1 - CONFIDENCE)) / (2 * len(ratios)))
    mean = float(ratios.mean())
    return Estimate(mean, max(mean - half, 0.0), min(mean + half, 1.0))


def realised_loss(owed: Floats, repaid: Floats) -> RealisedLoss | None:
    """What was lost so far; None where of no loan it is known what was owed.

    More than was owed may be repaid, since interest goes on.

    Args:
        owed: Owed at the end of the day of default, (loans,), CNY; NaN where it is not known.
        repaid: Repaid since, (loans,), CNY.
    """
    is_known = owed > 0
    if not is_known.any():
        return None
    owed, repaid = owed[is_known], repaid[is_known]
    ratios = 1 - np.minimum(repaid / owed, 1)
    return RealisedLoss(len(owed), float(owed.sum()), float(repaid.sum()), mean_of_ratios(ratios))
