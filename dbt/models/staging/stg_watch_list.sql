with

source_watch_list as (
    select * from {{ source('scores', 'watch_list') }}
),

renamed as (
    select
        enterprise_id,
        trade,
        indicators_version,
        status,
        previous_status,
        amber_count,
        red_count,
        said_count,
        weight_points,
        reasons,
        status_since_date,
        previous_as_of_date,
        as_of_date
    from source_watch_list
)

select * from renamed
