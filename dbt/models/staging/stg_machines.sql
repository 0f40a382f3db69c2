with

source_machines as (
    select * from {{ source('silver', 'machine') }}
),

renamed as (
    select
        code_system,
        machine_code,
        site_code,
        machine_type,
        enterprise_name,
        known_at,
        superseded_at
    from source_machines
)

select * from renamed
