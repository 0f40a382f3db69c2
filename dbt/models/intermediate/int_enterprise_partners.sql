with

counterparty_relations as (
    select * from {{ ref('chain_counterparty_relations') }}
    where as_of_date = {{ as_of_date() }}
),

known_enterprises as (
    select * from {{ ref('int_known_enterprises') }}
),

enterprise_codes as (
    select * from {{ ref('int_enterprise_codes') }}
),

counterparty_codes as (
    select
        enterprise_id as counterparty_id,
        enterprise_id as partner_enterprise_id
    from known_enterprises
    union
    -- Invoices name the other side by its unified social credit code, which has
    -- 18 characters; no other system's codes have as many.
    select
        party_code as counterparty_id,
        enterprise_id as partner_enterprise_id
    from enterprise_codes
    where
        owner_code = '*'
        and party_role = 'enterprise'
        and length(party_code) = 18
),

enterprise_partners as (
    select
        counterparty_relations.enterprise_id,
        counterparty_codes.partner_enterprise_id,
        counterparty_relations.direction,
        sum(counterparty_relations.invoice_count) as invoice_count,
        sum(counterparty_relations.total_cny) as total_cny
    from counterparty_relations
    inner join counterparty_codes
        on
            counterparty_relations.counterparty_id
            = counterparty_codes.counterparty_id
    where
        counterparty_relations.enterprise_id
        != counterparty_codes.partner_enterprise_id
    group by
        counterparty_relations.enterprise_id,
        counterparty_codes.partner_enterprise_id,
        counterparty_relations.direction
)

select * from enterprise_partners
