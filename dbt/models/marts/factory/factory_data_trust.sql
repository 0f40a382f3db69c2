with

machines as (
    select * from {{ ref('int_machines') }}
    where has_readings_of_code
),

sensor_days as (
    select
        machines.machine_id,
        sensor_days.*
    from {{ ref('int_sensor_days') }} as sensor_days
    inner join machines
        on
            sensor_days.code_system = machines.code_system
            and sensor_days.machine_code = machines.machine_code
),

-- Parts of the readings of a machine's day, each sensor by its readings.
machine_days as (
    select
        machine_id,
        read_date,
        sum(reading_count) as reading_count,
        sum(usual_reading_count) as usual_reading_count,
        least(
            sum(least(reading_count - bad_count, usual_reading_count))
            / sum(usual_reading_count),
            1
        ) as present_ratio,
        max(longest_gap_seconds) as longest_gap_seconds,
        median(clock_error_seconds) as clock_error_seconds,
        coalesce(
            sum(frozen_ratio * reading_count) / nullif(sum(reading_count), 0), 0
        ) as frozen_ratio,
        coalesce(
            sum(if(is_replayed, reading_count, 0))
            / nullif(sum(reading_count), 0), 0
        ) as replayed_ratio,
        coalesce(
            sum(if(is_impossible, reading_count, 0))
            / nullif(sum(reading_count), 0), 0
        ) as impossible_ratio
    from sensor_days
    group by machine_id, read_date
),

-- A clock that is wrong by an hour puts an hour's readings on another day.
dated_days as (
    select
        *,
        if(
            abs(clock_error_seconds) <= 60,
            0,
            least(abs(clock_error_seconds) / 86400, 1)
        ) as misdated_ratio
    from machine_days
),

rated_days as (
    select
        *,
        present_ratio
        * (1 - frozen_ratio)
        * (1 - replayed_ratio)
        * (1 - impossible_ratio)
        * (1 - coalesce(misdated_ratio, 0)) as trust_ratio
    from dated_days
),

periods as (
    {{ in_periods('rated_days', 'read_date') }}
),

data_trust as (
    select
        {{ as_of_date() }} as as_of_date,
        machine_id,
        period_days,
        last_date,
        count(*) as day_count,
        count_if(reading_count = 0) as silent_day_count,
        sum(reading_count) as reading_count,
        sum(usual_reading_count) as usual_reading_count,
        max(longest_gap_seconds) as longest_gap_seconds,
        median(clock_error_seconds) as clock_error_seconds,
        -- Rounded, because a mean of doubles depends on the order of its parts.
        round(avg(present_ratio), 9) as present_ratio,
        round(avg(frozen_ratio), 9) as frozen_ratio,
        round(avg(replayed_ratio), 9) as replayed_ratio,
        round(avg(impossible_ratio), 9) as impossible_ratio,
        round(avg(misdated_ratio), 9) as misdated_ratio,
        round(avg(trust_ratio), 9) as trust_ratio
    from periods
    group by machine_id, period_days, last_date
)

select * from data_trust
