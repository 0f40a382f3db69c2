"""Job `credit_outcome`: who is in default by its bank's own loan events.

Reads `silver.facility`, `silver.drawdown` and `silver.repayment`; writes `silver.credit_outcome`.
A borrower is one from the first loan record that the bank reported; it is in default from the first
event on that says that a loan is 90 days past due. As of an instant only what was reported by then
counts, so that a model can learn from an outcome on the day on which the bank knew it.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.contracts.catalogue import PROVENANCE_COLUMNS
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, replace_rows, tables_of
from loomline.tables import table_declaration

CREDIT_OUTCOME = "silver.credit_outcome"
INPUTS = ("silver.facility", "silver.drawdown", "silver.repayment")
# The backstop of the Basel framework (CRE36.69).
DEFAULT_DAYS_PAST_DUE = 90

REFERENCE = ", ".join(PROVENANCE_COLUMNS)

# A borrower is in default while at least one record of a default stands. A record counts one from
# when it is known, and takes it back when a correction ends it.
OUTCOMES = f"""
with changes as (
    select
        *,
        known_at as changed_at,
        int(coalesce(days_past_due, 0) >= {DEFAULT_DAYS_PAST_DUE}) as change
    from {{records}}
    where superseded_at is null or superseded_at > known_at
    union all
    select *, superseded_at as changed_at, -1 as change
    from {{records}}
    where superseded_at > known_at and days_past_due >= {DEFAULT_DAYS_PAST_DUE}
),

moments as (
    select
        code_system,
        enterprise_code,
        changed_at as known_at,
        sum(change) as change,
        min(struct(event_at, {REFERENCE}, loan_number)) as first_record,
        min(if(change = 1, struct(event_at, {REFERENCE}, loan_number), null)) as first_default
    from changes
    group by code_system, enterprise_code, changed_at
),

states as (
    select
        *,
        sum(change) over (partition by code_system, enterprise_code order by known_at) > 0
            as is_default
    from moments
),

versions as (
    select
        *,
        not is_default <=> lag(is_default)
            over (partition by code_system, enterprise_code order by known_at) as is_new
    from states
),

outcomes as (
    select
        *,
        if(is_default, first_default, first_record) as record,
        lead(known_at) over (partition by code_system, enterprise_code order by known_at)
            as superseded_at
    from versions
    where is_new
)

select
    code_system,
    enterprise_code,
    is_default,
    if(is_default, to_date(from_utc_timestamp(record.event_at, {{zone}})), null) as default_date,
    if(is_default, record.loan_number, null) as loan_number,
    known_at,
    superseded_at,
    record.event_at,
    {", ".join(f"record.{name}" for name in PROVENANCE_COLUMNS)}
from outcomes
"""


def outcomes(records: DataFrame, zone: str) -> DataFrame:
    """The outcomes of borrowers, from all records of their loans.

    `records` have code_system, enterprise_code, loan_number, days_past_due (null where a record
    says nothing of it), the moments and the provenance; `zone` is that of business days.
    """
    return records.sparkSession.sql(OUTCOMES, records=records, zone=zone)


def _records(context: JobContext) -> DataFrame | None:
    days = {"silver.repayment": F.col("days_past_due")}
    columns = ("code_system", "enterprise_code", "loan_number")
    moments = ("event_at", "known_at", "superseded_at")
    there = tables_of(context.spark, "silver")
    frames = [
        context.spark.table(name).select(
            *columns,
            days.get(name, F.lit(None)).cast("bigint").alias("days_past_due"),
            *moments,
            *PROVENANCE_COLUMNS,
        )
        for name in INPUTS
        if name in there
    ]
    return reduce(DataFrame.unionByName, frames) if frames else None


def run(context: JobContext) -> JobResult:
    """Say it of every borrower anew: there are few, and one commit replaces them."""
    create_tables(context.spark, context.catalog, (CREDIT_OUTCOME,))
    records = _records(context)
    if records is None:
        return JobResult(0, 0)
    columns = list(table_declaration(context.catalog, CREDIT_OUTCOME).columns)
    found = outcomes(records, context.settings.time_zone).select(*columns)
    replace_rows(found, CREDIT_OUTCOME, "true")
    return JobResult(records.count(), context.spark.table(CREDIT_OUTCOME).count())
