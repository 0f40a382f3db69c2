{{ config(materialized='table') }}

with

limits as (
    select * from {{ ref('sensor_limits') }}
),

-- Whatever was read in these days became known in them.
telemetry_days as (
    select
        *,
        min(machine_code) over (partition by code_system, reading_date)
        < max(machine_code) over (partition by code_system, reading_date)
            as has_neighbours,
        median(clock_offset_seconds) over (
            partition by code_system, reading_date
        ) as delay_of_date,
        median(clock_offset_seconds) over (
            partition by code_system, {{ business_day('known_at') }}
        ) as delay_of_arrival
    from {{ ref('int_known_telemetry_days') }}
    where
        known_at > {{ as_of_end() }} - interval 29 days
),

-- A file that comes at night makes all readings of a day late alike. What a
-- device is later or earlier than others of its system is its clock's.
delayed_days as (
    select
        *,
        greatest(0, if(has_neighbours, delay_of_date, delay_of_arrival))
        - clock_offset_seconds as clock_error_seconds
    from telemetry_days
),

dated_days as (
    select
        *,
        timestamp_seconds(
            unix_timestamp(last_read_at) - clock_error_seconds
        ) as last_true_read_at,
        {{ business_day(
            'timestamp_seconds((unix_timestamp(first_read_at)'
            ' + unix_timestamp(last_read_at)) / 2 - clock_error_seconds)'
        ) }} as read_date
    from delayed_days
),

windowed_days as (
    select * from dated_days
    where {{ is_in_last_days('read_date', 28) }}
),

-- The tightest limits that fit the sensor's unit and name.
limited_days as (
    select
        windowed_days.code_system,
        windowed_days.machine_code,
        windowed_days.sensor_code,
        windowed_days.reading_date,
        max(limits.lowest_value) as lowest_value,
        min(limits.highest_value) as highest_value,
        min(limits.largest_jump) as highest_jump
    from windowed_days
    inner join limits
        on
            windowed_days.unit = limits.unit
            and windowed_days.sensor_code like limits.sensor_code_pattern
    group by
        windowed_days.code_system,
        windowed_days.machine_code,
        windowed_days.sensor_code,
        windowed_days.reading_date
),

judged_days as (
    select
        windowed_days.*,
        -- What stands still reads zero all night and all Sunday.
        if(
            windowed_days.value_min != 0
            and windowed_days.longest_frozen_seconds >= 6 * 3600,
            least(windowed_days.longest_frozen_seconds / 86400, 1),
            0
        ) as frozen_ratio,
        -- The very readings of any day before, or most of those of the last.
        -- Days at rest have the zeros of their nights in common.
        windowed_days.distinct_value_count > 2
        and (
            lag(windowed_days.read_date) over (
                partition by
                    windowed_days.code_system,
                    windowed_days.machine_code,
                    windowed_days.sensor_code,
                    windowed_days.content_hash
                order by windowed_days.read_date
            ) is not null
            or windowed_days.distinct_value_count
            > windowed_days.reading_count / 2
            and coalesce(
                size(
                    array_intersect(
                        windowed_days.content_sketch,
                        lag(windowed_days.content_sketch) over (
                            partition by
                                windowed_days.code_system,
                                windowed_days.machine_code,
                                windowed_days.sensor_code
                            order by windowed_days.read_date
                        )
                    )
                )
                > size(windowed_days.content_sketch) / 2,
                false
            )
        ) as is_replayed,
        coalesce(
            windowed_days.value_min < limited_days.lowest_value
            or windowed_days.value_max > limited_days.highest_value
            or windowed_days.largest_jump > limited_days.highest_jump,
            false
        ) as is_impossible
    from windowed_days
    left join limited_days
        on
            windowed_days.code_system = limited_days.code_system
            and windowed_days.machine_code = limited_days.machine_code
            and windowed_days.sensor_code = limited_days.sensor_code
            and windowed_days.reading_date = limited_days.reading_date
),

sensors as (
    select
        code_system,
        machine_code,
        sensor_code,
        median(reading_count) as usual_reading_count,
        explode(sequence(min(read_date), {{ as_of_date() }})) as read_date
    from judged_days
    group by code_system, machine_code, sensor_code
),

-- A silent day has a row too: what was expected did not come.
sensor_days as (
    select
        sensors.code_system,
        sensors.machine_code,
        sensors.sensor_code,
        max_by(judged_days.unit, judged_days.last_read_at) as unit,
        max_by(judged_days.value_last, judged_days.last_read_at) as value_last,
        coalesce(sum(judged_days.reading_count), 0) as reading_count,
        coalesce(sum(judged_days.bad_count), 0) as bad_count,
        sensors.usual_reading_count,
        max(judged_days.longest_gap_seconds) as longest_gap_seconds,
        max(judged_days.clock_error_seconds) as clock_error_seconds,
        coalesce(max(judged_days.frozen_ratio), 0) as frozen_ratio,
        coalesce(bool_or(judged_days.is_replayed), false) as is_replayed,
        coalesce(bool_or(judged_days.is_impossible), false) as is_impossible,
        sensors.read_date,
        max(judged_days.last_true_read_at) as last_true_read_at
    from sensors
    left join judged_days
        on
            sensors.code_system = judged_days.code_system
            and sensors.machine_code = judged_days.machine_code
            and sensors.sensor_code = judged_days.sensor_code
            and sensors.read_date = judged_days.read_date
    group by
        sensors.code_system,
        sensors.machine_code,
        sensors.sensor_code,
        sensors.usual_reading_count,
        sensors.read_date
)

select * from sensor_days
