with

credit_scores as (
    select * from {{ ref('stg_credit_scores') }}
    where as_of_date = {{ as_of_date() }}
),

enterprise_profiles as (
    select * from {{ ref('enterprise_profiles') }}
    where as_of_date = {{ as_of_date() }}
),

early_warnings as (
    select * from {{ ref('stg_early_warnings') }}
    where as_of_date = {{ as_of_date() }}
),

watch_list as (
    select * from {{ ref('stg_watch_list') }}
    where as_of_date = {{ as_of_date() }}
),

-- The newest month of which any check could say something.
data_trust as (
    select
        enterprise_id,
        max_by(data_trust_points, month_start_date) as data_trust_points
    from {{ ref('stg_data_trust') }}
    where as_of_date = {{ as_of_date() }} and data_trust_points is not null
    group by enterprise_id
),

ranked_scores as (
    select
        credit_scores.as_of_date,
        credit_scores.enterprise_id,
        enterprise_profiles.enterprise_name,
        credit_scores.grade,
        credit_scores.model_name,
        credit_scores.model_version,
        credit_scores.feature_version,
        credit_scores.is_approved,
        credit_scores.horizon_months,
        credit_scores.pd_ratio,
        early_warnings.pd_30_ratio,
        early_warnings.pd_60_ratio,
        early_warnings.pd_90_ratio,
        early_warnings.is_alarm,
        watch_list.status as watch_status,
        credit_scores.confidence_ratio,
        data_trust.data_trust_points,
        credit_scores.score,
        credit_scores.base_points,
        row_number() over (
            order by
                credit_scores.pd_ratio desc,
                credit_scores.score asc,
                credit_scores.enterprise_id asc
        ) as score_rank,
        enterprise_profiles.last_12_months_sale_total_cny,
        credit_scores.reasons
    from credit_scores
    -- A left join: a score without a profile must show, for a test to find it.
    left join enterprise_profiles
        on credit_scores.enterprise_id = enterprise_profiles.enterprise_id
    left join early_warnings
        on credit_scores.enterprise_id = early_warnings.enterprise_id
    left join watch_list
        on credit_scores.enterprise_id = watch_list.enterprise_id
    left join data_trust
        on credit_scores.enterprise_id = data_trust.enterprise_id
)

select * from ranked_scores
