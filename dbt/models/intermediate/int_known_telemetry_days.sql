with

telemetry_days as (
    select * from {{ ref('stg_telemetry_days') }}
),

-- Days of which readings came later, from the readings that were known then.
days_known_then as (
    select * from {{ source('intermediate', 'telemetry_day_known_then') }}
),

known_days as (
    select
        code_system,
        machine_code,
        sensor_code,
        unit,
        reading_count,
        bad_count,
        value_min,
        value_max,
        value_last,
        distinct_value_count,
        longest_gap_seconds,
        longest_frozen_seconds,
        largest_jump,
        clock_offset_seconds,
        content_hash,
        content_sketch,
        reading_date,
        first_read_at,
        last_read_at,
        known_at
    from telemetry_days
    where known_at <= {{ as_of_end() }}

    union all

    select
        code_system,
        machine_code,
        sensor_code,
        unit,
        reading_count,
        bad_count,
        value_min,
        value_max,
        value_last,
        distinct_value_count,
        longest_gap_seconds,
        longest_frozen_seconds,
        largest_jump,
        clock_offset_seconds,
        content_hash,
        content_sketch,
        reading_date,
        first_read_at,
        last_read_at,
        known_at
    from days_known_then
)

select * from known_days
