-- Why: a firm that is turned down is told the reasons. Points that do not add
-- up to its score would be reasons for another score.

with

portfolio_scores as (
    select * from {{ ref('portfolio_scores') }}
    where as_of_date = {{ as_of_date() }}
),

explained_scores as (
    select
        enterprise_id,
        score,
        base_points
        + aggregate(
            reasons,
            cast(0 as decimal(20, 2)),
            (points, reason) -> cast(points + reason.points as decimal(20, 2))
        ) as explained_score
    from portfolio_scores
)

select * from explained_scores
where score != explained_score
