"""What was known of one's own past on a day: counts, means and medians of rows known before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import Floats

Days = npt.NDArray[np.datetime64]

# Further than any two days in the data are apart, so that members never mix.
_DAYS_BETWEEN_MEMBERS = 10_000_000


@dataclass(frozen=True)
class KnownPast:
    """For every row, the rows of the same member that were known before its as-of day.

    `order` (rows,) lists the rows by member and by the day they became known, those of one day in
    the order of the table; the known past of row i is order[start[i]:end[i]], the newest last.
    """

    order: npt.NDArray[np.intp]
    start: npt.NDArray[np.intp]
    end: npt.NDArray[np.intp]

    def count(self) -> Floats:
        """How many rows were known, (rows,)."""
        return (self.end - self.start).astype(float)

    def rows(self, row: int) -> npt.NDArray[np.intp]:
        """The known past of a row, the newest last."""
        return self.order[self.start[row] : self.end[row]]

    def mean(self, values: npt.ArrayLike, last: int | None = None) -> Floats:
        """Mean of (rows,) `values` over the known past, or its `last` newest; NaN where none."""
        ordered = np.asarray(values, dtype=float)[self.order]
        sums = np.concatenate([[0.0], np.cumsum(ordered)])
        start = self.start if last is None else np.maximum(self.start, self.end - last)
        count = self.end - start
        known = np.where(count > 0, sums[self.end] - sums[start], np.nan)
        return np.asarray(known / np.maximum(count, 1))

    def median(self, values: npt.ArrayLike) -> Floats:
        """Median of (rows,) `values` over the known past; NaN where none."""
        given = np.asarray(values, dtype=float)
        pasts = (given[self.rows(row)] for row in range(len(self.end)))
        return np.array([np.median(past) if len(past) else np.nan for past in pasts])


def known_past(
    member: npt.ArrayLike, known_on: Days, as_of: Days, not_before: Days | None = None
) -> KnownPast:
    """The rows of the same member with `known_on` before a row's `as_of`, all of them (rows,).

    A row known on the as-of day itself does not count: when on that day it became known is not in
    the data. `not_before` (rows,) leaves out what was known before that day.

    Raises:
        ValueError: a day is missing, or the arrays are not of one length.
    """
    codes = pd.factorize(np.asarray(member))[0].astype(np.int64)
    if not len(codes) == len(known_on) == len(as_of):
        raise ValueError("members and days are not of one length")
    if np.isnat(known_on).any() or np.isnat(as_of).any():
        raise ValueError("a row has no day")
    offset = codes * _DAYS_BETWEEN_MEMBERS
    keys = offset + _number(known_on)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    end = np.searchsorted(ordered, offset + _number(as_of), side="left")
    earliest = _number(known_on).min() if not_before is None else _number(not_before)
    start = np.searchsorted(ordered, offset + earliest, side="left")
    return KnownPast(order, np.minimum(start, end), end)


def or_else(known: npt.ArrayLike, otherwise: float | Floats) -> Floats:
    """What was known (rows,), and `otherwise` where nothing was."""
    values = np.asarray(known, dtype=float)
    return np.where(np.isnan(values), otherwise, values)


def _number(days: Days) -> npt.NDArray[np.int64]:
    return days.astype("datetime64[D]").astype(np.int64)
