-- Why: three marts tell an analyst what an enterprise traded - by month, by
-- counterparty, in total. A join that drops or repeats rows would let them tell
-- three different stories, each of which looks right alone.

with

known_invoices as (
    select * from {{ ref('int_known_invoices') }}
),

monthly_trade as (
    select * from {{ ref('enterprise_monthly_trade') }}
    where as_of_date = {{ as_of_date() }}
),

counterparty_relations as (
    select * from {{ ref('chain_counterparty_relations') }}
    where as_of_date = {{ as_of_date() }}
),

enterprise_profiles as (
    select * from {{ ref('enterprise_profiles') }}
    where as_of_date = {{ as_of_date() }}
),

stated_totals as (
    select
        'silver' as stated_in,
        enterprise_id,
        direction,
        count_if(is_valid) as invoice_count,
        count_if(not is_valid) as voided_count,
        coalesce(sum(total_cny) filter (where is_valid), 0) as total_cny
    from known_invoices
    group by enterprise_id, direction

    union all

    select
        'months' as stated_in,
        enterprise_id,
        direction,
        sum(valid_invoice_count) as invoice_count,
        sum(voided_invoice_count) as voided_count,
        sum(total_cny) as total_cny
    from monthly_trade
    group by enterprise_id, direction

    union all

    select
        'relations' as stated_in,
        enterprise_id,
        direction,
        sum(invoice_count) as invoice_count,
        null as voided_count,
        sum(total_cny) as total_cny
    from counterparty_relations
    group by enterprise_id, direction

    union all

    select
        'profile' as stated_in,
        enterprise_id,
        'purchase' as direction,
        purchase_invoice_count as invoice_count,
        null as voided_count,
        purchase_total_cny as total_cny
    from enterprise_profiles

    union all

    select
        'profile' as stated_in,
        enterprise_id,
        'sale' as direction,
        sale_invoice_count as invoice_count,
        null as voided_count,
        sale_total_cny as total_cny
    from enterprise_profiles
),

-- Without a valid invoice in a direction there is a profile but no relation,
-- and perhaps no month; with one, all four must speak.
disagreements as (
    select
        enterprise_id,
        direction,
        count(*) as statement_count,
        map_from_entries(
            array_sort(collect_list(struct(stated_in, total_cny)))
        ) as totals_cny
    from stated_totals
    group by enterprise_id, direction
    having
        count(distinct total_cny) > 1
        or count(distinct invoice_count) > 1
        or count(distinct voided_count) > 1
        or (count(*) < 4 and max(invoice_count) > 0)
)

select * from disagreements
