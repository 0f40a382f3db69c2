"""What one measure comes to over windows of days: every aggregation at every window.

The days are cut once at all ends of windows, and each stretch between two cuts is summed once; a
window is some of these stretches. Values are taken in ten-thousandths, as whole numbers: their sums
are exact, so what cancels is 0 and not a speck, and they are the same in whichever order, with
whatever other enterprises and features they are computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from loomline.families.state import PARTS, Floats, Integers
from loomline.families.vocabulary import STATE_DAYS, YEAR_DAYS, Aggregation, Kind, WindowDays

Booleans = NDArray[np.bool_]
Numbers = TypeVar("Numbers", np.float64, np.int8)
# Sums of 730 days of such values and their squares stay far from what a float can't hold.
LARGEST_VALUE = 1e15


def _edges() -> tuple[int, ...]:
    """Days back from the end of the as-of date at which any window begins or ends, rising."""
    edges = {0}
    for window in get_args(WindowDays):
        for offset in (0, window, YEAR_DAYS, YEAR_DAYS + window):
            if offset + window <= STATE_DAYS:
                edges |= {offset, offset + window}
    return tuple(sorted(edges | {STATE_DAYS}))


EDGES = _edges()
# The same as columns: stretch k is the days from column CUTS[k] up to the next cut.
CUTS = np.array([STATE_DAYS - edge for edge in reversed(EDGES)][:-1])
LENGTHS = np.diff([*CUTS, STATE_DAYS])


def share_of(part: Floats, whole: Floats) -> Floats:
    """`part` by `whole`; NaN where the whole is not above 0."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


@dataclass(frozen=True)
class Calendar:
    """Which of the 730 days are at a weekend, and which are among the last three of their month."""

    is_weekend: Booleans
    is_month_end: Booleans

    @classmethod
    def ending(cls, as_of_date: date) -> Calendar:
        """The calendar of the 730 days that end at a date."""
        days = [as_of_date - timedelta(days=back) for back in reversed(range(STATE_DAYS))]
        three = timedelta(days=3)
        return cls(
            np.array([day.weekday() >= 5 for day in days]),
            np.array([(day + three).month != day.month for day in days]),
        )


