with

known_enterprises as (
    select * from {{ ref('int_known_enterprises') }}
),

monthly_trade as (
    select * from {{ ref('int_monthly_trade') }}
),

counterparty_concentration as (
    select * from {{ ref('chain_counterparty_concentration') }}
    where as_of_date = {{ as_of_date() }}
),

credit_scores as (
    select * from {{ ref('stg_credit_scores') }}
    where as_of_date = {{ as_of_date() }}
),

enterprise_trade as (
    select
        enterprise_id,
        sum(valid_invoice_count) filter (where direction = 'purchase')
            as purchase_invoice_count,
        sum(valid_invoice_count) filter (where direction = 'sale')
            as sale_invoice_count,
        sum(voided_invoice_count) as voided_invoice_count,
        sum(red_letter_invoice_count) as red_letter_invoice_count,
        sum(total_cny) filter (where direction = 'purchase')
            as purchase_total_cny,
        sum(total_cny) filter (where direction = 'sale') as sale_total_cny,
        sum(last_12_months_total_cny) filter (where direction = 'purchase')
            as last_12_months_purchase_total_cny,
        sum(last_12_months_total_cny) filter (where direction = 'sale')
            as last_12_months_sale_total_cny,
        min(first_invoice_date) as first_invoice_date,
        max(last_invoice_date) as last_invoice_date
    from monthly_trade
    group by enterprise_id
),

enterprise_concentration as (
    select
        enterprise_id,
        max(counterparty_count) filter (where direction = 'purchase')
            as supplier_count,
        max(counterparty_count) filter (where direction = 'sale')
            as customer_count,
        max(top_1_share_ratio) filter (where direction = 'purchase')
            as top_supplier_share_ratio,
        max(top_1_share_ratio) filter (where direction = 'sale')
            as top_customer_share_ratio
    from counterparty_concentration
    group by enterprise_id
),

enterprise_profiles as (
    select
        {{ as_of_date() }} as as_of_date,
        known_enterprises.enterprise_id,
        known_enterprises.enterprise_name,
        credit_scores.grade,
        coalesce(enterprise_trade.purchase_invoice_count, 0)
            as purchase_invoice_count,
        coalesce(enterprise_trade.sale_invoice_count, 0) as sale_invoice_count,
        coalesce(enterprise_trade.voided_invoice_count, 0)
            as voided_invoice_count,
        coalesce(enterprise_trade.red_letter_invoice_count, 0)
            as red_letter_invoice_count,
        coalesce(enterprise_concentration.supplier_count, 0) as supplier_count,
        coalesce(enterprise_concentration.customer_count, 0) as customer_count,
        cast(
            coalesce(enterprise_trade.purchase_total_cny, 0) as decimal(28, 2)
        ) as purchase_total_cny,
        cast(coalesce(enterprise_trade.sale_total_cny, 0) as decimal(28, 2))
            as sale_total_cny,
        cast(
            coalesce(enterprise_trade.last_12_months_purchase_total_cny, 0)
            as decimal(28, 2)
        ) as last_12_months_purchase_total_cny,
        cast(
            coalesce(enterprise_trade.last_12_months_sale_total_cny, 0)
            as decimal(28, 2)
        ) as last_12_months_sale_total_cny,
        enterprise_concentration.top_supplier_share_ratio,
        enterprise_concentration.top_customer_share_ratio,
        credit_scores.pd_ratio,
        credit_scores.score,
        enterprise_trade.first_invoice_date,
        enterprise_trade.last_invoice_date
    from known_enterprises
    left join enterprise_trade
        on known_enterprises.enterprise_id = enterprise_trade.enterprise_id
    left join enterprise_concentration
        on
            known_enterprises.enterprise_id
            = enterprise_concentration.enterprise_id
    left join credit_scores
        on known_enterprises.enterprise_id = credit_scores.enterprise_id
)

select * from enterprise_profiles
