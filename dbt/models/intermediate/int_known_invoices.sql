with

invoices as (
    select * from {{ ref('stg_invoices') }}
),

known_invoices as (
    select
        enterprise_id,
        counterparty_id,
        direction,
        net_cny,
        tax_cny,
        total_cny,
        is_valid,
        is_red_letter,
        issue_date <= {{ as_of_date() }}
        -- From the day after, so that a month's last day gives whole months.
        and issue_date >= add_months(date_add({{ as_of_date() }}, 1), -12)
            as is_in_last_12_months,
        issue_date,
        date(date_trunc('month', issue_date)) as month_start_date
    from invoices
    where {{ stood_by_then() }}
)

select * from known_invoices
