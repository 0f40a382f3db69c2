-- Why: a share is what a concentration limit is checked against. Shares of too
-- large a whole would make every counterparty look smaller, and no limit would
-- ever be reached.

with

counterparty_relations as (
    select * from {{ ref('chain_counterparty_relations') }}
    where as_of_date = {{ as_of_date() }}
),

grade_distribution as (
    select * from {{ ref('portfolio_grade_distribution') }}
    where as_of_date = {{ as_of_date() }}
),

portfolio_concentration as (
    select * from {{ ref('portfolio_concentration') }}
    where as_of_date = {{ as_of_date() }}
),

share_sums as (
    select
        concat_ws(' ', enterprise_id, direction) as whole,
        count(*) as part_count,
        sum(share_ratio) as share_sum_ratio
    from counterparty_relations
    group by enterprise_id, direction
    having max(total_cny) > 0

    union all

    select
        'grades' as whole,
        count(*) as part_count,
        sum(enterprise_share_ratio) as share_sum_ratio
    from grade_distribution
    having sum(enterprise_count) > 0
),

broken_sums as (
    select
        whole,
        part_count,
        share_sum_ratio
    from share_sums
    where
        share_sum_ratio is null
        or abs(share_sum_ratio - 1) > 1e-9

    union all

    -- The largest 100 are a part of the whole, or all of it where fewer.
    select
        concat_ws(' ', 'portfolio', direction) as whole,
        count(*) as part_count,
        sum(share_ratio) as share_sum_ratio
    from portfolio_concentration
    group by direction
    having
        sum(share_ratio) > 1 + 1e-9
        or (
            count(*) < 100
            and max(total_cny) > 0
            and abs(sum(share_ratio) - 1) > 1e-9
        )
)

select * from broken_sums
