-- Why: a score that falls out of a join is a firm that nobody looks at. Every
-- score of the date must be in the portfolio, in exactly one grade, and in its
-- enterprise's profile.

with

credit_scores as (
    select * from {{ ref('stg_credit_scores') }}
    where as_of_date = {{ as_of_date() }}
),

portfolio_scores as (
    select * from {{ ref('portfolio_scores') }}
    where as_of_date = {{ as_of_date() }}
),

grade_distribution as (
    select * from {{ ref('portfolio_grade_distribution') }}
    where as_of_date = {{ as_of_date() }}
),

enterprise_profiles as (
    select * from {{ ref('enterprise_profiles') }}
    where as_of_date = {{ as_of_date() }}
),

score_counts as (
    select
        (select count(*) from credit_scores) as credit_score_count,
        (select count(*) from portfolio_scores) as portfolio_score_count,
        (select count(score) from enterprise_profiles) as profile_score_count,
        (select coalesce(sum(enterprise_count), 0) from grade_distribution)
            as grade_distribution_count
)

select * from score_counts
where
    portfolio_score_count != credit_score_count
    or profile_score_count != credit_score_count
    or grade_distribution_count != credit_score_count
