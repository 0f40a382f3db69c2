"""Reads what the expert model looks at, as known by the end of the as-of date.

Every question to the engine takes a third of a second, so there is one a kind of fact. Amounts come
as doubles, in CNY.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from loomline.contracts.catalogue import PROVENANCE_COLUMNS
from loomline.identity import OWN_CODE
from loomline.lake import known_condition, sql_literal

FACILITY, DRAWDOWN, REPAYMENT = "silver.facility", "silver.drawdown", "silver.repayment"
RECEIPT, READING = "silver.warehouse_receipt", "silver.collateral_reading"
OUTCOME, BUREAU, LINK = "silver.credit_outcome", "silver.bureau_record", "silver.enterprise_link"
MACHINE = "silver.machine"
# What the questions about loans read.
LENDING = (FACILITY, DRAWDOWN, REPAYMENT, RECEIPT, READING, OUTCOME, BUREAU, LINK)

LINKS = f"""
links as (
    select code_system, party_code, enterprise_id
    from {LINK}
    where {{known}} and {OWN_CODE}
)
"""

# The bank reports an overdue balance for every day on which something is overdue. So its last word
# on arrears, on `settled_date`, is such a balance, or a repayment without one, which settled all.
# What fell due since is owed too.
LOANS = f"""
with {LINKS},

events as (
    select
        *,
        max(repayment_date) over (partition by code_system, loan_number) as last_date,
        max(case when repayment_type in ('repaid', 'overdue_balance') then repayment_date end)
            over (partition by code_system, loan_number) as settled_date
    from {REPAYMENT}
    where {{known}} and repayment_type <> 'pledge_ended'
),

balances as (
    select
        code_system,
        loan_number,
        max(last_date) as balance_date,
        min(balance_cny) filter (where repayment_date = last_date) as balance_cny,
        sum(amount_cny) filter (
            where (repayment_type = 'overdue_balance' and repayment_date = settled_date)
            or (repayment_type = 'due' and repayment_date > settled_date)
            or (repayment_type = 'due' and settled_date is null)
        ) as overdue_cny
    from events
    group by code_system, loan_number
)

select
    loan.code_system,
    loan.loan_number,
    loan.enterprise_code,
    links.enterprise_id,
    cast(loan.principal_cny as double) as principal_cny,
    cast(loan.limit_cny as double) as limit_cny,
    balances.balance_date,
    cast(balances.balance_cny as double) as balance_cny,
    cast(coalesce(balances.overdue_cny, 0) as double) as overdue_cny,
    {", ".join(f"loan.{name}" for name in PROVENANCE_COLUMNS)}
from (select * from {FACILITY} where {{known}}) as loan
left join links
    on links.code_system = loan.code_system and links.party_code = loan.enterprise_code
left join balances
    on balances.code_system = loan.code_system and balances.loan_number = loan.loan_number
order by loan.code_system, loan.loan_number
"""

BUREAU_RECORDS = f"""
with {LINKS},

records as (
    select *, max(report_date) over (partition by code_system, record_code) as last_date
    from {BUREAU}
    where {{known}}
)

select
    links.enterprise_id,
    records.report_date,
    cast(records.balance_cny as double) as report_balance_cny,
    cast(records.facility_used_cny as double) as drawn_cny
from records
inner join links
    on links.code_system = records.code_system and links.party_code = records.enterprise_code
where records.report_date = records.last_date
"""

PLEDGES = f"""
with {LINKS},

ended as (
    select code_system, loan_number, repayment_date
    from {REPAYMENT}
    where {{known}} and repayment_type = 'pledge_ended'
),

standing as (
    select *
    from {DRAWDOWN} as paid
    where {{known}} and drawdown_type = 'pledge' and not exists (
        select 1
        from ended
        where ended.code_system = paid.code_system
        and ended.loan_number = paid.loan_number
        and ended.repayment_date >= paid.drawdown_date
    )
),

pledges as (
    select
        code_system,
        loan_number,
        max_by(enterprise_code, drawdown_date) as enterprise_code,
        sum(amount_cny) as amount_cny,
        {", ".join(f"max_by({name}, drawdown_date) as {name}" for name in PROVENANCE_COLUMNS)}
    from standing
    group by code_system, loan_number
)

select
    pledges.code_system,
    pledges.loan_number,
    pledges.enterprise_code,
    links.enterprise_id,
    cast(pledges.amount_cny as double) as amount_cny,
    {", ".join(f"pledges.{name}" for name in PROVENANCE_COLUMNS)}
from pledges
left join links
    on links.code_system = pledges.code_system and links.party_code = pledges.enterprise_code
order by pledges.code_system, pledges.loan_number
"""

RECEIPTS = f"""
with {LINKS},

counts as (
    select code_system, subject_code, max_by(value, read_at) as counted_quantity
    from {READING}
    where {{known}} and subject_type = 'receipt' and measure = 'counted_quantity'
    and read_at > {{count_after}} and read_at <= {{end}}
    group by code_system, subject_code
)

select
    receipt.code_system,
    receipt.receipt_number,
    receipt.lot_code,
    links.enterprise_id,
    cast(receipt.quantity as double) as quantity,
    cast(receipt.pledge_amount_cny as double) as lent_cny,
    counts.counted_quantity
from (select * from {RECEIPT} where {{known}} and status = 'pledged') as receipt
left join links
    on links.code_system = receipt.code_system and links.party_code = receipt.enterprise_code
left join counts
    on counts.code_system = receipt.code_system and counts.subject_code = receipt.receipt_number
order by receipt.code_system, receipt.receipt_number
"""

DEFAULTS = f"""
with {LINKS}

select
    borrower.code_system,
    borrower.enterprise_code,
    borrower.loan_number,
    max(links.enterprise_id) as enterprise_id,
    max(borrower.default_date) as default_date,
    cast(max(event.balance_cny + event.amount_cny) filter (
        where event.repayment_type = 'overdue_balance'
        and event.repayment_date = borrower.default_date
    ) as double) as owed_cny,
    cast(coalesce(sum(event.amount_cny) filter (
        where event.repayment_type = 'repaid' and event.repayment_date > borrower.default_date
    ), 0) as double) as repaid_cny
from (select * from {OUTCOME} where {{known}} and is_default) as borrower
left join links
    on links.code_system = borrower.code_system and links.party_code = borrower.enterprise_code
left join (select * from {REPAYMENT} where {{known}}) as event
    on event.code_system = borrower.code_system and event.loan_number = borrower.loan_number
group by borrower.code_system, borrower.enterprise_code, borrower.loan_number
order by borrower.code_system, borrower.enterprise_code
"""

MACHINES = f"""
select
    code_system, machine_code, machine_type, age_years, event_at, {", ".join(PROVENANCE_COLUMNS)}
from {MACHINE}
where {{known}} and age_years >= 0
order by code_system, machine_code
"""

LENDING_QUERIES = {
    "loans": LOANS,
    "bureau": BUREAU_RECORDS,
    "pledges": PLEDGES,
    "receipts": RECEIPTS,
    "defaults": DEFAULTS,
}


def queries(
    templates: Mapping[str, str], as_of_end: datetime, count_valid_days: int
) -> dict[str, str]:
    """The SQL of some questions as of an instant, by their names."""
    return {
        name: template.format(
            known=known_condition(as_of_end),
            end=sql_literal(as_of_end),
            count_after=sql_literal(as_of_end - timedelta(days=count_valid_days)),
        )
        for name, template in templates.items()
    }
