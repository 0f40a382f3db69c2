with

source_sites as (
    select * from {{ source('silver', 'site') }}
),

renamed as (
    select
        code_system,
        site_code,
        enterprise_code,
        enterprise_name,
        known_at,
        superseded_at
    from source_sites
)

select * from renamed
