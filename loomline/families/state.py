"""The daily state: what each enterprise's measures were on each day, as of one date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loomline.families.model import Family, Measure
from loomline.families.vocabulary import STATE_DAYS, Kind

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Histories = Mapping[str, Integers]
# Silver's amounts have at most four decimals: daily values are whole ten-thousandths.
PARTS = 10_000.0


@dataclass(frozen=True, eq=False)
class DailyState:
    """Measures of enterprises on the 730 days that end at `as_of_date`.

    `trades` are codes (enterprises,), below 0 where the trade is not known. `values` are, by
    measure, (enterprises, 730), oldest day first, in the measure's unit; 0 is a day without any. It
    may be a mapping that reads an array only when it is asked for it. `history_days` are, by
    measure, (enterprises,): how many days up to the as-of date the enterprise's history in the
    measure's table covers, more than 730 as well, and 0 where it has none.

    Raises:
        ValueError: lengths differ.
    """

    enterprise_ids: Sequence[str]
    trades: Integers
    as_of_date: date
    values: Mapping[str, Floats]
    history_days: Histories

    def __post_init__(self) -> None:
        """Refuse lengths that differ."""
        count = len(self.enterprise_ids)
        if self.trades.shape != (count,):
            raise ValueError(f"{count} enterprises, but trades of shape {self.trades.shape}.")
        for name, days in self.history_days.items():
            if days.shape != (count,):
                raise ValueError(f"{count} enterprises, but history of {name} is {days.shape}.")

    def values_of(self, measure: str) -> Floats:
        """The array of a measure.

        Raises:
            ValueError: the state lacks it or it has another shape.
        """
        if measure not in self.values or measure not in self.history_days:
            raise ValueError(f"The state has no measure {measure}.")
        found = self.values[measure]
        expected = (len(self.enterprise_ids), STATE_DAYS)
        if found.shape != expected:
            raise ValueError(f"{measure} has the shape {found.shape}, not {expected}.")
        return found


@dataclass(frozen=True, eq=False)
class Steps:
    """What a measure's days came to, at most one step an enterprise and day.

    `places` are positions of enterprises, `days_back` days before the as-of date, `amounts` in the
    measure's unit; all are (steps,). Of a balance the steps are what was added and taken away, and
    those of 730 days back and more are its opening.
    """

    places: NDArray[np.signedinteger[Any]]
    days_back: NDArray[np.signedinteger[Any]]
    amounts: Floats

    def dense(self, kind: Kind, count: int) -> Floats:
        """The days of `count` enterprises (`count`, 730), oldest first, in the measure's unit.

        Values are whole ten-thousandths, so that what was taken back leaves nothing.
        """
        within = (self.days_back >= 0) & (self.days_back < STATE_DAYS)
        # Copies of all steps would take half of the time.
        of = ... if within.all() else within
        cells = self.places[of].astype(np.int64)
        cells *= STATE_DAYS
        cells -= self.days_back[of]
        cells += STATE_DAYS - 1
        parts = np.zeros(count * STATE_DAYS)
        parts[cells] = np.rint(self.amounts[of] * PARTS)
        days = parts.reshape(count, STATE_DAYS)
        if kind == "balance":
            before = self.days_back >= STATE_DAYS
            opening = np.bincount(self.places[before], self.amounts[before], count)
            days[:, 0] += np.rint(opening * PARTS)
            np.cumsum(days, axis=1, out=days)
        days /= PARTS
        return days

    def history_days(self, count: int) -> Integers:
        """Days from the first with a step that is not 0 to the last, both counted; (`count`,)."""
        longest = np.zeros(count, dtype=np.int64)
        is_step = (np.rint(self.amounts * PARTS) != 0) & (self.days_back >= 0)
        days = self.days_back[is_step].astype(np.int64) + 1
        np.maximum.at(longest, self.places[is_step], days)
        return longest


def joined(parts: Sequence[Steps]) -> Steps:
    """Steps of one measure together; there may be none."""
    if not parts:
        return Steps(np.empty(0, np.int32), np.empty(0, np.int16), np.empty(0))
    return Steps(
        np.concatenate([part.places for part in parts]),
        np.concatenate([part.days_back for part in parts]),
        np.concatenate([part.amounts for part in parts]),
    )


@dataclass(frozen=True, eq=False)
class DenseDays(Mapping[str, Floats]):
    """The days of measures by name, each made of its steps whenever it is asked for."""

    steps: Mapping[str, Steps]
    kinds: Mapping[str, Kind]
    count: int

    def __getitem__(self, measure: str) -> Floats:
        """The array (enterprises, 730) of a measure."""
        return self.steps[measure].dense(self.kinds[measure], self.count)

    def __contains__(self, measure: object) -> bool:
        """Whether there are steps of a measure, without making its days."""
        return measure in self.steps

    def __iter__(self) -> Iterator[str]:
        """The measures that have steps."""
        return iter(self.steps)

    def __len__(self) -> int:
        """How many measures have steps."""
        return len(self.steps)


def _histories(
    families: Sequence[Family],
    steps: Mapping[str, Steps],
    count: int,
    longest: Mapping[str, int],
) -> Histories:
    """How long the history of each measure is, as its family says what shows one."""
    told: dict[tuple[str, str | None], Integers] = defaultdict(lambda: np.zeros(count, np.int64))
    for family in families:
        for measure in family.measures:
            sent = (measure.table, measure.sender)
            told[sent] = np.maximum(told[sent], steps[measure.name].history_days(count))
    histories: dict[str, Integers] = {}
    for family in families:
        others = [days for (table, _), days in told.items() if table in family.also_covered_by]
        for measure in family.measures:
            days = np.max([told[measure.table, measure.sender], *others], axis=0)
            if family.covers_everybody:
                days = np.full(count, _longest_shown(families, family, measure, longest))
            histories[measure.name] = days
    return histories


def _longest_shown(
    families: Sequence[Family], family: Family, measure: Measure, longest: Mapping[str, int]
) -> int:
    """The longest history of anybody in what shows one of a measure."""
    shown = (
        longest.get(other.name, 0)
        for of in families
        for other in of.measures
        if (other.table, other.sender) == (measure.table, measure.sender)
        or other.table in family.also_covered_by
    )
    return max(shown)


def daily_state(
    families: Sequence[Family],
    enterprise_ids: Sequence[str],
    trades: Integers,
    as_of_date: date,
    steps: Mapping[str, Steps],
    longest: Mapping[str, int] | None = None,
) -> DailyState:
    """The state of the measures of families, each with its steps, which may be none.

    Where the enterprises are some of many, `longest` has the longest history in days that anybody
    has of a measure, by name.
    """
    count = len(enterprise_ids)
    if longest is None:
        longest = {name: int(of.history_days(count).max(initial=0)) for name, of in steps.items()}
    kinds = {measure.name: measure.kind for family in families for measure in family.measures}
    histories = _histories(families, steps, count, longest)
    values = DenseDays(steps, kinds, count)
    return DailyState(enterprise_ids, trades, as_of_date, values, histories)
