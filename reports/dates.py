"""Which dates a report compares: its own, and the nearest earlier one of the marts."""

from __future__ import annotations

from datetime import date

from loomline.errors import LoomlineError
from loomline.job import JobContext
from reports.answers import Lake, Question

DATES = Question(
    ("marts.enterprise_profiles",),
    """
select distinct as_of_date
from marts.enterprise_profiles
where as_of_date <= :as_of_date
order by as_of_date desc
""",
)
NAMED_DATES = 5


def lake_of(context: JobContext, **parameters: str) -> Lake:
    """The lake as of the date, for questions that name `parameters` or the date before.

    `:previous_date` is null where the marts have no earlier date; `:as_of_end` is the last instant
    of the as-of date.

    Raises:
        LoomlineError: the marts have no rows of the date.
    """
    dates = mart_dates(context)
    if context.as_of_date not in dates:
        known = ", ".join(f"{one}" for one in dates[:NAMED_DATES])
        raise LoomlineError(
            f"There are no marts as of {context.as_of_date}.",
            f"Run `loomline run marts --date {context.as_of_date}`"
            + (f", or ask for a date that has some: {known}." if known else "."),
        )
    return Lake(
        context.spark,
        context.as_of_date,
        {
            **parameters,
            "previous_date": dates[1] if len(dates) > 1 else None,
            "as_of_end": context.as_of_end,
        },
        context.warehouse,
    )


def mart_dates(context: JobContext) -> list[date]:
    """The as-of dates of the marts up to the date, the latest first."""
    lake = Lake(context.spark, context.as_of_date, {}, context.warehouse)
    return [row["as_of_date"] for row in lake.ask(DATES).rows]
