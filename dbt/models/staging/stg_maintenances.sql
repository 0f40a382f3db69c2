with

source_maintenances as (
    select * from {{ source('silver', 'maintenance') }}
),

renamed as (
    select
        code_system,
        coalesce(enterprise_code, '*') as enterprise_code,
        machine_code,
        maintenance_type,
        started_at,
        known_at,
        superseded_at
    from source_maintenances
)

select * from renamed
