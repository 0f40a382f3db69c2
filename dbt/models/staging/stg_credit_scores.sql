with

source_credit_scores as (
    select * from {{ source('scores', 'credit_score') }}
),

renamed as (
    select
        enterprise_id,
        grade,
        model_name,
        model_version,
        feature_version,
        horizon_months,
        pd_ratio,
        confidence_ratio,
        score,
        base_points,
        is_approved,
        reasons,
        as_of_date
    from source_credit_scores
)

select * from renamed
