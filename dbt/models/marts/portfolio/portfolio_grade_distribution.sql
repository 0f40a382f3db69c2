with

grades as (
    select * from {{ ref('stg_grades') }}
),

portfolio_scores as (
    select * from {{ ref('portfolio_scores') }}
    where as_of_date = {{ as_of_date() }}
),

known_outcomes as (
    select * from {{ ref('int_known_outcomes') }}
),

grade_totals as (
    select
        portfolio_scores.grade,
        count(*) as enterprise_count,
        -- Rounded, because a mean of doubles depends on the order of its parts.
        round(avg(portfolio_scores.pd_ratio), 12) as mean_pd_ratio,
        sum(portfolio_scores.last_12_months_sale_total_cny)
            as last_12_months_sale_total_cny,
        count(known_outcomes.enterprise_id) as outcome_known_count,
        count_if(known_outcomes.has_defaulted) as default_count
    from portfolio_scores
    left join known_outcomes
        on portfolio_scores.enterprise_id = known_outcomes.enterprise_id
    group by portfolio_scores.grade
),

grade_distribution as (
    select
        {{ as_of_date() }} as as_of_date,
        grades.grade,
        grades.grade_position,
        coalesce(grade_totals.enterprise_count, 0) as enterprise_count,
        cast(coalesce(grade_totals.enterprise_count, 0) as double)
        / nullif(sum(grade_totals.enterprise_count) over (), 0)
            as enterprise_share_ratio,
        grade_totals.mean_pd_ratio,
        cast(
            coalesce(grade_totals.last_12_months_sale_total_cny, 0)
            as decimal(28, 2)
        ) as last_12_months_sale_total_cny,
        coalesce(grade_totals.outcome_known_count, 0) as outcome_known_count,
        coalesce(grade_totals.default_count, 0) as default_count
    from grades
    left join grade_totals
        on grades.grade = grade_totals.grade
)

select * from grade_distribution
