with

known_invoices as (
    select * from {{ ref('int_known_invoices') }}
),

relation_totals as (
    select
        enterprise_id,
        counterparty_id,
        direction,
        count(*) as invoice_count,
        cast(sum(total_cny) as decimal(28, 2)) as total_cny,
        min(issue_date) as first_invoice_date,
        max(issue_date) as last_invoice_date
    from known_invoices
    where is_valid
    group by enterprise_id, counterparty_id, direction
),

ranked_relations as (
    select
        enterprise_id,
        counterparty_id,
        direction,
        invoice_count,
        row_number() over (
            partition by enterprise_id, direction
            order by total_cny desc, counterparty_id asc
        ) as relation_rank,
        total_cny,
        -- A negative total has no share and does not raise the other shares.
        sum(greatest(total_cny, 0)) over (
            partition by enterprise_id, direction
        ) as positive_total_cny,
        first_invoice_date,
        last_invoice_date
    from relation_totals
),

counterparty_relations as (
    select
        {{ as_of_date() }} as as_of_date,
        enterprise_id,
        counterparty_id,
        direction,
        invoice_count,
        relation_rank,
        total_cny,
        cast(greatest(total_cny, 0) as double)
        / cast(nullif(positive_total_cny, 0) as double) as share_ratio,
        first_invoice_date,
        last_invoice_date
    from ranked_relations
)

select * from counterparty_relations
