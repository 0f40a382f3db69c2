with

source_indicators as (
    select * from {{ source('scores', 'indicator') }}
),

renamed as (
    select
        indicators_version,
        indicator,
        domain,
        owner,
        says_en,
        says_zh,
        due_days,
        action_en,
        action_zh,
        escalation_en,
        escalation_zh
    from source_indicators
)

select * from renamed
