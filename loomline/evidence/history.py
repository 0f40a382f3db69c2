"""What evidence is counted on: who was looked at on which dates, who defaulted, what fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Booleans = NDArray[np.bool_]
Dates = NDArray[np.datetime64]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# The horizon of a probability of default in the Basel framework (CRE32.3): one year.
WINDOW_MONTHS = 12


def window_ends(as_of_dates: Dates) -> Dates:
    """The last days of the outcome windows that begin after these days, (dates,).

    The same day a year later; of the last day of a month the last day of that month.
    """
    months = as_of_dates.astype("datetime64[M]")
    first_days = months.astype("datetime64[D]")
    last_days = (months + 1).astype("datetime64[D]") - 1
    ends_after = months + WINDOW_MONTHS
    month_ends = (ends_after + 1).astype("datetime64[D]") - 1
    same_days = ends_after.astype("datetime64[D]") + (as_of_dates - first_days)
    return np.where(as_of_dates == last_days, month_ends, np.minimum(same_days, month_ends))


@dataclass(frozen=True, eq=False)
class History:
    """Enterprises on the dates as of which rules were run, and what became of them.

    `trades` are (enterprises,), empty where not known. `as_of_dates` are (dates,) days, ascending.
    `evaluated` is (enterprises, dates): whether the rules looked at the enterprise. `has_outcome`
    is (enterprises,): whether the lake would know of a default. `default_dates` are (enterprises,)
    days, not-a-time without default. Outcomes are known up to `observed_until`, that day included.

    Raises:
        ValueError: lengths differ, or dates do not ascend.
    """

    enterprise_ids: Sequence[str]
    trades: Sequence[str]
    as_of_dates: Dates
    evaluated: Booleans
    has_outcome: Booleans
    default_dates: Dates
    observed_until: np.datetime64

    def __post_init__(self) -> None:
        """Refuse lengths that differ and dates out of order."""
        count = len(self.enterprise_ids)
        if len(self.trades) != count:
            raise ValueError(f"{count} enterprises, but {len(self.trades)} trades.")
        for name in ("has_outcome", "default_dates"):
            if (shape := getattr(self, name).shape) != (count,):
                raise ValueError(f"{count} enterprises, but {name} has the shape {shape}.")
        if self.evaluated.shape != (count, len(self.as_of_dates)):
            raise ValueError(
                f"{count} enterprises on {len(self.as_of_dates)} dates, but evaluated has the "
                f"shape {self.evaluated.shape}."
            )
        if (np.diff(self.as_of_dates).astype(np.int64) <= 0).any():
            raise ValueError("The as-of dates do not ascend.")

    @cached_property
    def _ahead(self) -> Booleans:
        """Whether a known default lies in the window after a date, (enterprises, dates)."""
        default = self.default_dates[:, None]
        in_window = (default > self.as_of_dates) & (default <= window_ends(self.as_of_dates))
        return in_window & (default <= self.observed_until) & self.has_outcome[:, None]

    @cached_property
    def at_risk(self) -> Booleans:
        """Enterprise-dates that count, (enterprises, dates): not in default, outcome known.

        The outcome is known when the whole window lies in what was observed. Those whose default is
        known already in an open window do not count either: among the firms of that window, only
        the bad ones would.
        """
        is_closed = window_ends(self.as_of_dates) <= self.observed_until
        is_over = self.default_dates[:, None] <= self.as_of_dates
        return self.evaluated & self.has_outcome[:, None] & is_closed & ~is_over

    @cached_property
    def defaults(self) -> Booleans:
        """Those of `at_risk` that end in a default within the window, (enterprises, dates)."""
        return self.at_risk & self._ahead

    @cached_property
    def look_back(self) -> Booleans:
        """Evaluated dates within a year before a default, (enterprises, dates).

        The window may be open: that the default happened is known.
        """
        return self.evaluated & self._ahead


@dataclass(frozen=True, eq=False)
class Scope:
    """What rules were applied to.

    `in_force` is (rules, dates): whether this version of the rule was in force. `applies` is
    (rules, enterprises): whether the rule is for the enterprise's trade.
    """

    in_force: Booleans
    applies: Booleans

    def of(self, rules: slice) -> Scope:
        """That of some of the rules."""
        return Scope(self.in_force[rules], self.applies[rules])

    def on(self, dates: Booleans) -> Scope:
        """The same on some dates only, (dates,)."""
        return Scope(self.in_force & dates, self.applies)

    def by_enterprise(self, cells: Booleans) -> Floats:
        """How many of an enterprise's cells, (enterprises, dates), a rule was applied to."""
        return self.applies * (self.in_force.astype(float) @ cells.T.astype(float))

    def by_date(self, cells: Booleans) -> Floats:
        """How many of a date's cells, (enterprises, dates), a rule was applied to."""
        return self.in_force * (self.applies.astype(float) @ cells.astype(float))


@dataclass(frozen=True, eq=False)
class Firings:
    """Which rules fired for whom on which dates of a history.

    `rule`, `enterprise` and `date` are (firings,): positions. A firing of a rule on what its scope
    leaves out does not count.

    Raises:
        ValueError: lengths differ.
    """

    scope: Scope
    rule: Integers
    enterprise: Integers
    date: Integers

    def __post_init__(self) -> None:
        """Refuse lengths that differ."""
        if not self.rule.shape == self.enterprise.shape == self.date.shape:
            raise ValueError(
                f"{len(self.rule)} rules, {len(self.enterprise)} enterprises and "
                f"{len(self.date)} dates of firings."
            )

    @property
    def rule_count(self) -> int:
        """How many rules there are, those that never fired among them."""
        return len(self.scope.in_force)

    def counted(self, history: History) -> Firings:
        """Those within scope and on what was looked at, those of a rule side by side."""
        is_counted = (
            history.evaluated[self.enterprise, self.date]
            & self.scope.in_force[self.rule, self.date]
            & self.scope.applies[self.rule, self.enterprise]
        )
        kept = np.flatnonzero(is_counted)
        kept = kept[np.argsort(self.rule[kept], kind="stable")]
        return Firings(self.scope, self.rule[kept], self.enterprise[kept], self.date[kept])

    def dense(self, rules: slice, history: History) -> Booleans:
        """Whether rules fired, (rules, enterprises, dates); from firings that `counted` gave."""
        first, last = np.searchsorted(self.rule, [rules.start, rules.stop])
        found = np.zeros((rules.stop - rules.start, *history.evaluated.shape), dtype=bool)
        part = slice(first, last)
        found[self.rule[part] - rules.start, self.enterprise[part], self.date[part]] = True
        return found
