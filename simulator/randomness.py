"""Random numbers that depend on seed, stream name and day alone.

Drawing in one stream never shifts another, and day 200 needs nothing from days 0 to 199. Every
draw that decides something is an integer, so that the last bit of a float can't change the story
from one machine to the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

MILLION = 1_000_000
# The quantiles at which figures.py gives its tables, from minimum to maximum, in millionths.
TABLE_POINTS = np.array([0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100], dtype=np.int64) * 10_000
# The standard normal deviate at those points, in thousandths; the ends are cut at three.
NORMAL_TABLE = (-3000, -2326, -1645, -1282, -674, 0, 674, 1282, 1645, 2326, 3000)


@dataclass(frozen=True)
class Draws:
    """The random numbers of one day; day -1 is the drawing of the world."""

    seed: int
    day: int

    def generator(self, stream: str) -> np.random.Generator:
        """The generator of a stream; asking twice gives the same numbers twice."""
        digest = hashlib.sha256(f"{self.seed}/{stream}/{self.day}".encode()).digest()
        return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))

    def integers(self, stream: str, low: int, high: int, size: int | tuple[int, ...]) -> Integers:
        """Whole numbers from `low` to `high` - 1."""
        return self.generator(stream).integers(low, high, size, dtype=np.int64)

    def happens(self, stream: str, per_million: int | Integers, size: int) -> Flags:
        """Whether each of `size` things happens, at a chance in millionths."""
        hits: Flags = self.integers(stream, 0, MILLION, size) < per_million
        return hits

    def from_table(
        self, stream: str, table: Sequence[int], size: int | tuple[int, ...]
    ) -> Integers:
        """Whole numbers spread as a table of quantiles (`TABLE_POINTS`) says."""
        return spread(self.integers(stream, 0, MILLION, size), table)

    def normal(self, stream: str, size: int | tuple[int, ...]) -> Integers:
        """Bell-shaped numbers in thousandths of a standard deviation, never beyond three."""
        return self.from_table(stream, NORMAL_TABLE, size)

    def rounded(self, stream: str, value: Integers, unit: int) -> Integers:
        """`value` / `unit`, rounded up or down by chance so that the mean is kept."""
        extra = self.integers(stream, 0, unit, len(value))
        result: Integers = (value + extra) // unit
        return result


def spread(position: Integers, table: Sequence[int]) -> Integers:
    """The value of a quantile table at positions given in millionths."""
    values = np.asarray(table, dtype=np.int64)
    place = np.clip(np.searchsorted(TABLE_POINTS, position, side="right") - 1, 0, len(values) - 2)
    start, width = TABLE_POINTS[place], np.diff(TABLE_POINTS)[place]
    rise = values[place + 1] - values[place]
    # Rounded half up, in whole numbers, so that every machine agrees.
    between: Integers = values[place] + (rise * (position - start) * 2 + width) // (2 * width)
    return between
