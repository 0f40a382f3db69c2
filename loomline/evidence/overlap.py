"""How far rules fire together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from loomline.evidence.counts import ratio
from loomline.evidence.history import Firings, Floats, History, Integers

NO_RULE = -1


@dataclass(frozen=True, eq=False)
class Overlap:
    """`together` is (rules, rules): on how many enterprise-dates both have fired."""

    together: Floats

    @property
    def shares(self) -> Floats:
        """Of what the rule of a row fires on, the share on which that of a column does too."""
        fired = np.diag(self.together)
        return ratio(self.together, np.broadcast_to(fired[:, None], self.together.shape))

    @property
    def jaccard(self) -> Floats:
        """What both fire on by what either does, (rules, rules) (Jaccard, 1901)."""
        fired = np.diag(self.together)
        return ratio(self.together, fired[:, None] + fired[None, :] - self.together)

    def closest(self) -> Integers:
        """The other rule that is most alike by Jaccard, (rules,); -1 where none fires with it."""
        alike = np.nan_to_num(self.jaccard)
        np.fill_diagonal(alike, 0)
        if not len(alike):
            return np.zeros(0, dtype=np.int64)
        return np.where(alike.max(axis=1) > 0, alike.argmax(axis=1), NO_RULE).astype(np.int64)


def overlap(firings: Firings, history: History) -> Overlap:
    """The overlap of firings that `counted` gave."""
    dates = len(history.as_of_dates)
    cells = firings.enterprise * dates + firings.date
    ones = np.ones(len(cells), dtype=np.float32)
    shape = (firings.rule_count, len(history.enterprise_ids) * dates)
    fired = csr_array((ones, (firings.rule, cells)), shape=shape)
    # The same firing twice is one.
    fired.sum_duplicates()
    fired.data[:] = 1
    return Overlap((fired @ fired.T).toarray().astype(float))
