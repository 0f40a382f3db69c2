with

source_indicator_states as (
    select * from {{ source('scores', 'indicator_state') }}
),

renamed as (
    select
        enterprise_id,
        indicator,
        indicators_version,
        level,
        lasted_days,
        watched_value,
        weight_points,
        is_counted,
        since_date,
        cleared_date,
        as_of_date
    from source_indicator_states
)

select * from renamed
