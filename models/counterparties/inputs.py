"""Reads items, invoices and order lines as known by the end of the as-of date.

Every question to the engine takes a third of a second, so there is one a kind of fact. Amounts and
quantities come as doubles.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from loomline.contracts.catalogue import PROVENANCE_COLUMNS
from loomline.identity import OWN_CODE
from loomline.lake import known_condition

RECEIVABLE, INVOICE = "silver.receivable", "silver.invoice"
ORDER, ORDER_LINE = "silver.purchase_order", "silver.purchase_order_line"
RECEIPT = "silver.receipt"
MOVEMENT, MOVEMENT_DOCUMENT = "silver.stock_movement", "silver.stock_movement_document"
PARTY, LINK = "silver.party", "silver.enterprise_link"
# What the questions about debtors read, and those about suppliers.
OWED = (RECEIVABLE, INVOICE, PARTY, LINK)
ORDERED = (ORDER_LINE, ORDER, RECEIPT, MOVEMENT, MOVEMENT_DOCUMENT, PARTY, LINK)

# A counterparty is one firm in all lists by its credit code: its own in the list, or that of the
# enterprise that it is linked to.
FIRMS = f"""
links as (
    select code_system, owner_code, party_role, party_code, enterprise_id
    from {LINK}
    where {{known}}
),

own_codes as (
    select code_system, party_code, enterprise_id
    from links
    where {OWN_CODE}
),

parties as (
    select code_system, owner_code, party_role, party_code, max(credit_code) as credit_code
    from {PARTY}
    where {{known}}
    group by code_system, owner_code, party_role, party_code
),

registered as (
    select own_codes.enterprise_id, max(parties.credit_code) as credit_code
    from parties
    inner join own_codes
        on own_codes.code_system = parties.code_system
        and own_codes.party_code = parties.party_code
    where parties.party_role = 'enterprise'
    group by own_codes.enterprise_id
)
"""


def _counterparty_joins(of: str, counterparty: str, role: str) -> str:
    """The joins that say who the owner and the counterparty of the rows of a table are."""
    return f"""
left join own_codes
    on own_codes.code_system = {of}.code_system and own_codes.party_code = {of}.enterprise_code
left join parties
    on parties.code_system = {of}.code_system and parties.owner_code = {of}.enterprise_code
    and parties.party_code = {of}.{counterparty} and parties.party_role = '{role}'
left join links
    on links.code_system = {of}.code_system and links.owner_code = {of}.enterprise_code
    and links.party_code = {of}.{counterparty} and links.party_role = '{role}'
left join registered
    on registered.enterprise_id = links.enterprise_id
"""


FIRM = "coalesce(parties.credit_code, registered.credit_code, links.enterprise_id) as firm_code"

# An item is gone with the next list of its system that does not have it.
ITEMS = f"""
with {FIRMS},

owed as (
    select *
    from {RECEIVABLE}
    where {{known}} and direction = 'receivable' and due_date is not null
),

days_of_lists as (
    select distinct code_system, list_date
    from owed
    where settled_date is null
),

lists as (
    select
        code_system,
        list_date,
        lead(list_date) over (partition by code_system order by list_date) as next_list_date
    from days_of_lists
),

items as (
    select
        code_system,
        enterprise_code,
        counterparty_code,
        document_number,
        min(list_date) filter (where settled_date is null) as first_list_date,
        max(list_date) filter (where settled_date is null) as last_list_date,
        max(settled_date) as settled_date,
        max_by(issue_date, list_date) as issue_date,
        max_by(due_date, list_date) as due_date,
        cast(max_by(amount, list_date) as double) as amount,
        cast(max_by(open_amount, list_date) as double) as open_amount,
        max_by(currency, list_date) as currency,
        {", ".join(f"max_by({name}, list_date) as {name}" for name in PROVENANCE_COLUMNS)}
    from owed
    where amount > 0
    group by code_system, enterprise_code, counterparty_code, document_number
)

select items.*, lists.next_list_date, own_codes.enterprise_id, {FIRM}
from items
left join lists
    on lists.code_system = items.code_system and lists.list_date = items.last_list_date
{_counterparty_joins("items", "counterparty_code", "customer")}
order by
    items.code_system, items.enterprise_code, items.counterparty_code, items.document_number
"""

INVOICED = f"""
with creditors as (
    select distinct links.enterprise_id
    from {LINK} as links
    inner join {RECEIVABLE} as owed
        on owed.code_system = links.code_system and owed.enterprise_code = links.party_code
    where {{known_link}} and {OWN_CODE} and {{known_owed}} and owed.direction = 'receivable'
)

