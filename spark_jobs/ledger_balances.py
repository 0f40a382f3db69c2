"""Job `ledger_balance`: monthly totals and balances of ledger accounts.

Reads `silver.ledger_entry` and `silver.ledger_document`; writes `silver.ledger_balance` and
`ops.derived_file`. A month is known when it has ended by the business zone. A posting that comes or
is corrected later makes a new version of its month and of every later month of the account. Only
the accounts that new files touch are computed anew, from the first month on that these touch and on
the balances of those before; what differs is written.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.contracts.catalogue import PROVENANCE_COLUMNS
from loomline.derived import find_news, take_in
from loomline.job import JobContext, JobResult
from loomline.lake import kept, put_differences, remove_rows, replace_rows, sql_literal, tables_of
from loomline.tables import table_declaration

LEDGER_BALANCE = "silver.ledger_balance"
INPUTS = ("silver.ledger_entry", "silver.ledger_document")

ACCOUNT = ("code_system", "enterprise_code", "account_code")
ACCOUNT_LIST = ", ".join(ACCOUNT)
REFERENCE = ", ".join(PROVENANCE_COLUMNS)

# A line counts in the month of its head, from when both are known until either is corrected.
POSTINGS = f"""
select
    entries.code_system,
    entries.enterprise_code,
    entries.account_code,
    date(trunc(documents.posting_date, 'month')) as month_start_date,
    greatest(entries.amount_cny, 0) as debit_cny,
    greatest(-entries.amount_cny, 0) as credit_cny,
    greatest(entries.known_at, documents.known_at) as known_at,
    least(entries.superseded_at, documents.superseded_at) as superseded_at,
    entries.is_new or documents.is_new as is_new,
    {", ".join(f"entries.{name}" for name in PROVENANCE_COLUMNS)}
from {{entries}} as entries
inner join {{documents}} as documents
    on entries.code_system = documents.code_system
    and entries.enterprise_code = documents.enterprise_code
    and entries.document_number = documents.document_number
    and entries.fiscal_year = documents.fiscal_year
"""

# A posting adds to its month when it is known, and is taken back when it ends; what happens before
# the month ends counts from its end.
BALANCES = f"""
with changes as (
    select *, 1 as sign, known_at as changed_at
    from {{postings}}
    where superseded_at is null or superseded_at > known_at
    union all
    select *, -1 as sign, superseded_at as changed_at
    from {{postings}}
    where superseded_at > known_at
),

dated_changes as (
    select
        *,
        greatest(
            changed_at, to_utc_timestamp(timestamp(add_months(month_start_date, 1)), {{zone}})
        ) as counted_at
    from changes
),

month_changes as (
    select
        {ACCOUNT_LIST},
        month_start_date,
        counted_at,
        sum(sign * debit_cny) as debit_change,
        sum(sign * credit_cny) as credit_change,
        max(struct(counted_at, sign, {REFERENCE})) as last_change
    from dated_changes
    group by all
),

months as (
    select distinct
        {ACCOUNT_LIST},
        month_start_date,
        to_utc_timestamp(timestamp(add_months(month_start_date, 1)), {{zone}}) as ended_at
    from month_changes
    where month_start_date >= date({{first_month}})
),

-- Of a change in an earlier month only the balance knows.
moments as (
    select
        {", ".join(f"months.{name}" for name in ACCOUNT)},
        months.month_start_date,
        months.ended_at,
        greatest(month_changes.counted_at, months.ended_at) as known_at,
        sum(
            if(month_changes.month_start_date = months.month_start_date, debit_change, 0)
        ) as debit_change,
        sum(
            if(month_changes.month_start_date = months.month_start_date, credit_change, 0)
        ) as credit_change,
        sum(debit_change - credit_change) as balance_change,
        count_if(month_changes.month_start_date = months.month_start_date) as own_count,
        max(last_change) as last_change
    from months
    inner join month_changes
        on months.code_system = month_changes.code_system
        and months.enterprise_code = month_changes.enterprise_code
        and months.account_code = month_changes.account_code
        and months.month_start_date >= month_changes.month_start_date
    group by all
),

versions as (
    select
        *,
        sum(debit_change) over so_far as debit_cny,
        sum(credit_change) over so_far as credit_cny,
        sum(balance_change) over so_far as balance_cny,
        sum(own_count) over so_far as own_count_so_far,
        lead(known_at) over so_far as superseded_at
    from moments
    window so_far as (partition by {ACCOUNT_LIST}, month_start_date order by known_at)
)

-- Before its first posting is known, nobody knows that the month has a row.
select
    {ACCOUNT_LIST},
    month_start_date,
    cast(debit_cny as decimal(18, 2)) as debit_cny,
    cast(credit_cny as decimal(18, 2)) as credit_cny,
    cast(balance_cny as decimal(18, 2)) as balance_cny,
    ended_at as event_at,
    known_at,
    superseded_at,
    {", ".join(f"last_change.{name}" for name in PROVENANCE_COLUMNS)}
from versions
where own_count_so_far > 0
"""


def balances(postings: DataFrame, first_month: date, zone: str) -> DataFrame:
    """The versions of the balances of months from `first_month` on.

    `postings` have an account, a month, a debit and a credit, the moments and the provenance; those
    of months before `first_month` may be added up already.
    """
    return postings.sparkSession.sql(
        BALANCES, postings=postings, first_month=str(first_month), zone=zone
    )


def run(context: JobContext) -> JobResult:
    """Compute the months that new files touch, and all after them of the same accounts."""
    spark = context.spark
    news = find_news(context, LEDGER_BALANCE, INPUTS)
    if not set(INPUTS) <= tables_of(spark, "silver") or not (news.new or news.is_whole):
        return JobResult(0, 0)
    entries, documents = (news.marked(spark.table(name)) for name in INPUTS)
    postings = spark.sql(POSTINGS, entries=entries, documents=documents)
    touched = postings if news.is_whole else postings.where("is_new")
    first_month = touched.agg(F.min("month_start_date")).collect()[0][0]
    if first_month is None:
        if news.is_whole:
            remove_rows(spark, LEDGER_BALANCE, "true")
        take_in(context, news)
        return JobResult(0, 0)
    columns = list(table_declaration(context.catalog, LEDGER_BALANCE).columns)
    zone = context.settings.time_zone
    if news.is_whole:
        found = balances(postings.drop("is_new"), first_month, zone)
        replace_rows(found.select(*columns), LEDGER_BALANCE, "true")
        take_in(context, news)
        return JobResult(postings.count(), spark.table(LEDGER_BALANCE).count())
    accounts = kept(touched.select(*ACCOUNT).distinct())

    def of_touched(rows: DataFrame) -> DataFrame:
        return rows.join(F.broadcast(accounts), list(ACCOUNT), "left_semi")

    from_then_on = f"month_start_date >= {sql_literal(first_month)}"
    recent = kept(of_touched(postings.where(from_then_on)).drop("is_new"))
    standing = of_touched(spark.table(LEDGER_BALANCE))
    before = standing.where(f"not ({from_then_on})").select(*recent.columns)
    found = balances(recent.unionByName(before), first_month, zone)
    found = kept(found.select(*columns))
    replaced = standing.where(from_then_on)
    key = (*ACCOUNT, "month_start_date", "known_at")
    put_differences(found, replaced, LEDGER_BALANCE, key, f"{LEDGER_BALANCE}.{from_then_on}")
    take_in(context, news)
    return JobResult(recent.count(), found.count())