class MeasureWindows:
    """A measure of some enterprises over windows.

    `values` are (enterprises, 730) in the measure's unit, `history_days` (enterprises,). Results of
    windows are (enterprises,), NaN where nine tenths of the window are not within the history, or
    where the aggregation says so. Days before the history count as days without any.

    Raises:
        ValueError: a value is not a number or not below 1e15.
    """

    def __init__(self, values: Floats, history_days: Integers, calendar: Calendar) -> None:
        self.parts = np.rint(values * PARTS)
        if not max(self.parts.max(), -self.parts.min()) < LARGEST_VALUE * PARTS:
            raise ValueError("A daily value is not a number, or is 1e15 or more.")
        self.history_days = history_days
        self.calendar = calendar
        self.active = self.parts != 0
        self._values: dict[tuple[Aggregation, int, int], Floats] = {}
        self._weeks: dict[tuple[int, int], Floats] = {}

    def value(self, aggregation: Aggregation, window: WindowDays, offset: int) -> Floats:
        """The aggregation over the `window` days that end `offset` days before the as-of date."""
        key = (aggregation, window, offset)
        if key not in self._values:
            found = AGGREGATE[aggregation](self, window, offset)
            self._values[key] = self.covered(found, window, offset)
        return self._values[key]

    def covered(self, found: Floats, window: int, offset: int) -> Floats:
        """What was found of a window, NaN where the history does not cover it."""
        lacking = 10 * (self.history_days - offset) < 9 * window
        return np.where(lacking, np.nan, found)

    # Stretches between two cuts.

    @cached_property
    def _sums(self) -> Floats:
        return np.add.reduceat(self.parts, CUTS, axis=1)

    @cached_property
    def _largest(self) -> Floats:
        return np.maximum.reduceat(self.parts, CUTS, axis=1)

    @cached_property
    def _lowest(self) -> Floats:
        return np.minimum.reduceat(self.parts, CUTS, axis=1)

    @cached_property
    def _days_above_0(self) -> Floats:
        return np.add.reduceat((self.parts > 0).astype(np.float64), CUTS, axis=1)

    @cached_property
    def _active_days(self) -> Floats:
        return np.add.reduceat(self.active.astype(np.float64), CUTS, axis=1)

    @cached_property
    def _weekend_sums(self) -> Floats:
        return np.add.reduceat(self.parts * self.calendar.is_weekend, CUTS, axis=1)

    @cached_property
    def _month_end_sums(self) -> Floats:
        return np.add.reduceat(self.parts * self.calendar.is_month_end, CUTS, axis=1)

    @cached_property
    def _squares(self) -> Floats:
        """Squared distances from the mean of the stretch, added up."""
        apart = self.parts - np.repeat(self._sums / LENGTHS, LENGTHS, axis=1)
        return np.add.reduceat(np.square(apart, out=apart), CUTS, axis=1)

    # Windows.

    def total(self, window: int, offset: int) -> Floats:
        """The sum in ten-thousandths."""
        return self._sums[:, _stretches(window, offset)].sum(axis=1)

    def largest_parts(self, window: int, offset: int) -> Floats:
        """The largest daily value in ten-thousandths; 0 is that of a day without any."""
        return self._largest[:, _stretches(window, offset)].max(axis=1)

    def lowest_parts(self, window: int, offset: int) -> Floats:
        """The lowest daily value in ten-thousandths."""
        return self._lowest[:, _stretches(window, offset)].min(axis=1)

    def mean_parts(self, window: int, offset: int) -> Floats:
        """The mean of all days in ten-thousandths."""
        return self.total(window, offset) / window

    def amount_parts(self, kind: Kind, window: int, offset: int) -> Floats:
        """What counts of a measure in a ratio, in ten-thousandths; NaN for a level without days."""
        if kind == "flow":
            return self.total(window, offset)
        is_level = kind == "level"
        return (self.active_mean_parts if is_level else self.mean_parts)(window, offset)

    def closing_parts(self, _window: int, offset: int) -> Floats:
        """The value of the last day in ten-thousandths."""
        return self.parts[:, STATE_DAYS - 1 - offset]

    def active_count(self, window: int, offset: int) -> Floats:
        """How many days are active."""
        return self._active_days[:, _stretches(window, offset)].sum(axis=1)

    def weekend_share(self, window: int, offset: int) -> Floats:
        """Saturdays and Sundays by the total."""
        part = self._weekend_sums[:, _stretches(window, offset)].sum(axis=1)
        return share_of(part, self.total(window, offset))

    def month_end_share(self, window: int, offset: int) -> Floats:
        """The last three days of months by the total."""
        part = self._month_end_sums[:, _stretches(window, offset)].sum(axis=1)
        return share_of(part, self.total(window, offset))

    def deviation_parts(self, window: int, offset: int) -> Floats:
        """The standard deviation of the window's daily values (of all of them, not of a sample)."""
        within = _stretches(window, offset)
        lengths, sums = LENGTHS[within], self._sums[:, within]
        apart = sums / lengths - (sums.sum(axis=1) / window)[:, None]
        squares = self._squares[:, within] + lengths * np.square(apart)
        return np.sqrt(squares.sum(axis=1) / window)

    def active_mean_parts(self, window: int, offset: int) -> Floats:
        """The total by the number of active days; NaN without any."""
        return share_of(self.total(window, offset), self.active_count(window, offset))

    def _days_back(self, window: int, offset: int) -> Integers:
        """Days from the last active day to the end of the window; 0 too where none is active."""
        newest_first = self.active[:, _days(window, offset)][:, ::-1]
        return newest_first.argmax(axis=1)

    def days_since_last(self, window: int, offset: int) -> Floats:
        """0 where the last day of the window is active; NaN where no day is."""
        is_active = self.active_count(window, offset) > 0
        return np.where(is_active, self._days_back(window, offset), np.nan)

    def last_parts(self, window: int, offset: int) -> Floats:
        """The value of the last active day; NaN without any."""
        column = STATE_DAYS - 1 - offset - self._days_back(window, offset)
        last = np.take_along_axis(self.parts, column[:, None], axis=1)[:, 0]
        return np.where(self.active_count(window, offset) > 0, last, np.nan)

    def longest_gap(self, window: int, offset: int) -> Floats:
        """The longest run of days that are not active, within the window."""
        return _longest_run_without(self.active[:, _days(window, offset)])

    def standing_share(self, window: int, offset: int) -> Floats:
        """The share of days on which the measure is above 0."""
        return self._days_above_0[:, _stretches(window, offset)].sum(axis=1) / window

    def longest_standing(self, window: int, offset: int) -> Floats:
        """The longest run of days on which the measure is above 0, within the window."""
        return _longest_run_without(self.parts[:, _days(window, offset)] <= 0)

    def swing(self, window: int, offset: int) -> Floats:
        """The highest less the lowest day by the mean of all."""
        apart = self.largest_parts(window, offset) - self.lowest_parts(window, offset)
        return share_of(apart * window, self.total(window, offset))

    def fall_from_highest(self, window: int, offset: int) -> Floats:
        """By how much of the highest day the last one is below it."""
        highest = self.largest_parts(window, offset)
        return 1 - share_of(self.closing_parts(window, offset), highest)

    # Weeks.

    def weeks(self, window: int, offset: int) -> Floats:
        """Totals of the whole weeks (enterprises, weeks), the last ending with the window."""
        key = (window, offset)
        if key not in self._weeks:
            self._weeks[key] = _by_week(self.parts, window, offset)
        return self._weeks[key]

    def weekly_variation(self, window: int, offset: int) -> Floats:
        """The standard deviation of weekly totals by their mean."""
        weeks = self.weeks(window, offset)
        return share_of(weeks.std(axis=1), weeks.mean(axis=1))

    def trend(self, window: int, offset: int) -> Floats:
        """The slope of least squares through the weekly totals, by their mean, a week."""
        weeks = self.weeks(window, offset)
        place = np.arange(weeks.shape[1]) - (weeks.shape[1] - 1) / 2
        mean = weeks.mean(axis=1)
        slope = ((weeks - mean[:, None]) * (place / np.square(place).sum())).sum(axis=1)
        return share_of(slope, mean)

    def weakest_week(self, window: int, offset: int) -> Floats:
        """The lowest weekly total by the mean one."""
        weeks = self.weeks(window, offset)
        return share_of(weeks.min(axis=1), weeks.mean(axis=1))

    def silent_week_share(self, window: int, offset: int) -> Floats:
        """The share of weeks without an active day."""
        active = _by_week(self.active.view(np.int8), window, offset)
        return (active == 0).mean(axis=1)

    def fall_from_peak(self, window: int, offset: int) -> Floats:
        """By how much of the best week the last one is below it."""
        weeks = self.weeks(window, offset)
        return 1 - share_of(weeks[:, -1], weeks.max(axis=1))


