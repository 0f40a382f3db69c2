"""The state of warnings over time, from the levels of one as-of date after the other.

A date's state is made of its levels and of the state of the as-of date before it, whatever the days
between the two. What happened on days between is not known: a warning that is there on both has
lasted all along.

- A *run* begins on the first date at amber or red, and goes on until a date at none. A date on
  which nothing can be said neither ends a run nor makes it last longer.
- A run has *lasted* the days from its first to its last date at amber or red. It *counts* from the
  date on which that is at least the indicator's persistence.
- While a run counts and its level is amber or red, the warning weighs the points of the level. From
  the first date on which it is not, because it has cleared or because nothing can be said, what it
  weighed last halves with each half-life. An earlier warning that still weighs more is what it
  weighs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from loomline.enterprise_inputs import Floats
from loomline.indicators.levels import AMBER, CANNOT_SAY, NONE, LevelCodes
from loomline.indicators.model import Indicator, Points

Days = NDArray[np.datetime64]
NO_DAY = np.datetime64("NaT", "D")
# What has faded to less, in points, is gone.
LEAST_FADING = 0.001


@dataclass(frozen=True, eq=False)
class WarningStates:
    """The state of every warning as of a date; all arrays are (indicators, enterprises).

    `since` is the first and `last_bad` the last date at amber or red of the run that goes on, and
    `cleared` the date on which the last run that counted had cleared; NaT where there is none.
    `fading` is what earlier warnings still weigh, and `weights` what all weigh, in points.
    """

    as_of_date: date
    levels: LevelCodes
    since: Days
    last_bad: Days
    cleared: Days
    counts: NDArray[np.bool_]
    fading: Floats
    weights: Floats

    @property
    def lasted_days(self) -> NDArray[np.int64]:
        """Days that the run has lasted; 0 where there is none."""
        lasted = (self.last_bad - self.since).astype(np.int64)
        return np.where(np.isnat(self.since), 0, lasted)


def no_states(as_of_date: date, indicators: int, enterprises: int) -> WarningStates:
    """The state of warnings of which nothing has been known so far."""
    shape = (indicators, enterprises)
    return WarningStates(
        as_of_date,
        np.full(shape, CANNOT_SAY, dtype=np.int8),
        np.full(shape, NO_DAY),
        np.full(shape, NO_DAY),
        np.full(shape, NO_DAY),
        np.zeros(shape, dtype=np.bool_),
        np.zeros(shape),
        np.zeros(shape),
    )


def next_states(
    indicators: Sequence[Indicator],
    points: Points,
    before: WarningStates,
    levels: LevelCodes,
    as_of_date: date,
) -> WarningStates:
    """The state as of a date from its levels (indicators, enterprises) and the state before it.

    Raises:
        ValueError: the state before is not of an earlier date, or has another shape.
    """
    if before.as_of_date >= as_of_date or before.levels.shape != levels.shape:
        raise ValueError(
            f"The state of {before.as_of_date} {before.levels.shape} can't come before that of "
            f"{as_of_date} {levels.shape}."
        )
    today = np.datetime64(as_of_date, "D")
    persistence = np.array([one.persistence_days for one in indicators])[:, None]
    half_life = np.array([one.half_life_days for one in indicators], dtype=np.float64)[:, None]
    points_of = np.array([0, 0, points.amber, points.red])
    is_bad, was_bad = levels >= AMBER, before.levels >= AMBER

    since = np.where(is_bad & np.isnat(before.since), today, before.since)
    since[levels == NONE] = NO_DAY
    last_bad = np.where(is_bad, today, before.last_bad)
    last_bad[levels == NONE] = NO_DAY
    lasted = (last_bad - since).astype(np.int64)
    counts = ~np.isnat(since) & (lasted >= persistence)

    has_cleared = (levels == NONE) & before.counts
    cleared = np.where(has_cleared, today, np.where(counts, NO_DAY, before.cleared))

    days = (as_of_date - before.as_of_date).days
    fading = before.fading * 0.5 ** (days / half_life)
    fades_now = was_bad & before.counts & ~is_bad
    fading = np.maximum(fading, np.where(fades_now, points_of[before.levels], 0.0))
    fading[fading < LEAST_FADING] = 0.0
    weights = np.maximum(np.where(is_bad & counts, points_of[levels], 0.0), fading)
    return WarningStates(as_of_date, levels, since, last_bad, cleared, counts, fading, weights)
