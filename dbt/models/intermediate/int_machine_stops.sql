with

machine_events as (
    select * from {{ ref('stg_machine_events') }}
    where {{ stood_by_then() }}
),

-- Nothing of a stop after the as-of date has happened yet.
stops as (
    select
        code_system,
        enterprise_code,
        machine_code,
        started_at,
        -- Not least() alone, which passes over a null.
        if(ended_at is null, null, least(ended_at, {{ as_of_end() }}))
            as ended_at
    from machine_events
    where is_stop and started_at < {{ as_of_end() }}
),

-- Stops that overlap are one stop: their time counts once. A stop without an
-- end stands alone, since nobody knows what it overlaps with.
reached_stops as (
    select
        *,
        max(ended_at) over (
            partition by
                code_system, enterprise_code, machine_code, ended_at is null
            order by started_at, ended_at
            rows between unbounded preceding and 1 preceding
        ) as reached_at
    from stops
),

numbered_stops as (
    select
        *,
        count_if(reached_at is null or started_at > reached_at) over (
            partition by
                code_system, enterprise_code, machine_code, ended_at is null
            order by started_at, ended_at
            rows between unbounded preceding and current row
        ) as stop_number
    from reached_stops
),

merged_stops as (
    select
        code_system,
        enterprise_code,
        machine_code,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from numbered_stops
    group by
        code_system,
        enterprise_code,
        machine_code,
        ended_at is null,
        stop_number
)

select * from merged_stops
