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

-- A negative total has no share and does not raise the shares of the others.
positive_totals as (
    select
        enterprise_id,
        direction,
        nullif(sum(greatest(total_cny, 0)), 0) as positive_total_cny
    from relation_totals
    group by enterprise_id, direction
),

ranked_relations as (
    select
        {{ as_of_date() }} as as_of_date,
        relation_totals.enterprise_id,
        relation_totals.counterparty_id,
        relation_totals.direction,
        relation_totals.invoice_count,
        row_number() over (
            partition by
                relation_totals.enterprise_id, relation_totals.direction
            order by
                relation_totals.total_cny desc,
                relation_totals.counterparty_id asc
        ) as relation_rank,
        relation_totals.total_cny,
        cast(greatest(relation_totals.total_cny, 0) as double)
        / cast(positive_totals.positive_total_cny as double) as share_ratio,
        relation_totals.first_invoice_date,
        relation_totals.last_invoice_date
    from relation_totals
    inner join positive_totals
        on
            relation_totals.enterprise_id = positive_totals.enterprise_id
            and relation_totals.direction = positive_totals.direction
)

select * from ranked_relations
