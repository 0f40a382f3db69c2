"""Data trust: how far the records of an enterprise bear one another out, over all checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loomline.consistency.grids import Floats
from loomline.consistency.judging import Judgement
from loomline.consistency.model import Check

FULL_TRUST = 100.0
NO_CHECK = -1


@dataclass(frozen=True, eq=False)
class Trust:
    """Data trust by enterprise and judged month; each array is (enterprises, 12).

    `scores` are 0..100, NaN where no check could say; `check_counts` how many could say;
    `worst_checks` the position of the check that costs most trust, NO_CHECK where none costs any;
    `review_counts` how many checks ask for a review.
    """

    scores: Floats
    check_counts: NDArray[np.int64]
    worst_checks: NDArray[np.int64]
    review_counts: NDArray[np.int64]


def data_trust(checks: Sequence[Check], judgements: Sequence[Judgement]) -> Trust:
    """Trust from the judgements of checks, in the order of `checks`.

    It is 100 times the product of 1 - weight * (1 - score) over the checks that could say: one
    check that contradicts flatly takes away its weight, whatever the others say, and a check that
    is consistent or cannot say takes away nothing.
    """
    weights = np.array([check.weight for check in checks])[:, None, None]
    scores = np.stack([judgement.score for judgement in judgements])
    is_told = np.isfinite(scores)
    kept = np.where(is_told, 1 - weights * (1 - scores), 1.0)
    worst = kept.argmin(axis=0)
    counts = is_told.sum(axis=0)
    return Trust(
        scores=np.where(counts > 0, FULL_TRUST * kept.prod(axis=0), np.nan),
        check_counts=counts,
        worst_checks=np.where(kept.min(axis=0) < 1, worst, NO_CHECK),
        review_counts=np.stack([one.is_for_review for one in judgements]).sum(axis=0),
    )
