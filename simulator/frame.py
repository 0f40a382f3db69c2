"""Frame: columns of whole numbers of one length, such as a day's shipments.

Money is in fen (a hundredth of a yuan), days count from the first simulated day, and everything
that has a name elsewhere (a firm, a product) is its index in the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.randomness import Flags, Integers


@dataclass(frozen=True)
class Frame:
    """A table in memory; `columns` are int64 arrays of one length."""

    columns: Mapping[str, Integers]

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        lengths = {len(values) for values in self.columns.values()}
        if len(lengths) > 1:
            raise ValueError(
                f"columns differ in length: { {n: len(v) for n, v in self.columns.items()} }"
            )

    def __len__(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> Integers:
        """One column."""
        return self.columns[name]

    def take(self, rows: Flags | Integers) -> Frame:
        """The rows that a mask keeps, or that an index names."""
        return Frame({name: values[rows] for name, values in self.columns.items()})

    def with_columns(self, **columns: Integers) -> Frame:
        """The frame with columns added or replaced."""
        return Frame({**self.columns, **columns})

    def sorted_by(self, *names: str) -> Frame:
        """The rows in the order of the named columns; equal rows stay in their order."""
        return self.take(np.lexsort([self.columns[name] for name in reversed(names)]))


def make_frame(size: int, **columns: NDArray[np.generic] | int) -> Frame:
    """A frame of `size` rows; a column given as one number holds it in every row."""
    return Frame(
        {
            name: np.full(size, values, dtype=np.int64)
            if isinstance(values, int)
            else np.asarray(values).astype(np.int64)
            for name, values in columns.items()
        }
    )


def empty_frame(names: Sequence[str]) -> Frame:
    """A frame with these columns and no row."""
    return Frame({name: np.zeros(0, dtype=np.int64) for name in names})


def joined(frames: Iterable[Frame]) -> Frame:
    """The rows of several frames with the same columns, one after the other."""
    parts = list(frames)
    return Frame({n: np.concatenate([part[n] for part in parts]) for n in parts[0].columns})


def total_by(group: Integers, values: Integers, count: int) -> Integers:
    """Exact sums of whole numbers by group; shape (count,)."""
    totals = np.zeros(count, dtype=np.int64)
    np.add.at(totals, group, values)
    return totals


def fill_in_order(group: Integers, wanted: Integers, available: Integers) -> Integers:
    """Serve claims in their order from what each group has; shape like `wanted`.

    `available` has one entry a group and is not negative. The first claims of a group are served in
    full, one perhaps in part, the rest not at all.
    """
    order = np.argsort(group, kind="stable")
    groups, claims = group[order], wanted[order]
    running = np.cumsum(claims)
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    before_group = np.repeat(running[starts] - claims[starts], np.diff(starts, append=len(groups)))
    served = np.clip(available[groups] - (running - before_group - claims), 0, claims)
    result = np.empty_like(wanted)
    result[order] = served
    return result
