with

source_master_scale as (
    select * from {{ source('scores', 'master_scale') }}
),

renamed as (
    select
        grade,
        position as grade_position,
        pd_above_ratio,
        pd_up_to_ratio
    from source_master_scale
)

select * from renamed