select
    invoice.enterprise_id,
    invoice.counterparty_id,
    year(invoice.issue_date) * 12 + month(invoice.issue_date) as month_number,
    cast(sum(greatest(invoice.total_cny, 0)) as double) as invoiced_cny,
    cast(sum(greatest(-invoice.total_cny, 0)) as double) as taken_back_cny
from {INVOICE} as invoice
inner join creditors on creditors.enterprise_id = invoice.enterprise_id
where {{known_invoice}} and invoice.direction = 'sale' and invoice.status = 'valid'
group by
    invoice.enterprise_id,
    invoice.counterparty_id,
    year(invoice.issue_date) * 12 + month(invoice.issue_date)
order by invoice.enterprise_id, invoice.counterparty_id, month_number
"""

LINES = f"""
with {FIRMS},

heads as (
    select
        code_system,
        order_number,
        max(enterprise_code) as enterprise_code,
        max(supplier_code) as supplier_code,
        max(order_date) as order_date
    from {ORDER}
    where {{known}}
    group by code_system, order_number
),

lines as (
    select
        line.code_system,
        line.order_number,
        line.line_code,
        line.material_code,
        line.quantity,
        line.wanted_date,
        coalesce(line.order_date, heads.order_date) as order_date,
        coalesce(line.enterprise_code, heads.enterprise_code) as enterprise_code,
        coalesce(line.supplier_code, heads.supplier_code, line.supplier_name) as supplier_code
    from (
        select * from {ORDER_LINE} where {{known}} and quantity > 0 and wanted_date is not null
    ) as line
    left join heads
        on heads.code_system = line.code_system and heads.order_number = line.order_number
),

arrived as (
    select
        code_system,
        order_number,
        line_code,
        material_code,
        quantity - coalesce(rejected_quantity, 0) as quantity,
        received_date
    from {RECEIPT}
    where {{known}} and order_number is not null
    union all
    select
        moved.code_system,
        document.reference_number as order_number,
        cast(null as string) as line_code,
        moved.material_code,
        moved.quantity,
        document.posting_date as received_date
    from (select * from {MOVEMENT} where {{known}} and movement_type = 'receipt') as moved
    inner join (select * from {MOVEMENT_DOCUMENT} where {{known}}) as document
        on document.code_system = moved.code_system
        and document.document_number = moved.document_number
        and document.document_year = moved.document_year
    where document.reference_number is not null
),

delivered as (
    select
        lines.code_system,
        lines.order_number,
        lines.line_code,
        cast(sum(arrived.quantity) as double) as delivered,
        cast(sum(arrived.quantity) filter (
            where arrived.received_date <= lines.wanted_date
        ) as double) as delivered_in_time,
        min(arrived.received_date) filter (where arrived.quantity > 0) as first_date,
        count(*) filter (where arrived.received_date is null) as undated_count
    from lines
    inner join arrived
        on arrived.code_system = lines.code_system and arrived.order_number = lines.order_number
        and (
            arrived.line_code = lines.line_code
            or (arrived.line_code is null and arrived.material_code = lines.material_code)
        )
    group by lines.code_system, lines.order_number, lines.line_code
)

select
    lines.code_system,
    lines.enterprise_code,
    lines.supplier_code,
    lines.order_date,
    lines.wanted_date,
    cast(lines.quantity as double) as ordered,
    coalesce(delivered.delivered, 0) as delivered,
    coalesce(delivered.delivered_in_time, 0) as delivered_in_time,
    delivered.first_date,
    coalesce(delivered.undated_count, 0) as undated_count,
    own_codes.enterprise_id,
    {FIRM}
from lines
left join delivered
    on delivered.code_system = lines.code_system
    and delivered.order_number = lines.order_number
    and delivered.line_code = lines.line_code
{_counterparty_joins("lines", "supplier_code", "vendor")}
where lines.enterprise_code is not null and lines.supplier_code is not null
order by lines.code_system, lines.order_number, lines.line_code
"""

OWED_QUERIES = {"items": ITEMS, "invoiced": INVOICED}
ORDERED_QUERIES = {"lines": LINES}


def queries(templates: Mapping[str, str], as_of_end: datetime) -> dict[str, str]:
    """The SQL of some questions as of an instant, by their names."""
    return {
        name: template.format(
            known=known_condition(as_of_end),
            known_link=known_condition(as_of_end, "links"),
            known_owed=known_condition(as_of_end, "owed"),
            known_invoice=known_condition(as_of_end, "invoice"),
        )
        for name, template in templates.items()
    }
