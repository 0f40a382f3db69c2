with

enterprise_links as (
    select * from {{ ref('stg_enterprise_links') }}
),

known_links as (
    select
        code_system,
        owner_code,
        party_role,
        party_code,
        enterprise_id,
        party_name,
        link_method,
        link_probability
    from enterprise_links
    where {{ stood_by_then() }}
)

select * from known_links
