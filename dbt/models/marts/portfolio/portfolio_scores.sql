with

credit_scores as (
    select * from {{ ref('stg_credit_scores') }}
    where as_of_date = {{ as_of_date() }}
),

enterprise_profiles as (
    select * from {{ ref('enterprise_profiles') }}
    where as_of_date = {{ as_of_date() }}
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
        credit_scores.pd_ratio,
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
)

select * from ranked_scores
