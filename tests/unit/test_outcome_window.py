"""The window in which a default counts: which one is closed, and who is at risk in it."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from models.outcome_window import OutcomeWindow, closed_window, outcomes_in, window_after

REPORTING_DAYS = 7
DAYS = st.dates(date(2018, 1, 1), date(2020, 12, 31))
BORROWER = st.tuples(DAYS, st.none() | DAYS)


def test_a_window_is_the_twelve_months_after_a_day() -> None:
    assert window_after(date(2019, 2, 28)) == OutcomeWindow(date(2019, 2, 28), date(2020, 2, 29))
    assert window_after(date(2019, 3, 1)).ends == date(2020, 3, 1)


def test_a_window_is_closed_once_the_banks_have_had_their_time_to_report() -> None:
    begins = date(2019, 3, 1)
    closed_on = date(2020, 3, 8)
    assert closed_window([begins], closed_on, REPORTING_DAYS) == window_after(begins)
    assert closed_window([begins], closed_on - timedelta(days=1), REPORTING_DAYS) is None


@given(st.lists(DAYS, max_size=6), DAYS)
def test_the_newest_closed_window_is_taken(days: list[date], as_of_date: date) -> None:
    found = closed_window(days, as_of_date, REPORTING_DAYS)
    closed = [
        day for day in days if window_after(day).ends + timedelta(days=REPORTING_DAYS) <= as_of_date
    ]
    assert (None if found is None else found.begins) == max(closed, default=None)


@given(st.lists(BORROWER, max_size=8), DAYS)
def test_outcomes_are_what_one_borrower_after_the_other_gives(
    borrowers: list[tuple[date, date | None]], begins: date
) -> None:
    window = window_after(begins)
    frame = pd.DataFrame(
        {
            "enterprise_id": [f"E{place}" for place in range(len(borrowers))],
            "borrower_since": [since for since, _ in borrowers],
            "default_date": [default for _, default in borrowers],
        }
    )
    slow = {}
    for place, (since, default) in enumerate(borrowers):
        if since > begins or (default is not None and default <= begins):
            continue
        slow[f"E{place}"] = 1.0 if default is not None and default <= window.ends else 0.0
    assert outcomes_in(window, frame.iloc[::-1]).to_dict() == slow
