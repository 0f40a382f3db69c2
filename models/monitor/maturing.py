"""Scores of earlier dates whose outcomes have come true since.

The outcome of a score is whether the firm defaults within the twelve months after its date, as it
is known by the as-of date. Only dates whose months are all over count: of an open window only the
bad ends are known. One date is looked at, the newest such one, so that each firm counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import DAYS, Floats
from models.outcome_window import at_risk_and_defaulted, window_after


@dataclass(frozen=True)
class ScoredDate:
    """A date that was scored, and the version of the model that scored it."""

    as_of_date: date
    model_version: str


@dataclass(frozen=True, eq=False)
class Matured:
    """Firms scored on a date, and what became of them: all (firms,), outcomes 1 for a default."""

    scored: ScoredDate
    enterprise_ids: npt.NDArray[np.object_]
    pd_ratio: Floats
    outcome: Floats

    @property
    def default_count(self) -> int:
        """Firms that defaulted in the twelve months after."""
        return int(self.outcome.sum())


def newest_matured(
    scored: Sequence[ScoredDate], model_version: str, as_of_date: date
) -> ScoredDate | None:
    """The newest scored date whose window is over by the as-of date; None without any.

    One of the version that is in use now goes before newer ones of other versions.
    """
    over = [one for one in scored if window_after(one.as_of_date).ends <= as_of_date]
    own = [one for one in over if one.model_version == model_version]
    return max(own or over, key=lambda one: (one.as_of_date, one.model_version), default=None)


def matured(scored: ScoredDate, scores: pd.DataFrame, outcomes: pd.DataFrame) -> Matured:
    """The firms of a date with the outcome of its window.

    `scores` has enterprise_id and pd_ratio. `outcomes` has enterprise_id and default_date (missing
    without default) of the firms of which a default would be known. Firms of which none would be,
    and those that were in default on the date already, don't count.
    """
    # By key and ordered, so that the same rows give the same samples in whatever order they come.
    known = scores.merge(outcomes, on="enterprise_id").sort_values("enterprise_id")
    default = pd.to_datetime(known.default_date).to_numpy().astype(DAYS)
    counts, outcome = at_risk_and_defaulted(window_after(scored.as_of_date), default)
    return Matured(
        scored,
        known.enterprise_id.to_numpy(dtype=object)[counts],
        known.pd_ratio.to_numpy(dtype=float)[counts],
        outcome[counts].astype(float),
    )
