-- Why: the profile is where an analyst starts. An enterprise that the bank knew
-- of by the date and that has no profile would be missing from every list,
-- without anyone noticing.

with

enterprises as (
    select * from {{ ref('stg_enterprises') }}
    where known_at <= {{ as_of_end() }}
),

enterprise_profiles as (
    select * from {{ ref('enterprise_profiles') }}
    where as_of_date = {{ as_of_date() }}
),

unmatched as (
    select
        coalesce(enterprises.enterprise_id, enterprise_profiles.enterprise_id)
            as enterprise_id,
        enterprise_profiles.enterprise_id is null as is_without_profile
    from enterprises
    full outer join enterprise_profiles
        on enterprises.enterprise_id = enterprise_profiles.enterprise_id
    where
        enterprises.enterprise_id is null
        or enterprise_profiles.enterprise_id is null
)

select * from unmatched
