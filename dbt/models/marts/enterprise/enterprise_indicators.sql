with

indicator_states as (
    select * from {{ ref('stg_indicator_states') }}
    where as_of_date = {{ as_of_date() }}
),

indicators as (
    select * from {{ ref('stg_indicators') }}
),

enterprise_indicators as (
    select
        indicator_states.as_of_date,
        indicator_states.enterprise_id,
        indicator_states.indicator,
        indicators.domain,
        indicators.owner,
        indicator_states.level,
        indicators.says_en,
        indicators.says_zh,
        indicators.action_en,
        indicators.action_zh,
        indicators.escalation_en,
        indicators.escalation_zh,
        indicators.due_days,
        indicator_states.lasted_days,
        indicator_states.watched_value,
        indicator_states.weight_points,
        indicator_states.is_counted,
        indicator_states.since_date,
        indicator_states.cleared_date
    from indicator_states
    -- A left join: a state without a name must show, for a test to find it.
    left join indicators
        on
            indicator_states.indicators_version = indicators.indicators_version
            and indicator_states.indicator = indicators.indicator
    where
        indicator_states.since_date is not null
        or indicator_states.weight_points >= 0.1
)

select * from enterprise_indicators
