with

source_enterprise_links as (
    select * from {{ source('silver', 'enterprise_link') }}
),

renamed as (
    select
        code_system,
        owner_code,
        party_role,
        party_code,
        enterprise_id,
        party_name,
        link_method,
        link_probability,
        known_at,
        superseded_at
    from source_enterprise_links
)

select * from renamed
