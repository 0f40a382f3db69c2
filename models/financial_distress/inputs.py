"""Reads the newest statement of every enterprise, as known by the end of the as-of date.

Of an enterprise's periods that are over, the last counts; where none is over, the last there is, so
that it is not lost. Beside it stand the operating lines of the earliest whole income statement from
12 to 3 months before. Amounts come as doubles, in CNY.
"""

from __future__ import annotations

from datetime import date, datetime

from loomline.identity import OWN_CODE
from loomline.lake import known_condition, sql_literal
from models.financial_distress.statement import (
    EARLIER,
    LEAST_MONTHS,
    LINES,
    OPERATING,
    YEAR_MONTHS,
)

STATEMENT, LINK = "silver.financial_statement", "silver.enterprise_link"
READ = (STATEMENT, LINK)


def _lines(names: tuple[str, ...]) -> str:
    """SQL: a column a line, null where the statement has none of it."""
    return ",\n        ".join(
        f"max(case when line_name = '{name}' then cast(amount_cny as double) end) as {name}"
        for name in names
    )


PAIRS = dict(zip(EARLIER, OPERATING, strict=True))

STATEMENTS = f"""
with links as (
    select code_system, party_code, enterprise_id
    from {LINK}
    where {{known}} and {OWN_CODE}
),

statements as (
    select
        code_system,
        enterprise_code,
        period_end_date,
        year(period_end_date) * 12 + month(period_end_date) as month_number,
        {_lines(LINES)}
    from {STATEMENT}
    where {{known}}
    group by code_system, enterprise_code, period_end_date
),

ranked as (
    select
        *,
        row_number() over (
            partition by code_system, enterprise_code
            order by case when period_end_date <= {{as_of}} then 0 else 1 end, period_end_date desc
        ) as place
    from statements
),

pairs as (
    select
        newest.code_system,
        newest.enterprise_code,
        newest.month_number - earlier.month_number as earlier_months,
        {", ".join(f"earlier.{name} as {as_earlier}" for as_earlier, name in PAIRS.items())},
        row_number() over (
            partition by newest.code_system, newest.enterprise_code
            order by earlier.period_end_date
        ) as earlier_place
    from ranked as newest
    inner join statements as earlier
        on earlier.code_system = newest.code_system
        and earlier.enterprise_code = newest.enterprise_code
        and newest.month_number - earlier.month_number between {LEAST_MONTHS} and {YEAR_MONTHS}
    where newest.place = 1
    and {" and ".join(f"earlier.{name} is not null" for name in OPERATING)}
)

select
    newest.code_system,
    newest.enterprise_code,
    links.enterprise_id,
    newest.period_end_date,
    {", ".join(f"newest.{name}" for name in LINES)},
    pairs.earlier_months,
    {", ".join(f"pairs.{name}" for name in EARLIER)}
from ranked as newest
left join links
    on links.code_system = newest.code_system and links.party_code = newest.enterprise_code
left join pairs
    on pairs.code_system = newest.code_system
    and pairs.enterprise_code = newest.enterprise_code
    and pairs.earlier_place = 1
where newest.place = 1
order by newest.code_system, newest.enterprise_code
"""


def statements_query(as_of_date: date, as_of_end: datetime) -> str:
    """The SQL of the statements as of a date that ends at an instant."""
    return STATEMENTS.format(known=known_condition(as_of_end), as_of=sql_literal(as_of_date))
