with

watch_list as (
    select * from {{ ref('stg_watch_list') }}
    where as_of_date = {{ as_of_date() }}
),

indicators as (
    select * from {{ ref('stg_indicators') }}
),

enterprise_profiles as (
    select * from {{ ref('enterprise_profiles') }}
    where as_of_date = {{ as_of_date() }}
),

listed as (
    select * from watch_list
    where status != 'none' or coalesce(previous_status, 'none') != 'none'
),

reasons as (
    select
        enterprise_id,
        indicators_version,
        posexplode(reasons) as (reason_position, reason)
    from listed
),

named_reasons as (
    select
        reasons.enterprise_id,
        reasons.reason_position,
        struct(
            reasons.reason.indicator,
            reasons.reason.domain,
            reasons.reason.level,
            reasons.reason.since_date,
            reasons.reason.weight_points,
            indicators.says_en,
            indicators.says_zh,
            indicators.owner,
            indicators.due_days,
            indicators.action_en,
            indicators.action_zh
        ) as reason
    from reasons
    left join indicators
        on
            reasons.indicators_version = indicators.indicators_version
            and reasons.reason.indicator = indicators.indicator
),

reason_lists as (
    select
        enterprise_id,
        transform(
            array_sort(collect_list(struct(reason_position, reason))),
            one -> one.reason
        ) as reasons
    from named_reasons
    group by enterprise_id
),

portfolio_watch_list as (
    select
        listed.as_of_date,
        listed.enterprise_id,
        enterprise_profiles.enterprise_name,
        listed.trade,
        enterprise_profiles.grade,
        listed.status,
        listed.previous_status,
        listed.amber_count,
        listed.red_count,
        listed.said_count,
        reason_lists.reasons[0].indicator as first_indicator,
        reason_lists.reasons[0].says_en as first_says_en,
        reason_lists.reasons[0].says_zh as first_says_zh,
        reason_lists.reasons[0].action_en as first_action_en,
        reason_lists.reasons[0].action_zh as first_action_zh,
        reason_lists.reasons[0].due_days as first_due_days,
        listed.weight_points,
        listed.status_since_date,
        listed.previous_as_of_date,
        coalesce(reason_lists.reasons, array()) as reasons
    from listed
    left join reason_lists
        on listed.enterprise_id = reason_lists.enterprise_id
    left join enterprise_profiles
        on listed.enterprise_id = enterprise_profiles.enterprise_id
)

select * from portfolio_watch_list
