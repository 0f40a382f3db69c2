with

source_early_warnings as (
    select * from {{ source('scores', 'early_warning') }}
),

renamed as (
    select
        enterprise_id,
        pd_30_ratio,
        pd_60_ratio,
        pd_90_ratio,
        is_alarm,
        as_of_date
    from source_early_warnings
)

select * from renamed
