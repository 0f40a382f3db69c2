with

counterparty_relations as (
    select * from {{ ref('chain_counterparty_relations') }}
    where as_of_date = {{ as_of_date() }}
),

counterparty_totals as (
    select
        direction,
        counterparty_id,
        count(*) as enterprise_count,
        cast(sum(total_cny) as decimal(28, 2)) as total_cny
    from counterparty_relations
    group by direction, counterparty_id
),

portfolio_totals as (
    select
        direction,
        nullif(sum(greatest(total_cny, 0)), 0) as positive_total_cny
    from counterparty_totals
    group by direction
),

ranked_counterparties as (
    select
        {{ as_of_date() }} as as_of_date,
        counterparty_totals.direction,
        counterparty_totals.counterparty_id,
        counterparty_totals.enterprise_count,
        row_number() over (
            partition by counterparty_totals.direction
            order by
                counterparty_totals.total_cny desc,
                counterparty_totals.counterparty_id asc
        ) as concentration_rank,
        counterparty_totals.total_cny,
        cast(greatest(counterparty_totals.total_cny, 0) as double)
        / cast(portfolio_totals.positive_total_cny as double) as share_ratio
    from counterparty_totals
    inner join portfolio_totals
        on counterparty_totals.direction = portfolio_totals.direction
)

select * from ranked_counterparties
where concentration_rank <= 100
