with

machine_days as (
    select
        *,
        is_within_capacity
        and ideal_minutes is not null
        and run_minutes is not null as is_paced
    from {{ ref('int_machine_days') }}
),

periods as (
    {{ in_periods('machine_days', 'work_date') }}
),

summed_periods as (
    select
        machine_id,
        period_days,
        last_date,
        count_if(work_report_count > 0) as work_day_count,
        case
            when count(distinct quantity_unit) = 1 then max(quantity_unit)
        end as quantity_unit,
        count(distinct quantity_unit) > 1
        or bool_or(quantity_unit_count > 1) as has_several_units,
        sum(good_quantity) as good_quantity,
        sum(scrap_quantity) as scrap_quantity,
        sum(good_quantity) filter (where scrap_quantity is not null)
            as judged_good_quantity,
        sum(scrap_quantity) filter (where good_quantity is not null)
            as judged_scrap_quantity,
        sum(energy_kwh) as energy_kwh,
        sum(energy_kwh) filter (where good_quantity is not null)
            as piece_energy_kwh,
        sum(good_quantity) filter (where energy_kwh is not null)
            as energy_good_quantity,
        sum(run_minutes) as run_minutes,
        count_if(run_minutes is not null) as run_day_count,
        sum(downtime_minutes) as downtime_minutes,
        sum(run_minutes) filter (where downtime_minutes is not null)
            as available_minutes,
        -- Who stands still all day writes no work report.
        sum(downtime_minutes) filter (
            where run_minutes is not null or work_report_count = 0
        ) as lost_minutes,
        sum(least(ideal_minutes, run_minutes)) filter (where is_paced)
            as ideal_minutes,
        sum(run_minutes) filter (where is_paced) as paced_minutes,
        bool_or(not is_within_capacity) as has_impossible_output,
        bool_or(has_stop_without_end) as has_stop_without_end
    from periods
    group by machine_id, period_days, last_date
),

rated_periods as (
    select
        *,
        available_minutes + lost_minutes as planned_busy_minutes,
        run_minutes / (1440.0 * run_day_count) as utilisation_ratio,
        available_minutes / nullif(available_minutes + lost_minutes, 0)
            as availability_ratio,
        ideal_minutes / nullif(paced_minutes, 0) as performance_ratio,
        case
            when not has_several_units
                then
                    cast(judged_good_quantity as double)
                    / nullif(judged_good_quantity + judged_scrap_quantity, 0)
        end as quality_ratio,
        case
            when not has_several_units
                then
                    cast(piece_energy_kwh as double)
                    / nullif(energy_good_quantity, 0)
        end as energy_per_good_unit_kwh
    from summed_periods
),

machine_performance as (
    select
        {{ as_of_date() }} as as_of_date,
        machine_id,
        period_days,
        last_date,
        quantity_unit,
        case
            when availability_ratio is not null then null
            when work_day_count = 0 then 'no_work_report'
            when run_minutes is null then 'no_run_minutes'
            when has_stop_without_end then 'stop_without_end'
            when available_minutes is null then 'stops_not_reported'
            else 'nothing_planned'
        end as availability_reason,
        case
            when performance_ratio is not null then null
            when work_day_count = 0 then 'no_work_report'
            when run_minutes is null then 'no_run_minutes'
            when has_impossible_output then 'above_rated_capacity'
            when run_minutes = 0 then 'did_not_run'
            else 'no_rated_capacity_or_quantity'
        end as performance_reason,
        case
            when quality_ratio is not null then null
            when work_day_count = 0 then 'no_work_report'
            when has_several_units then 'several_units'
            when judged_good_quantity is null then 'no_quantity'
            else 'nothing_made'
        end as quality_reason,
        case
            when energy_per_good_unit_kwh is not null then null
            when work_day_count = 0 then 'no_work_report'
            when has_several_units then 'several_units'
            when energy_kwh is null then 'no_energy'
            when energy_good_quantity is null then 'no_quantity'
            else 'nothing_good_made'
        end as energy_reason,
        work_day_count,
        cast(good_quantity as decimal(28, 3)) as good_quantity,
        cast(scrap_quantity as decimal(28, 3)) as scrap_quantity,
        cast(energy_kwh as decimal(28, 3)) as energy_kwh,
        energy_per_good_unit_kwh,
        run_minutes,
        cast(downtime_minutes as double) as downtime_minutes,
        cast(planned_busy_minutes as double) as planned_busy_minutes,
        ideal_minutes,
        utilisation_ratio,
        availability_ratio,
        performance_ratio,
        quality_ratio,
        availability_ratio * performance_ratio * quality_ratio as oee_ratio
    from rated_periods
)

select * from machine_performance
