"""Which dates a backfill runs jobs for."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.commands.backfill import backfill, month_ends
from loomline.errors import LoomlineError

DAYS = st.dates(date(2015, 1, 1), date(2025, 12, 31))


@given(DAYS, DAYS)
def test_every_month_end_between_two_days_is_run_once_in_order(first: date, last: date) -> None:
    ends = [
        day
        for year in range(2015, 2026)
        for month in range(1, 13)
        if first <= (day := date(year, month, monthrange(year, month)[1])) <= last
    ]
    assert month_ends(first, last) == ends


def test_an_unknown_job_is_told_before_any_has_run() -> None:
    with pytest.raises(LoomlineError, match="no job 'moon'"):
        backfill(["rules", "moon"], datetime(2020, 1, 1), datetime(2020, 12, 31))
