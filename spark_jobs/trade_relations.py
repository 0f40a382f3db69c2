"""Job `trade_relation`: who trades with whom, by everything that shows it, month by month.

Reads the canonical tables of `EVIDENCE`; writes `silver.trade_relation` and `ops.derived_file`. A
row counts from when it is known until it is corrected. Only the relations' months that new files
touch are computed anew, and what differs is written; all when a system has its first heads: its
lines count no more in any month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.contracts.catalogue import PROVENANCE_COLUMNS
from loomline.derived import News, find_news, take_in
from loomline.job import JobContext, JobResult
from loomline.lake import kept, put_differences, replace_rows, sql_literal, tables_of
from loomline.tables import table_declaration

TRADE_RELATION = "silver.trade_relation"
MOMENTS = ("event_at", "known_at", "superseded_at")


@dataclass(frozen=True)
class Evidence:
    """What rows of a canonical table show of trade; each field but `head` is SQL on its columns.

    Lines count only in systems without a row in `head`, the table of their heads. A row that names
    no `partner`, by code or by name, or for which `is_trade` does not hold, shows nothing.
    """

    kind: str
    role: str
    partner: str
    partner_name: str = "null"
    enterprise: str = "enterprise_code"
    enterprise_name: str = "null"
    amount: str = "null"
    currency: str = "null"
    system: str = "code_system"
    is_trade: str = "true"
    head: str | None = None


def _order_evidence(table: str, role: str) -> dict[str, Evidence]:
    heads, lines = f"silver.{table}", f"silver.{table}_line"
    partner = f"{role}_code"
    money = {"amount": "net_amount", "currency": "currency"}
    name = "supplier_name" if role == "supplier" else "null"
    return {
        heads: Evidence("order", f"'{role}'", partner, **money),
        lines: Evidence("order", f"'{role}'", partner, partner_name=name, head=heads, **money),
    }


_SHIPMENT = Evidence(
    *("shipment", "'customer'", "customer_code", "customer_name"),
    enterprise_name="enterprise_name",
)
EVIDENCE = {
    "silver.invoice": Evidence(
        "invoice",
        "if(direction = 'sale', 'customer', 'supplier')",
        "counterparty_id",
        enterprise="enterprise_id",
        amount="total_cny",
        currency="'CNY'",
        system="'invoice'",
        is_trade="status = 'valid'",
    ),
    **_order_evidence("sales_order", "customer"),
    **_order_evidence("purchase_order", "supplier"),
    "silver.shipment": _SHIPMENT,
    "silver.shipment_line": replace(
        _SHIPMENT, amount="net_amount", currency="currency", head="silver.shipment"
    ),
    "silver.receipt": Evidence(
        *("receipt", "'supplier'", "supplier_code", "supplier_name"),
        amount="net_amount",
        currency="currency",
    ),
    "silver.payment": Evidence(
        "payment",
        "if(direction = 'in', 'customer', 'supplier')",
        "null",
        "counterparty_name",
        amount="amount",
        currency="'CNY'",
        # Of wages, taxes and loans the reason says so.
        is_trade="coalesce(reason, 'transfer') = 'transfer'",
    ),
}

KEY = (
    *("code_system", "enterprise_code", "partner_role", "partner_code", "evidence", "currency"),
    "month_start_date",
)
REFERENCE = ", ".join(PROVENANCE_COLUMNS)

# A version begins whenever a row of the relation's month becomes known or ends; it counts the rows
# that stand then. A month has few rows, so that each can be asked at each moment.
RELATIONS = f"""
with moments as (
    select distinct {", ".join(KEY)}, known_at from {{rows}}
    union
    select distinct {", ".join(KEY)}, superseded_at as known_at
    from {{rows}}
    where superseded_at is not null
),

versions as (
    select
        *,
        lead(known_at) over (partition by {", ".join(KEY)} order by known_at) as superseded_at
    from moments
)

select
    {", ".join(f"versions.{name}" for name in KEY)},
    bool_or(rows.is_enterprise_named) as is_enterprise_named,
    bool_or(rows.is_partner_named) as is_partner_named,
    min(rows.event_date) as first_date,
    max(rows.event_date) as last_date,
    count(*) as record_count,
    cast(sum(rows.amount) as decimal(22, 4)) as amount,
    max(rows.event_at) as event_at,
    versions.known_at,
    versions.superseded_at,
    max(struct(rows.known_at, {", ".join(f"rows.{name}" for name in PROVENANCE_COLUMNS)})) as last
