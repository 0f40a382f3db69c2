with

machines as (
    select * from {{ ref('int_machines') }}
),

machine_days as (
    select * from {{ ref('int_machine_days') }}
),

failures as (
    select
        machines.machine_id,
        machine_events.started_at,
        max(machine_events.ended_at) as ended_at
    from {{ ref('stg_machine_events') }} as machine_events
    inner join machines
        on
            machine_events.code_system = machines.code_system
            and machine_events.enterprise_code = machines.enterprise_code
            and machine_events.machine_code = machines.machine_code
    where
        {{ stood_by_then() }}
        and machine_events.event_type in ('breakdown', 'failure')
        and machine_events.started_at < {{ as_of_end() }}
        and {{ is_in_last_days(
            business_day('machine_events.started_at'), 365
        ) }}
    -- Parts that fail at one moment are one failure of the machine.
    group by machines.machine_id, machine_events.started_at
),

failure_times as (
    select
        machine_id,
        count(*) as failure_count,
        count_if(ended_at <= {{ as_of_end() }}) as repair_count,
        sum(unix_timestamp(ended_at) - unix_timestamp(started_at)) filter (
            where ended_at <= {{ as_of_end() }}
        ) / 3600.0 as repair_hours,
        min(started_at) as first_failure_at,
        max(started_at) as last_failure_at
    from failures
    group by machine_id
),

operating_times as (
    select
        machine_id,
        sum(run_minutes) / 60 as operating_hours
    from machine_days
    group by machine_id
),

machine_reliability as (
    select
        {{ as_of_date() }} as as_of_date,
        coalesce(failure_times.machine_id, operating_times.machine_id)
            as machine_id,
        case
            when failure_times.failure_count is null then 'no_failure'
            when
                operating_times.operating_hours is null
                then 'no_run_minutes'
        end as operating_hours_between_failures_reason,
        case
            when failure_times.failure_count is null then 'no_failure'
            when failure_times.failure_count = 1 then 'one_failure'
        end as hours_between_failures_reason,
        case
            when failure_times.failure_count is null then 'no_failure'
            when failure_times.repair_count = 0 then 'no_end_of_a_failure'
        end as hours_to_repair_reason,
        coalesce(failure_times.failure_count, 0) as failure_count,
        coalesce(failure_times.repair_count, 0) as repair_count,
        operating_times.operating_hours,
        operating_times.operating_hours / failure_times.failure_count
            as operating_hours_between_failures,
        cast(
            (
                unix_timestamp(failure_times.last_failure_at)
                - unix_timestamp(failure_times.first_failure_at)
            )
            / 3600.0
            / nullif(failure_times.failure_count - 1, 0) as double
        ) as hours_between_failures,
        cast(
            failure_times.repair_hours
            / nullif(failure_times.repair_count, 0) as double
        ) as hours_to_repair,
        failure_times.first_failure_at,
        failure_times.last_failure_at
    from failure_times
    full outer join operating_times
        on failure_times.machine_id = operating_times.machine_id
)

select * from machine_reliability
