"""How many days it takes, of items that enter late and are not all at their end.

Method and sources: docs/counterparty-models.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from models.arrays import Floats
from models.counterparties.pairs import Integers

# An item is watched no longer, and from no earlier day.
LONGEST_DAYS = 730


@dataclass(frozen=True)
class Spells:
    """Items under watch, (items,) each: after which day, up to which, and whether it ended then.

    Days are whole and count from the due day. An item whose last day is not after its first was
    never watched.
    """

    after: Integers
    until: Integers
    is_ended: npt.NDArray[np.bool_]


def watched(after: Integers, until: Integers, is_ended: npt.NDArray[np.bool_]) -> Spells:
    """Spells of which only the days within `LONGEST_DAYS` of the due day are watched."""
    within = is_ended & (until <= LONGEST_DAYS)
    return Spells(
        np.clip(after, -LONGEST_DAYS, LONGEST_DAYS),
        np.clip(until, -LONGEST_DAYS, LONGEST_DAYS),
        within,
    )


@dataclass(frozen=True)
class Curve:
    """Cumulative hazard of ending, by day.

    `hazard` is that of each day from `first_day` on, (days,), and `ended_part` what of it an item
    has borne that ended on that day.
    """

    first_day: int
    hazard: Floats
    ended_part: Floats

    @property
    def last_day(self) -> int:
        """The last day on which an item was watched."""
        return self.first_day + len(self.hazard) - 1

    @property
    def cumulative(self) -> Floats:
        """Cumulative hazard at the end of the day before the first, and of every day."""
        return np.concatenate([[0.0], np.cumsum(self.hazard)])

    def until(self, days: Integers) -> Floats:
        """Cumulative hazard at the end of some days."""
        places = np.clip(days - self.first_day + 1, 0, len(self.hazard))
        return self.cumulative[places]

    def expected(self, spells: Spells) -> Floats:
        """How many ends were to be expected of each item while it was watched, (items,)."""
        whole = self.until(spells.until) - self.until(spells.after)
        if not len(self.hazard):
            return whole
        place = np.clip(spells.until - self.first_day, 0, len(self.hazard) - 1)
        # On the day of its end an item bears a part of the day's hazard.
        not_borne = np.where(spells.is_ended, self.hazard[place] - self.ended_part[place], 0.0)
        return np.where(spells.until > spells.after, whole - not_borne, 0.0)


def fitted_curve(spells: Spells) -> Curve:
    """The curve of all items together; without a day if none was watched."""
    is_watched = spells.until > spells.after
    after, until = spells.after[is_watched], spells.until[is_watched]
    if not len(after):
        return Curve(0, np.zeros(0), np.zeros(0))
    first = int(after.min()) + 1
    days = int(until.max()) - first + 1
    entered = np.bincount(after + 1 - first, minlength=days + 1)
    left = np.bincount(until + 1 - first, minlength=days + 1)
    at_risk = np.cumsum(entered - left)[:days].astype(float)
    ended = np.bincount(until[spells.is_ended[is_watched]] - first, minlength=days).astype(float)
    # 1/Y + 1/(Y-1) + ... + 1/(Y-d+1).
    hazard = digamma(at_risk + 1) - digamma(at_risk - ended + 1)
    borne = ended - (at_risk - ended) * hazard
    part = np.divide(borne, ended, out=np.zeros(days), where=ended > 0)
    return Curve(first, hazard, np.clip(part, 0, hazard))
