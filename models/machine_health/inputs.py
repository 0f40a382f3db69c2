"""Reads from the lake what was reported and read of machines by the end of the as-of date."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from loomline.identity import OWN_CODE
from loomline.job import JobContext
from loomline.lake import create_tables, known_condition, sql_literal
from loomline.side_by_side import side_by_side
from models.machine_health.history import FAILURES, History, history

EVENT, MAINTENANCE, OUTPUT = (
    "silver.machine_event",
    "silver.maintenance",
    "silver.production_output",
)
READING, MACHINE, LINK = "silver.telemetry_day", "silver.machine", "silver.enterprise_link"
# What tells of machines; one of them must be there.
TELLING = (EVENT, MAINTENANCE, OUTPUT, READING)
TABLES = (*TELLING, MACHINE, LINK)

# A row counts on the day up to whose end it was known.
KNOWN_DATE = "to_date(from_utc_timestamp({column} - interval 1 microsecond, '{zone}'))"

SINCE_MIDNIGHT = """
        hour(from_utc_timestamp(started_at, '{zone}')) * 60
        + minute(from_utc_timestamp(started_at, '{zone}'))"""

REPORTS = f"""
with told as (
    select
        code_system,
        enterprise_code,
        machine_code,
        'event' as kind,
        event_type as detail,
        coalesce(is_stop, false) as is_stop,
        to_date(from_utc_timestamp(started_at, '{{zone}}')) as day,
        {SINCE_MIDNIGHT} as started_minute,
        timestampdiff(second, started_at, ended_at) / 60 as minutes,
        null as good_quantity,
        null as scrap_quantity,
        null as run_minutes,
        null as energy_kwh,
        known_at,
        superseded_at
    from {{event}}

    union all

    select
        code_system,
        enterprise_code,
        machine_code,
        'maintenance' as kind,
        maintenance_type as detail,
        false as is_stop,
        to_date(from_utc_timestamp(started_at, '{{zone}}')) as day,
        {SINCE_MIDNIGHT} as started_minute,
        timestampdiff(second, started_at, ended_at) / 60 as minutes,
        null as good_quantity,
        null as scrap_quantity,
        null as run_minutes,
        null as energy_kwh,
        known_at,
        superseded_at
    from {{maintenance}}

    union all

    select
        code_system,
        enterprise_code,
        machine_code,
        'work' as kind,
        null as detail,
        false as is_stop,
        production_date as day,
        0 as started_minute,
        run_minutes as minutes,
        good_quantity,
        scrap_quantity,
        run_minutes,
        energy_kwh,
        known_at,
        superseded_at
    from {{output}}
)

select
    code_system,
    coalesce(enterprise_code, '*') as enterprise_code,
    machine_code,
    kind,
    detail,
    is_stop,
    day,
    cast(started_minute as double) as started_minute,
    cast(minutes as double) as minutes,
    cast(good_quantity as double) as good_quantity,
    cast(scrap_quantity as double) as scrap_quantity,
    cast(run_minutes as double) as run_minutes,
    cast(energy_kwh as double) as energy_kwh,
    {KNOWN_DATE.replace("{column}", "known_at")} as known_date,
    {KNOWN_DATE.replace("{column}", "superseded_at")} as superseded_date
from told
where known_at <= {{end}} and day > {{after}} and day <= {{as_of}}
"""

READINGS = f"""
select
    code_system,
    machine_code,
    sensor_code,
    reading_date as day,
    value_max as highest,
    value_max - value_min as spread,
    {KNOWN_DATE.replace("{column}", "known_at")} as known_date
from {{reading}}
where known_at <= {{end}} and reading_date > {{after}} and reading_date <= {{as_of}}
    and value_max is not null
"""

SITES = """
select distinct code_system, machine_code, enterprise_name
from {machine}
where {known} and enterprise_name is not null
"""

LINKS = f"""
select code_system, party_code, min(enterprise_id) as enterprise_id
from {{link}}
where {OWN_CODE} and {{known}}
group by code_system, party_code
"""

FAILED = f"""
select count(distinct code_system, coalesce(enterprise_code, '*'), machine_code) as machines
from {{event}}
where event_type in ({", ".join(f"'{kind}'" for kind in FAILURES)}) and {{known}}
"""

QUERIES = (REPORTS, READINGS, SITES, LINKS)


def asked(template: str, context: JobContext, days: int) -> str:
    """The SQL of a question as of the context's date, of so many days up to it."""
    end, as_of = context.as_of_end, context.as_of_date
    return template.format(
        event=context.relation(EVENT),
        maintenance=context.relation(MAINTENANCE),
        output=context.relation(OUTPUT),
        reading=context.relation(READING),
        machine=context.relation(MACHINE),
        link=context.relation(LINK),
        zone=context.settings.time_zone,
        end=sql_literal(end),
        known=known_condition(end),
        as_of=sql_literal(as_of),
        after=sql_literal(as_of - timedelta(days=days)),
    )


def failed_machines(context: JobContext) -> int:
    """How many machines were known to have failed: at least as many as a training can find."""
    return int(context.spark.sql(asked(FAILED, context, 0)).collect()[0]["machines"])


def read_history(context: JobContext, days: int) -> History:
    """What was known at the end of the as-of date of the machines' last days."""
    create_tables(context.spark, context.catalog, TABLES)
    questions = [asked(one, context, days) for one in QUERIES]
    reports, readings, sites, links = side_by_side(
        lambda sql: context.spark.sql(sql).toArrow().to_pandas(date_as_object=False), questions
    )
    return history(reports, readings, sites, links, np.datetime64(context.as_of_date, "D"), days)
