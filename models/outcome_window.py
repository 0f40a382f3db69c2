"""The window in which a default counts: twelve months after the day whose features are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from loomline.evidence.history import window_ends
from models.arrays import DAYS, Booleans, Dates


@dataclass(frozen=True, order=True)
class OutcomeWindow:
    """The days after `begins` up to and including `ends`."""

    begins: date
    ends: date


def window_after(day: date) -> OutcomeWindow:
    """The twelve months after a day."""
    ends: date = window_ends(np.array([day], dtype=DAYS))[0].item()
    return OutcomeWindow(day, ends)


def closed_window(
    days: Iterable[date], as_of_date: date, reporting_days: int
) -> OutcomeWindow | None:
    """The newest window, after one of the days, whose defaults are all reported by the as-of date.

    Banks have `reporting_days` to report. None where no day is long enough ago.
    """
    reported = as_of_date - timedelta(days=reporting_days)
    return max((x for x in map(window_after, days) if x.ends <= reported), default=None)


def at_risk_and_defaulted(window: OutcomeWindow, default: Dates) -> tuple[Booleans, Booleans]:
    """Whether a firm was not in default when the window began, and defaulted in it, (firms,).

    `default` is the day of each firm's default, not-a-time without one.
    """
    begins, ends = np.datetime64(window.begins, "D"), np.datetime64(window.ends, "D")
    # Comparisons with not-a-time are false: without default neither holds.
    return ~(default <= begins), (default > begins) & (default <= ends)


def outcomes_in(window: OutcomeWindow, borrowers: pd.DataFrame) -> pd.Series:
    """1 for a default in the window and 0 for none, of the firms that were at risk.

    `borrowers` has `enterprise_id`, `borrower_since` and `default_date`, missing without a default.
    At risk is who was a borrower when the window began, and not in default by then. The outcomes
    are indexed by enterprise, in the order of their names.
    """
    since, default = (
        pd.to_datetime(borrowers[name]).to_numpy().astype(DAYS)
        for name in ("borrower_since", "default_date")
    )
    no_default_yet, defaulted = at_risk_and_defaulted(window, default)
    at_risk = (since <= np.datetime64(window.begins, "D")) & no_default_yet
    index = pd.Index(borrowers.enterprise_id, name="enterprise_id")
    return pd.Series(defaulted.astype(float), index, name="outcome")[at_risk].sort_index()
