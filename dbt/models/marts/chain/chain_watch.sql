with

enterprise_partners as (
    select * from {{ ref('int_enterprise_partners') }}
),

watch_list as (
    select * from {{ ref('stg_watch_list') }}
    where as_of_date = {{ as_of_date() }}
),

suppliers_of as (
    -- Both sides of a trade may show it, and each once.
    select
        enterprise_id as core_enterprise_id,
        partner_enterprise_id as supplier_enterprise_id,
        total_cny
    from enterprise_partners
    where direction = 'purchase'
    union all
    select
        partner_enterprise_id as core_enterprise_id,
        enterprise_id as supplier_enterprise_id,
        total_cny
    from enterprise_partners
    where direction = 'sale'
),

supplies as (
    select
        core_enterprise_id,
        supplier_enterprise_id,
        cast(max(total_cny) as decimal(28, 2)) as total_cny
    from suppliers_of
    group by core_enterprise_id, supplier_enterprise_id
),

stated_supplies as (
    select
        supplies.core_enterprise_id,
        supplies.total_cny,
        coalesce(watch_list.status, 'none') as status,
        watch_list.previous_status,
        watch_list.weight_points
    from supplies
    left join watch_list
        on supplies.supplier_enterprise_id = watch_list.enterprise_id
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
    from stated_supplies
    group by core_enterprise_id
    -- A core enterprise is one that at least five firms of the lake supply.
    having count(*) >= 5
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
