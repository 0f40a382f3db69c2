"""Job `enterprise`: every enterprise that a canonical table names, and what makes it known.

Reads `silver.invoice` and `silver.credit_record`; writes `silver.enterprise`. The table holds all
enterprises ever seen; whoever looks as of a date keeps those with `known_at` in time, and a name
only when `name_known_at` is.
"""

from __future__ import annotations

from loomline.contracts.catalogue import PROVENANCE_COLUMNS
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, replace_rows
from loomline.tables import table_declaration

ENTERPRISE = "silver.enterprise"
REFERENCE = ", ".join(PROVENANCE_COLUMNS)

ENTERPRISES = f"""
with sightings as (
    select enterprise_id, event_at, known_at, {REFERENCE} from silver.invoice
    union all
    select enterprise_id, event_at, known_at, {REFERENCE} from silver.credit_record
),

first_sightings as (
    select
        enterprise_id,
        min(event_at) as event_at,
        min(struct(known_at, {REFERENCE})) as first_row
    from sightings
    group by enterprise_id
),

names as (
    select
        enterprise_id,
        min(struct(known_at, enterprise_name)) as first_name
    from silver.credit_record
    where enterprise_name is not null
    group by enterprise_id
)

select
    first_sightings.enterprise_id,
    names.first_name.enterprise_name as enterprise_name,
    names.first_name.known_at as name_known_at,
    first_sightings.event_at,
    cast(null as timestamp) as superseded_at,
    first_sightings.first_row.*
from first_sightings
left join names on first_sightings.enterprise_id = names.enterprise_id
"""


def run(context: JobContext) -> JobResult:
    """List the enterprises anew; the table is small, and one commit replaces it."""
    spark = context.spark
    create_tables(spark, context.catalog, ("silver.invoice", "silver.credit_record", ENTERPRISE))
    columns = list(table_declaration(context.catalog, ENTERPRISE).columns)
    replace_rows(spark.sql(ENTERPRISES).select(*columns), ENTERPRISE, "true")
    rows_in = spark.table("silver.invoice").count() + spark.table("silver.credit_record").count()
    return JobResult(rows_in, spark.table(ENTERPRISE).count())
