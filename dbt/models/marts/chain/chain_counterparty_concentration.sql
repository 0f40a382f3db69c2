with

counterparty_relations as (
    select * from {{ ref('chain_counterparty_relations') }}
    where as_of_date = {{ as_of_date() }}
),

concentration as (
    select
        as_of_date,
        enterprise_id,
        direction,
        count(*) as counterparty_count,
        max(share_ratio) as top_1_share_ratio,
        -- Rounded, because a sum of doubles depends on the order of its parts
        -- and can exceed the whole by a hair.
        round(sum(share_ratio) filter (where relation_rank <= 5), 12)
            as top_5_share_ratio,
        round(sum(share_ratio * share_ratio), 12) as herfindahl_index
    from counterparty_relations
    group by as_of_date, enterprise_id, direction
)

select * from concentration
