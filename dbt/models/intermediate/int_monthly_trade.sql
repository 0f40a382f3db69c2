{{ config(materialized='table') }}

with

known_invoices as (
    select * from {{ ref('int_known_invoices') }}
),

monthly_trade as (
    select
        enterprise_id,
        direction,
        count_if(is_valid) as valid_invoice_count,
        count_if(not is_valid) as voided_invoice_count,
        count_if(is_valid and is_red_letter) as red_letter_invoice_count,
        coalesce(sum(net_cny) filter (where is_valid), 0) as net_cny,
        coalesce(sum(tax_cny) filter (where is_valid), 0) as tax_cny,
        coalesce(sum(total_cny) filter (where is_valid), 0) as total_cny,
        coalesce(sum(total_cny) filter (where not is_valid), 0)
            as voided_total_cny,
        coalesce(
            sum(total_cny) filter (where is_valid and is_in_last_12_months), 0
        ) as last_12_months_total_cny,
        min(issue_date) filter (where is_valid) as first_invoice_date,
        max(issue_date) filter (where is_valid) as last_invoice_date,
        month_start_date
    from known_invoices
    group by enterprise_id, direction, month_start_date
)

select * from monthly_trade