from versions
inner join {{rows}} as rows
    on {" and ".join(f"versions.{name} = rows.{name}" for name in KEY)}
    and rows.known_at <= versions.known_at
    and (rows.superseded_at is null or rows.superseded_at > versions.known_at)
group by {", ".join(f"versions.{name}" for name in KEY)}, versions.known_at, versions.superseded_at
"""


def relations(rows: DataFrame) -> DataFrame:
    """The versions of trade relations, from rows that show trade, as `evidence_rows` gives them."""
    found = rows.sparkSession.sql(RELATIONS, rows=rows.where("is_trade"))
    return found.select("*", *(f"last.{name}" for name in PROVENANCE_COLUMNS)).drop("last")


def evidence_rows(rows: DataFrame, evidence: Evidence, zone: str) -> DataFrame:
    """What each row of a canonical table shows, with `is_trade`: whether it shows trade at all."""
    named = rows.selectExpr(
        "*",
        f"{evidence.partner} as own_partner_code",
        f"coalesce({evidence.partner}, {evidence.partner_name}) as partner",
        f"coalesce({evidence.enterprise}, {evidence.enterprise_name}) as enterprise",
        f"to_date(from_utc_timestamp(event_at, '{zone}')) as event_date",
    )
    return named.selectExpr(
        f"{evidence.system} as code_system",
        "enterprise as enterprise_code",
        f"{evidence.role} as partner_role",
        "partner as partner_code",
        f"'{evidence.kind}' as evidence",
        f"coalesce({evidence.currency}, '*') as currency",
        "date(trunc(event_date, 'month')) as month_start_date",
        f"{evidence.enterprise} is null as is_enterprise_named",
        "own_partner_code is null as is_partner_named",
        "event_date",
        f"cast({evidence.amount} as decimal(22, 4)) as amount",
        f"partner is not null and enterprise is not null and {evidence.is_trade} as is_trade",
        *MOMENTS,
        *PROVENANCE_COLUMNS,
        "is_new",
    )


def _has_first_heads(context: JobContext, news: News, there: set[str]) -> bool:
    """Whether new files have brought all heads that a system has in one of the tables."""
    for head in there & {evidence.head for evidence in EVIDENCE.values()}:
        of_system = news.marked(context.spark.table(head)).groupBy("code_system")
        if not of_system.agg(F.bool_and("is_new").alias("is_first")).where("is_first").isEmpty():
            return True
    return False


def _update(context: JobContext, shown: DataFrame, columns: list[str]) -> tuple[int, int]:
    """Compute the relations that new rows touch; how many rows show them, and their versions."""
    touched = kept(shown.where("is_new and is_trade").select(*KEY).distinct())
    months = [row[0] for row in touched.select("month_start_date").distinct().collect()]
    if not months:
        return 0, 0
    listed = ", ".join(sql_literal(month) for month in sorted(months))
    of_months = f"month_start_date in ({listed})"

    def of_touched(rows: DataFrame) -> DataFrame:
        return rows.where(of_months).join(F.broadcast(touched), list(KEY), "left_semi")

    of_relations = kept(of_touched(shown))
    found = kept(relations(of_relations).select(*columns))
    before = of_touched(context.spark.table(TRADE_RELATION))
    key = (*KEY, "known_at")
    put_differences(found, before, TRADE_RELATION, key, f"{TRADE_RELATION}.{of_months}")
    return of_relations.count(), found.count()


def run(context: JobContext) -> JobResult:
    """Compute the relations that new files touch, or all."""
    spark, zone = context.spark, context.settings.time_zone
    news = find_news(context, TRADE_RELATION, EVIDENCE)
    there = tables_of(spark, "silver")
    if news.new and not news.is_whole and _has_first_heads(context, news, there):
        news = replace(news, is_whole=True)
    frames = []
    for table, evidence in EVIDENCE.items():
        if table in there:
            rows = news.marked(spark.table(table))
            if evidence.head in there:
                systems = spark.table(str(evidence.head)).select("code_system").distinct()
                rows = rows.join(F.broadcast(systems), "code_system", "anti")
            frames.append(evidence_rows(rows, evidence, zone))
    if not frames or not (news.new or news.is_whole):
        return JobResult(0, 0)
    shown = reduce(DataFrame.unionByName, frames)
    columns = list(table_declaration(context.catalog, TRADE_RELATION).columns)
    if news.is_whole:
        replace_rows(relations(shown).select(*columns), TRADE_RELATION, "true")
        take_in(context, news)
        return JobResult(shown.count(), spark.table(TRADE_RELATION).count())
    read, written = _update(context, shown, columns)
    take_in(context, news)
    return JobResult(read, written)
