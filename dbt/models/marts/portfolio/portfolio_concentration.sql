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

ranked_counterparties as (
    select
        direction,
        counterparty_id,
        enterprise_count,
        row_number() over (
            partition by direction
            order by total_cny desc, counterparty_id asc
        ) as concentration_rank,
        total_cny,
        sum(greatest(total_cny, 0)) over (partition by direction)
            as positive_total_cny
    from counterparty_totals
),

largest_counterparties as (
    select
        {{ as_of_date() }} as as_of_date,
        direction,
        counterparty_id,
        enterprise_count,
        concentration_rank,
        total_cny,
        cast(greatest(total_cny, 0) as double)
        / cast(nullif(positive_total_cny, 0) as double) as share_ratio
    from ranked_counterparties
    where concentration_rank <= 100
)

select * from largest_counterparties
