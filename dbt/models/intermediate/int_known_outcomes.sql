with

credit_records as (
    select * from {{ ref('stg_credit_records') }}
),

-- A default stays on record, whatever a later record says.
known_outcomes as (
    select
        enterprise_id,
        bool_or(is_default) as has_defaulted
    from credit_records
    where {{ stood_by_then() }}
    group by enterprise_id
)

select * from known_outcomes
