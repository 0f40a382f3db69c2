"""Counts of what rules fired on and what came of it, for a part of the rules at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loomline.evidence.history import Booleans, Floats, History, Scope


def ratio(part: Floats, whole: Floats) -> Floats:
    """A part by its whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)


@dataclass(frozen=True, eq=False)
class Counts:
    """Enterprise-dates that count, (rules, cases), where a case is an enterprise or a date.

    `caught` are those that fired and defaulted, `fired` those that fired, `defaults` those that
    defaulted, `total` all.
    """

    caught: Floats
    fired: Floats
    defaults: Floats
    total: Floats

    @property
    def parts(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Caught, fired, defaults, total."""
        return self.caught, self.fired, self.defaults, self.total

    def at(self, cases: Booleans) -> Counts:
        """Those of some cases, (cases,) of true and false."""
        return Counts(*(part[:, cases] for part in self.parts))

    def sums(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Each part's sum over the cases, (rules,)."""
        caught, fired, defaults, total = (part.sum(axis=1) for part in self.parts)
        return caught, fired, defaults, total

    def cases(self) -> tuple[Floats, Floats, Floats, Floats]:
        """How many cases each part has at all, (rules,)."""
        caught, fired, defaults, total = (
            np.count_nonzero(part, axis=1).astype(float) for part in self.parts
        )
        return caught, fired, defaults, total

    def expected(self) -> Floats:
        """Cases that would be caught if firing said nothing of default, (rules,)."""
        _, fired, defaults, total = self.cases()
        return np.nan_to_num(ratio(fired * defaults, total))


def by_enterprise(fired: Booleans, scope: Scope, history: History) -> Counts:
    """Counts (rules, enterprises) of firings (rules, enterprises, dates)."""
    return Counts(
        np.count_nonzero(fired & history.defaults, axis=2).astype(float),
        np.count_nonzero(fired & history.at_risk, axis=2).astype(float),
        scope.by_enterprise(history.defaults),
        scope.by_enterprise(history.at_risk),
    )


def by_date(fired: Booleans, scope: Scope, history: History) -> Counts:
    """Counts (rules, dates) of firings (rules, enterprises, dates)."""
    return Counts(
        np.count_nonzero(fired & history.defaults, axis=1).astype(float),
        np.count_nonzero(fired & history.at_risk, axis=1).astype(float),
        scope.by_date(history.defaults),
        scope.by_date(history.at_risk),
    )
