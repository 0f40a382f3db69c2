with

machines as (
    select * from {{ ref('int_machines') }}
),

described_machines as (
    select
        machine_id,
        array_sort(collect_set(code_system)) as code_systems,
        max(machine_code) as machine_code,
        max(nullif(enterprise_code, '*')) as enterprise_code,
        max_by(enterprise_name, is_reporting) as enterprise_name,
        max(machine_type) as machine_type,
        max(site_code) as site_code
    from machines
    group by machine_id
),

last_reports as (
    select
        machine_id,
        max(work_date) as last_work_report_date,
        max_by(run_minutes, work_date) as last_run_minutes
    from {{ ref('int_machine_days') }}
    where work_report_count > 0
    group by machine_id
),

last_stops as (
    select
        machines.machine_id,
        max(stops.started_at) as last_stop_at,
        max_by(stops.ended_at, stops.started_at) as last_stop_ended_at
    from {{ ref('int_machine_stops') }} as stops
    inner join machines
        on
            stops.code_system = machines.code_system
            and stops.enterprise_code = machines.enterprise_code
            and stops.machine_code = machines.machine_code
    group by machines.machine_id
),

last_maintenances as (
    select
        machines.machine_id,
        max(maintenances.started_at) as last_maintenance_at,
        max_by(maintenances.maintenance_type, maintenances.started_at)
            as last_maintenance_type
    from {{ ref('stg_maintenances') }} as maintenances
    inner join machines
        on
            maintenances.code_system = machines.code_system
            and maintenances.enterprise_code = machines.enterprise_code
            and maintenances.machine_code = machines.machine_code
    where
        {{ stood_by_then() }}
        and maintenances.started_at < {{ as_of_end() }}
    group by machines.machine_id
),

last_values as (
    select
        machines.machine_id,
        sensor_days.sensor_code,
        max_by(sensor_days.unit, sensor_days.last_true_read_at) as unit,
        max_by(sensor_days.value_last, sensor_days.last_true_read_at)
            as last_value,
        max(sensor_days.last_true_read_at) as read_at
    from {{ ref('int_sensor_days') }} as sensor_days
    inner join machines
        on
            sensor_days.code_system = machines.code_system
            and sensor_days.machine_code = machines.machine_code
    where
        machines.has_readings_of_code
        and sensor_days.last_true_read_at is not null
    group by machines.machine_id, sensor_days.sensor_code
),

last_readings as (
    select
        machine_id,
        array_sort(
            collect_list(struct(sensor_code, unit, last_value, read_at))
        ) as last_readings,
        max(read_at) as last_read_at
    from last_values
    group by machine_id
),

machine_states as (
    select
        {{ as_of_date() }} as as_of_date,
        described_machines.machine_id,
        described_machines.machine_code,
        described_machines.code_systems,
        described_machines.enterprise_code,
        described_machines.enterprise_name,
        described_machines.machine_type,
        described_machines.site_code,
        case
            when
                last_stops.last_stop_at is not null
                and coalesce(
                    last_stops.last_stop_ended_at >= {{ as_of_end() }},
                    last_reports.last_work_report_date
                    <= {{ business_day('last_stops.last_stop_at') }},
                    true
                )
                then 'stopped'
            when
                last_reports.last_work_report_date = {{ as_of_date() }}
                and last_reports.last_run_minutes > 0
                then 'worked'
            when
                {{ business_day('last_readings.last_read_at') }}
                = {{ as_of_date() }}
                then 'connected'
            else 'silent'
        end as machine_state,
        last_maintenances.last_maintenance_type,
        last_readings.last_readings,
        last_reports.last_run_minutes,
        (
            unix_timestamp({{ as_of_end() }})
            - unix_timestamp(last_readings.last_read_at)
        ) / 3600.0d as hours_since_reading,
        datediff({{ as_of_date() }}, last_reports.last_work_report_date)
            as days_since_work_report,
        last_reports.last_work_report_date,
        last_stops.last_stop_at,
        last_stops.last_stop_ended_at,
        last_maintenances.last_maintenance_at,
        last_readings.last_read_at
    from described_machines
    left join last_reports
        on described_machines.machine_id = last_reports.machine_id
    left join last_stops
        on described_machines.machine_id = last_stops.machine_id
    left join last_maintenances
        on described_machines.machine_id = last_maintenances.machine_id
    left join last_readings
        on described_machines.machine_id = last_readings.machine_id
)

select * from machine_states
