"""Which borrowers defaulted, by the loan events that their banks report."""

from __future__ import annotations

import pandas as pd

from loomline.identity import OWN_CODE
from loomline.job import JobContext
from loomline.lake import known_condition, sql_literal

LINK, OUTCOME = "silver.enterprise_link", "silver.credit_outcome"

# A bank's record counts on the day up to whose end it was known.
OUTCOMES = """
with links as (
    select code_system, party_code as enterprise_code, enterprise_id
    from {link}
    where {own_code} and {links_known}
),

told as (
    select
        links.enterprise_id,
        to_date(from_utc_timestamp(outcomes.known_at - interval 1 microsecond, '{zone}'))
            as known_date,
        outcomes.default_date,
        outcomes.is_default and ({outcome_known}) as stands
    from {outcome} as outcomes
    inner join links using (code_system, enterprise_code)
    where outcomes.known_at <= {end}
),

firsts as (
    select
        enterprise_id,
        min(known_date) as borrower_since,
        min(if(stands, struct(default_date, known_date), null)) as first_default
    from told
    group by enterprise_id
)

select
    enterprise_id,
    borrower_since,
    first_default.default_date as default_date,
    first_default.known_date as default_known_date
from firsts
"""


def read_borrower_outcomes(context: JobContext) -> pd.DataFrame:
    """Every enterprise with a loan record that was known by the end of the as-of date.

    Returns:
        `enterprise_id`; `borrower_since`, the day on which a bank first reported a loan of it;
        `default_date`, the day of its first default; and `default_known_date`, that of the report.
        The last two are missing without a default.
    """
    end = context.as_of_end
    return context.spark.sql(
        OUTCOMES.format(
            link=context.relation(LINK),
            outcome=context.relation(OUTCOME),
            own_code=OWN_CODE,
            links_known=known_condition(end),
            outcome_known=known_condition(end, "outcomes"),
            end=sql_literal(end),
            zone=context.settings.time_zone,
        )
    ).toPandas()
