"""`loomline backfill`: jobs for every month end of a stretch of the past."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from loomline.errors import LoomlineError
from loomline.jobs import find_job
from loomline.runner import run_job


def month_ends(first: date, last: date) -> list[date]:
    """The last days of months from `first` to `last`, both included."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if (day + timedelta(days=1)).day == 1]


def backfill(
    jobs: Annotated[list[str], typer.Argument(help="Names of the jobs, in running order.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")],
) -> None:
    """Run jobs as of every month end from one day to another, the oldest first.

    A job that has run for a date leaves the same tables. Example, as `rule_evidence` needs it:
    loomline backfill window_features rules --from 2019-01-01 --to 2019-12-31
    """
    for job in jobs:
        find_job(job)
    days = month_ends(first.date(), last.date())
    if not days:
        raise LoomlineError(
            f"No month ends from {first:%Y-%m-%d} to {last:%Y-%m-%d}.",
            "Say a first and a last day with a month end between them.",
        )
    for day in days:
        for job in jobs:
            run_job(job, day)
