{{ config(materialized='table') }}

with

machines as (
    select * from {{ ref('int_machines') }}
),

work_reports as (
    select
        *,
        (good_quantity + scrap_quantity) * 60.0
        / nullif(rated_capacity_per_hour, 0) as ideal_minutes,
        60.0 / nullif(rated_capacity_per_hour, 0) as ideal_minutes_a_unit
    from {{ ref('stg_production_outputs') }}
    where
        {{ stood_by_then() }}
        and {{ is_in_last_days('production_date', 365) }}
),

reported_days as (
    select
        code_system,
        enterprise_code,
        machine_code,
        production_date as work_date,
        count(*) as work_report_count,
        case
            when count(distinct quantity_unit) = 1 then max(quantity_unit)
        end as quantity_unit,
        count(distinct quantity_unit) as quantity_unit_count,
        {{ complete_sum('good_quantity') }} as good_quantity,
        {{ complete_sum('scrap_quantity') }} as scrap_quantity,
        {{ complete_sum('energy_kwh') }} as energy_kwh,
        {{ complete_sum('run_minutes') }} as run_minutes,
        {{ complete_sum('idle_minutes') }} as idle_minutes,
        {{ complete_sum('ideal_minutes') }} as ideal_minutes,
        -- Reports count whole minutes and units: one of each may be rounding.
        bool_and(
            ideal_minutes - ideal_minutes_a_unit <= run_minutes + 1
        ) as is_within_capacity
    from work_reports
    group by code_system, enterprise_code, machine_code, production_date
),

stops as (
    select
        *,
        explode(
            sequence(
                {{ business_day('started_at') }},
                {{ business_day('coalesce(ended_at, started_at)') }}
            )
        ) as work_date
    from {{ ref('int_machine_stops') }}
    where
        {{ business_day('coalesce(ended_at, started_at)') }}
        >= date_sub({{ as_of_date() }}, 364)
),

stopped_days as (
    select
        code_system,
        enterprise_code,
        machine_code,
        work_date,
        bool_or(ended_at is null) as has_stop_without_end,
        sum(
            unix_timestamp(
                least(ended_at, {{ day_begins_at('date_add(work_date, 1)') }})
            )
            - unix_timestamp(
                greatest(started_at, {{ day_begins_at('work_date') }})
            )
        ) / 60.0 as stop_minutes
    from stops
    where
        {{ is_in_last_days('work_date', 365) }}
        and (
            ended_at is null
            or ended_at > greatest(started_at, {{ day_begins_at('work_date') }})
        )
    group by code_system, enterprise_code, machine_code, work_date
),

-- A system that has never told of a stop may not tell of any.
stop_systems as (
    select distinct code_system from {{ ref('int_machine_stops') }}
),

joined_days as (
    select
        coalesce(reported_days.code_system, stopped_days.code_system)
            as code_system,
        coalesce(reported_days.enterprise_code, stopped_days.enterprise_code)
            as enterprise_code,
        coalesce(reported_days.machine_code, stopped_days.machine_code)
            as machine_code,
        coalesce(reported_days.work_date, stopped_days.work_date) as work_date,
        coalesce(reported_days.work_report_count, 0) as work_report_count,
        reported_days.quantity_unit,
        reported_days.quantity_unit_count,
        reported_days.good_quantity,
        reported_days.scrap_quantity,
        reported_days.energy_kwh,
        reported_days.run_minutes,
        reported_days.idle_minutes,
        reported_days.ideal_minutes,
        reported_days.is_within_capacity,
        coalesce(stopped_days.has_stop_without_end, false)
            as has_stop_without_end,
        stopped_days.stop_minutes
    from reported_days
    full outer join stopped_days
        on
            reported_days.code_system = stopped_days.code_system
            and reported_days.enterprise_code = stopped_days.enterprise_code
            and reported_days.machine_code = stopped_days.machine_code
            and reported_days.work_date = stopped_days.work_date
),

machine_days as (
    select
        machines.machine_id,
        joined_days.work_date,
        joined_days.work_report_count,
        joined_days.quantity_unit,
        joined_days.quantity_unit_count,
        joined_days.good_quantity,
        joined_days.scrap_quantity,
        joined_days.energy_kwh,
        joined_days.run_minutes,
        -- A stop that is told as idle time too counts once.
        case
            when joined_days.has_stop_without_end then null
            when
                stop_systems.code_system is not null
                then
                    greatest(
                        coalesce(joined_days.stop_minutes, 0),
                        joined_days.idle_minutes
                    )
            else joined_days.idle_minutes
        end as downtime_minutes,
        joined_days.ideal_minutes,
        joined_days.is_within_capacity,
        joined_days.has_stop_without_end
    from joined_days
    inner join machines
        on
            joined_days.code_system = machines.code_system
            and joined_days.enterprise_code = machines.enterprise_code
            and joined_days.machine_code = machines.machine_code
    left join stop_systems
        on joined_days.code_system = stop_systems.code_system
)

select * from machine_days
