with

source_telemetry_days as (
    select * from {{ source('silver', 'telemetry_day') }}
),

renamed as (
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
    from source_telemetry_days
)

select * from renamed
