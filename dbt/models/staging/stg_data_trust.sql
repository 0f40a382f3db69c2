with

source_data_trust as (
    select * from {{ source('features', 'data_trust') }}
),

renamed as (
    select
        enterprise_id,
        month_start_date,
        data_trust_points,
        as_of_date
    from source_data_trust
)

select * from renamed
