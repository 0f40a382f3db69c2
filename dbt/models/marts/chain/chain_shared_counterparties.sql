with

counterparty_relations as (
    select * from {{ ref('chain_counterparty_relations') }}
    where as_of_date = {{ as_of_date() }}
),

linked_relations as (
    select
        counterparty_relations.as_of_date,
        counterparty_relations.enterprise_id,
        linked_relations.enterprise_id as linked_enterprise_id,
        counterparty_relations.direction,
        least(counterparty_relations.total_cny, linked_relations.total_cny)
            as shared_cny
    from counterparty_relations
    inner join counterparty_relations as linked_relations
        on
            counterparty_relations.counterparty_id
            = linked_relations.counterparty_id
            and counterparty_relations.direction = linked_relations.direction
            and counterparty_relations.enterprise_id
            < linked_relations.enterprise_id
),

shared_counterparties as (
    select
        as_of_date,
        enterprise_id,
        linked_enterprise_id,
        direction,
        count(*) as shared_counterparty_count,
        cast(sum(shared_cny) as decimal(28, 2)) as shared_total_cny
    from linked_relations
    group by as_of_date, enterprise_id, linked_enterprise_id, direction
)

select * from shared_counterparties
