with

source_credit_records as (
    select * from {{ source('silver', 'credit_record') }}
),

renamed as (
    select
        enterprise_id,
        rating,
        is_default,
        event_at,
        known_at,
        superseded_at
    from source_credit_records
)

select * from renamed
