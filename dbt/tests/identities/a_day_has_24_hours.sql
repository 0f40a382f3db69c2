-- Why: stops that overlap, or a stop that is counted on two days, would make a
-- machine stand still for more than all of the time, and nobody would see it in
-- a ratio of sums. Nor may a day of a machine stand twice.

with

machine_stops as (
    select * from {{ ref('int_machine_stops') }}
),

machine_days as (
    select * from {{ ref('int_machine_days') }}
),

next_stops as (
    select
        code_system,
        enterprise_code,
        machine_code,
        ended_at,
        lead(started_at) over (
            partition by code_system, enterprise_code, machine_code
            order by started_at
        ) as next_started_at
    from machine_stops
    where ended_at is not null
),

broken_days as (
    select
        concat_ws('/', code_system, enterprise_code, machine_code) as machine,
        cast(next_started_at as date) as work_date,
        null as downtime_minutes
    from next_stops
    where next_started_at <= ended_at

    union all

    -- The day on which a zone's clocks are set back has 25 hours.
    select
        machine_id as machine,
        work_date,
        downtime_minutes
    from machine_days
    where
        downtime_minutes < 0
        or downtime_minutes > 1500
        or run_minutes < 0

    union all

    select
        machine_id as machine,
        work_date,
        sum(downtime_minutes) as downtime_minutes
    from machine_days
    group by machine_id, work_date
    having count(*) > 1
)

select * from broken_days
