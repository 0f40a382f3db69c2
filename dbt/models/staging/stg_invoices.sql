with

source_invoices as (
    select * from {{ source('silver', 'invoice') }}
),

renamed as (
    select
        enterprise_id,
        counterparty_id,
        direction,
        invoice_number,
        net_cny,
        tax_cny,
        total_cny,
        status = 'valid' as is_valid,
        is_red_letter,
        issue_date,
        known_at,
        superseded_at
    from source_invoices
)

select * from renamed
