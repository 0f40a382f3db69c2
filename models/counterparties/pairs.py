"""Pairs of an owner and a counterparty, and from whom each of them borrows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import Floats

Integers = npt.NDArray[np.int64]
# Widest first; the third is the counterparty with other owners.
PORTFOLIO, OWNER, ELSEWHERE, PAIR = range(4)


@dataclass(frozen=True)
class Pairs:
    """Pairs by number: the owner of the list of each, and the firm that its counterparty is.

    Both are (pairs,) and count from 0; `firm` is -1 where it is not known who the counterparty is.
    """

    owner: Integers
    firm: Integers

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.owner)

    def sums(self, pair: Integers, values: Floats) -> Floats:
        """Sums of (rows,) `values` by the (rows,) number of their pair, (pairs,)."""
        return np.asarray(np.bincount(pair, values, self.count), dtype=np.float64)

    def of_owner(self, values: Floats) -> Floats:
        """What the owner of each pair has of (pairs,) `values` in all, (pairs,)."""
        return np.asarray(np.bincount(self.owner, values)[self.owner], dtype=np.float64)

    def elsewhere(self, values: Floats) -> Floats:
        """What the counterparty of each pair has of (pairs,) `values` with other owners, (pairs,).

        Whole numbers are exact; of others what is left by rounding counts as nothing.
        """
        of_firm, with_owner = self._sums_by_firm(values)
        rest = of_firm - with_owner
        is_rest = rest > 1e-9 * of_firm
        return np.where((self.firm >= 0) & is_rest, rest, 0.0)

    def _sums_by_firm(self, values: Floats) -> tuple[Floats, Floats]:
        known = pd.DataFrame({"firm": self.firm, "owner": self.owner, "value": values})
        return (
            known.groupby("firm").value.transform("sum").to_numpy(),
            known.groupby(["firm", "owner"]).value.transform("sum").to_numpy(),
        )

    def members(self, level: int) -> npt.NDArray[np.intp]:
        """A pair for every member of a level: the owners, the firms by owner, or all pairs."""
        if level == OWNER:
            return np.unique(self.owner, return_index=True)[1]
        if level == PAIR:
            return np.arange(self.count)
        known = np.flatnonzero(self.firm >= 0)
        keys = np.column_stack([self.owner[known], self.firm[known]])
        return known[np.unique(keys, axis=0, return_index=True)[1]]


def narrowest(counts: Floats) -> tuple[Integers, Integers]:
    """The narrowest level with a past of its own, and how much it has, (pairs,) each.

    `counts` are (levels, pairs), the widest level first, and say so where none has any.
    """
    has_past = counts > 0
    has_past[PORTFOLIO] = True
    level = len(counts) - 1 - np.argmax(has_past[::-1], axis=0)
    found = counts[level, np.arange(counts.shape[1])]
    return level.astype(np.int64), np.round(found).astype(np.int64)


def numbered(rows: pd.DataFrame, owner: list[str], counterparty: str, firm: str) -> pd.DataFrame:
    """Rows with `pair`, and the number of their owner and firm, as `Pairs` counts them.

    Args:
        rows: Rows with the columns that the others name.
        owner: The columns that say whose list it is.
        counterparty: The column of the counterparty's code in that list.
        firm: The column that is the same for one firm in all lists; missing where it is not known.
    """
    keys = [*owner, counterparty]
    return rows.assign(
        pair=rows.groupby(keys, sort=True).ngroup(),
        owner_number=rows.groupby(owner, sort=True).ngroup(),
        firm_number=pd.factorize(rows[firm], sort=True)[0],
    )


def pairs_of(rows: pd.DataFrame) -> Pairs:
    """The pairs of rows that `numbered` gave numbers."""
    firsts = rows.drop_duplicates("pair").sort_values("pair")
    return Pairs(
        firsts.owner_number.to_numpy(dtype=np.int64), firsts.firm_number.to_numpy(dtype=np.int64)
    )
