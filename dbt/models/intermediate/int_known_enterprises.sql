with

enterprises as (
    select * from {{ ref('stg_enterprises') }}
),

known_enterprises as (
    select
        enterprise_id,
        case when name_known_at <= {{ as_of_end() }} then enterprise_name end
            as enterprise_name
    from enterprises
    where known_at <= {{ as_of_end() }}
)

select * from known_enterprises
