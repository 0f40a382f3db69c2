"""Calendar months as of a date: which are looked at, and which a check can judge."""

from __future__ import annotations

from datetime import date, timedelta

from loomline.consistency.model import Check

# Months as of a date that have verdicts, and months before them from which the own past is learned.
JUDGED_MONTHS = 12
PAST_MONTHS = 12


def month_start(day: date, months_back: int = 0) -> date:
    """The first day of the month that lies so many months before that of `day`."""
    years, month = divmod(day.year * 12 + day.month - 1 - months_back, 12)
    return date(years, month + 1, 1)


def last_months(as_of: date, count: int) -> tuple[date, ...]:
    """First days of the last `count` months, that of the as-of date being the last."""
    return tuple(month_start(as_of, back) for back in reversed(range(count)))


def months_needed(check: Check) -> int:
    """How many months of both sides a check needs for its verdicts of the judged months."""
    past = PAST_MONTHS if check.learned_from == "own_past" else 0
    return JUDGED_MONTHS + past + check.reach_months


def latest_month(check: Check, as_of: date) -> date:
    """First day of the last month that a check judges as of a date."""
    if check.judges_running_month:
        return month_start(as_of)
    tomorrow = as_of + timedelta(days=1) - timedelta(days=check.known_after_days)
    return month_start(tomorrow, 1)
