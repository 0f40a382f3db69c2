with

chain_suppliers as (
    select * from {{ ref('chain_suppliers') }}
    where as_of_date = {{ as_of_date() }}
),

watch_list as (
    select * from {{ ref('stg_watch_list') }}
    where as_of_date = {{ as_of_date() }}
),

chains as (
    select
        core_enterprise_id,
        count(*) as supplier_count,
        count_if(status = 'watch') as watched_supplier_count,
        count_if(status = 'escalated') as escalated_supplier_count,
        count_if(status != 'none' and previous_status = 'none')
            as came_supplier_count,
        count_if(status = 'none' and previous_status != 'none')
            as left_supplier_count,
        sum(total_cny) as supplied_total_cny,
        coalesce(sum(total_cny) filter (where status != 'none'), 0)
            as listed_total_cny,
        round(avg(weight_points), 9) as mean_supplier_weight_points
    from chain_suppliers
    group by core_enterprise_id
),

chain_watch as (
    select
        {{ as_of_date() }} as as_of_date,
        chains.core_enterprise_id,
        core.status as core_status,
        core.previous_status as core_previous_status,
        chains.supplier_count,
        chains.watched_supplier_count,
        chains.escalated_supplier_count,
        chains.came_supplier_count,
        chains.left_supplier_count,
        cast(chains.supplied_total_cny as decimal(28, 2)) as supplied_total_cny,
        cast(chains.listed_total_cny as decimal(28, 2)) as listed_total_cny,
        cast(greatest(chains.listed_total_cny, 0) as double)
        / cast(
            nullif(
                greatest(chains.supplied_total_cny, chains.listed_total_cny, 0),
                0
            ) as double
        ) as listed_share_ratio,
        chains.mean_supplier_weight_points
    from chains
    left join watch_list as core
        on chains.core_enterprise_id = core.enterprise_id
)

select * from chain_watch
