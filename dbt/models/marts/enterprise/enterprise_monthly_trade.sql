with

monthly_trade as (
    select * from {{ ref('int_monthly_trade') }}
),

dated_monthly_trade as (
    select
        {{ as_of_date() }} as as_of_date,
        enterprise_id,
        direction,
        valid_invoice_count,
        voided_invoice_count,
        red_letter_invoice_count,
        cast(net_cny as decimal(28, 2)) as net_cny,
        cast(tax_cny as decimal(28, 2)) as tax_cny,
        cast(total_cny as decimal(28, 2)) as total_cny,
        cast(voided_total_cny as decimal(28, 2)) as voided_total_cny,
        month_start_date
    from monthly_trade
)

select * from dated_monthly_trade
