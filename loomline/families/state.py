"""The daily state: what each enterprise's measures were on each day, as of one date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from loomline.families.model import Family
from loomline.families.vocabulary import STATE_DAYS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
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
    history_days: Mapping[str, Integers]

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


def daily_values(places: Integers, days_back: Integers, deltas: Floats, count: int) -> Floats:
    """Changes of one measure's days added up: (`count` enterprises, 730), oldest day first.

    `places` are positions of enterprises, `days_back` days before the as-of date, `deltas` in the
    measure's unit; all are (changes,). Days outside of the 730 are left out. Values are whole
    ten-thousandths, so that what was taken back leaves nothing.
    """
    within = (days_back >= 0) & (days_back < STATE_DAYS)
    cells = places[within] * STATE_DAYS + (STATE_DAYS - 1 - days_back[within])
    added = np.bincount(cells, weights=deltas[within], minlength=count * STATE_DAYS)
    return np.rint(added * PARTS).reshape(count, STATE_DAYS) / PARTS


def history_days(values: Iterable[Floats]) -> Integers:
    """Days from the first on which any of the measures is not 0 up to the last one, both counted.

    `values` are arrays (enterprises, days) of one table's measures; the result is (enterprises,).
    """
    longest: Integers | None = None
    for array in values:
        active = array != 0
        days = np.where(active.any(axis=1), array.shape[1] - active.argmax(axis=1), 0)
        longest = days if longest is None else np.maximum(longest, days)
    if longest is None:
        raise ValueError("There is no measure to take a history from.")
    return longest.astype(np.int64)


def daily_state(
    families: Sequence[Family],
    enterprise_ids: Sequence[str],
    trades: Integers,
    as_of_date: date,
    values: Mapping[str, Floats],
) -> DailyState:
    """A state whose histories begin, by table, on the first day with any measure of the table."""
    tables: dict[str, list[str]] = defaultdict(list)
    for family in families:
        for measure in family.measures:
            if measure.name in values:
                tables[measure.table].append(measure.name)
    histories: dict[str, Integers] = {}
    for names in tables.values():
        days = history_days(values[name] for name in names)
        histories |= dict.fromkeys(names, days)
    return DailyState(enterprise_ids, trades, as_of_date, values, histories)
