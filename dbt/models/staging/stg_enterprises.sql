with

source_enterprises as (
    select * from {{ source('silver', 'enterprise') }}
),

renamed as (
    select
        enterprise_id,
        enterprise_name,
        name_known_at,
        known_at
    from source_enterprises
)

select * from renamed
