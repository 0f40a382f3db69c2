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

counted_supplies as (
    select
        *,
        count(*) over (partition by core_enterprise_id) as supplier_count
    from supplies
),

chain_suppliers as (
    select
        {{ as_of_date() }} as as_of_date,
        counted_supplies.core_enterprise_id,
        counted_supplies.supplier_enterprise_id,
        counted_supplies.total_cny,
        watch_list.previous_status,
        watch_list.weight_points,
        coalesce(watch_list.status, 'none') as status
    from counted_supplies
    left join watch_list
        on counted_supplies.supplier_enterprise_id = watch_list.enterprise_id
    -- A core enterprise is one that at least five firms of the lake supply.
    where counted_supplies.supplier_count >= 5
)

select * from chain_suppliers
