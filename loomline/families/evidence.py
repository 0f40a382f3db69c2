"""The canonical rows that stand behind a measure of an enterprise, as SQL."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from loomline.families.measured import step_structs
from loomline.families.model import Measure
from loomline.known_codes import known_codes
from loomline.lake import known_condition, sql_literal

ROWS_BEHIND = """
with codes as (
    select code_system, enterprise_code
    from ({known_codes})
    where enterprise_id = {enterprise}
    union
    select '', {enterprise}
),

steps as (
    select source_file, line_number, inline(array({structs}))
    from {table}
    where {known}
)

select event_date, value, source_file, line_number
from steps
inner join codes using (code_system, enterprise_code)
where value <> 0 and event_date > {start} and event_date <= {as_of}
order by event_date desc, source_file, line_number
"""


def rows_behind(
    measure: Measure,
    has_system: bool,
    enterprise: str,
    as_of_date: date,
    as_of_end: datetime,
    window_days: int,
    zone: str,
) -> str:
    """The query of the rows that a measure of an enterprise had in a window, newest first.

    They are those of the window that ends at the as-of date which stood by its end, as it was known
    then. Columns are event_date, value in the measure's unit, source_file and line_number; a row
    that is taken away again from a balance within the window is there once more, below 0.
    """
    return ROWS_BEHIND.format(
        known=known_condition(as_of_end),
        known_codes=known_codes(as_of_end),
        enterprise=sql_literal(enterprise),
        structs=", ".join(step_structs(measure, has_system, zone)),
        table=measure.table,
        start=sql_literal(as_of_date - timedelta(days=window_days)),
        as_of=sql_literal(as_of_date),
    )