def _longest_run_without(ends: Booleans) -> Floats:
    """The longest run of days without an end, of each row (enterprises, days)."""
    day = np.arange(1, ends.shape[1] + 1, dtype=np.int16)
    last = np.maximum.accumulate(ends * day, axis=1)
    return (day - last).max(axis=1).astype(np.float64)


def _stretches(window: int, offset: int) -> slice:
    """The stretches of a window."""
    count = len(CUTS)
    return slice(count - EDGES.index(offset + window), count - EDGES.index(offset))


def _days(window: int, offset: int) -> slice:
    """The columns of a window."""
    return slice(STATE_DAYS - offset - window, STATE_DAYS - offset)


def _by_week(daily: NDArray[Numbers], window: int, offset: int) -> NDArray[Numbers]:
    """Sums of the whole weeks of a window, oldest first."""
    last = STATE_DAYS - offset
    first = last - window // 7 * 7
    weeks = daily[:, first:last:7].copy()
    for day in range(1, 7):
        np.add(weeks, daily[:, first + day : last : 7], out=weeks)
    return weeks


AGGREGATE: dict[Aggregation, Callable[[MeasureWindows, int, int], Floats]] = {
    "sum": lambda of, window, offset: of.total(window, offset) / PARTS,
    "active_mean": lambda of, window, offset: of.active_mean_parts(window, offset) / PARTS,
    "active_days": MeasureWindows.active_count,
    "active_share": lambda of, window, offset: of.active_count(window, offset) / window,
    "deviation": lambda of, window, offset: of.deviation_parts(window, offset) / PARTS,
    "variation": lambda of, window, offset: share_of(
        of.deviation_parts(window, offset) * window, of.total(window, offset)
    ),
    "weekly_variation": MeasureWindows.weekly_variation,
    "largest_day": lambda of, window, offset: of.largest_parts(window, offset) / PARTS,
    "largest_day_share": lambda of, window, offset: share_of(
        of.largest_parts(window, offset), of.total(window, offset)
    ),
    "last_value": lambda of, window, offset: of.last_parts(window, offset) / PARTS,
    "days_since_last": MeasureWindows.days_since_last,
    "longest_gap": MeasureWindows.longest_gap,
    "trend": MeasureWindows.trend,
    "weakest_week": MeasureWindows.weakest_week,
    "silent_week_share": MeasureWindows.silent_week_share,
    "fall_from_peak": MeasureWindows.fall_from_peak,
    "weekend_share": MeasureWindows.weekend_share,
    "month_end_share": MeasureWindows.month_end_share,
    "closing": lambda of, window, offset: of.closing_parts(window, offset) / PARTS,
    "mean": lambda of, window, offset: of.mean_parts(window, offset) / PARTS,
    "lowest": lambda of, window, offset: of.lowest_parts(window, offset) / PARTS,
    "highest": lambda of, window, offset: of.largest_parts(window, offset) / PARTS,
    "swing": MeasureWindows.swing,
    "below_highest": lambda of, window, offset: (
        (of.largest_parts(window, offset) - of.closing_parts(window, offset)) / PARTS
    ),
    "above_lowest": lambda of, window, offset: (
        (of.closing_parts(window, offset) - of.lowest_parts(window, offset)) / PARTS
    ),
    "fall_from_highest": MeasureWindows.fall_from_highest,
    "drift": MeasureWindows.trend,
    "standing_share": MeasureWindows.standing_share,
    "longest_standing": MeasureWindows.longest_standing,
}
