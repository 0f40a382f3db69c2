"""The one query that computes every declared feature of every enterprise as of a date.

Sums, means and shares stay decimal until a measure is complete, so that the order in which Spark
adds rows up can't change the last digit and a rerun gives the same numbers bit for bit.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from loomline.declarations import digest
from loomline.lake import sql_literal
from spark_jobs.feature_declarations import LEVELS, FeatureList, Level

# `:as_of_date`, `:day_after` and `:as_of_end` stand for the date, the day after it, and the last
# instant that a run may know of.
LEVEL_QUERY = """
known_enterprises as (

    select
        enterprise_id,
        known_at

    from silver.enterprise
    where known_at <= :as_of_end

),

invoices as (

    select
        enterprise_id,
        counterparty_id,
        net_cny,
        tax_cny,
        total_cny,
        status = 'valid' as is_valid,
        is_red_letter,
        direction = 'sale' as is_sale,
        direction = 'purchase' as is_purchase,
        issue_date >= add_months(:day_after, -12) and issue_date < :day_after as is_last_12_months,
        issue_date >= add_months(:day_after, -24)
            and issue_date < add_months(:day_after, -12) as is_previous_12_months,
        issue_date,
        cast(trunc(issue_date, 'month') as date) as month_start_date,
        known_at

    from silver.invoice
    where known_at <= :as_of_end and (superseded_at is null or superseded_at > :as_of_end)

),

relation_months as (

    select
        enterprise_id,
        counterparty_id,
        is_sale,
        is_purchase,
        month_start_date,
        count(*) as invoice_count,
        sum(net_cny) as net_cny,
        sum(total_cny) as total_cny,
        sum(if(is_last_12_months, total_cny, 0)) as last_12_months_cny,
        min(issue_date) as first_issue_date

    from invoices
    where is_valid
    group by
        enterprise_id,
        counterparty_id,
        is_sale,
        is_purchase,
        month_start_date

),

relation_totals as (

    select
        enterprise_id,
        counterparty_id,
        is_sale,
        is_purchase,
        count(*) as active_month_count,
        cast(sum(total_cny) as decimal(18, 2)) as total_cny,
        cast(sum(last_12_months_cny) as decimal(18, 2)) as last_12_months_cny,
        min(first_issue_date) >= add_months(:day_after, -12) as is_new_last_12_months

    from relation_months
    group by
        enterprise_id,
        counterparty_id,
        is_sale,
        is_purchase

),

relations as (

    select
        *,
        cast(
            total_cny / sum(total_cny) over (
                partition by enterprise_id, is_sale
            ) as decimal(19, 18)
        ) as share_ratio

    from relation_totals
    where total_cny > 0

),

traded_months as (

    select
        enterprise_id,
        month_start_date,
        cast(sum(if(is_sale, net_cny, 0)) as decimal(18, 2)) as sale_net_cny,
        cast(sum(if(is_purchase, net_cny, 0)) as decimal(18, 2)) as purchase_net_cny,
        sum(if(is_sale, invoice_count, 0)) as sale_count,
        sum(if(is_purchase, invoice_count, 0)) as purchase_count,
        count_if(is_sale) as customer_count,
        count_if(is_purchase) as supplier_count

    from relation_months
    group by
        enterprise_id,
        month_start_date

),

spans as (

    select
        enterprise_id,
        explode(
            sequence(min(month_start_date), max(month_start_date), interval 1 month)
        ) as month_start_date

    from traded_months
    group by enterprise_id

),

months as (

    select
        spans.enterprise_id,
        spans.month_start_date,
        spans.month_start_date > add_months(:as_of_date, -12) as is_last_12_months,
        coalesce(traded_months.sale_net_cny, 0) as sale_net_cny,
        coalesce(traded_months.purchase_net_cny, 0) as purchase_net_cny,
        coalesce(traded_months.sale_count, 0) as sale_count,
        coalesce(traded_months.purchase_count, 0) as purchase_count,
        coalesce(traded_months.customer_count, 0) as customer_count,
        coalesce(traded_months.supplier_count, 0) as supplier_count

    from spans
    left join traded_months
        on
            spans.enterprise_id = traded_months.enterprise_id
            and spans.month_start_date = traded_months.month_start_date

)
"""


def feature_version(features: FeatureList) -> str:
    """A name for the feature list that changes with anything that a reader or a value depends on.

    That is every declaration, and the query of the levels.
    """
    content = json.dumps(features.model_dump(), sort_keys=True, ensure_ascii=False) + LEVEL_QUERY
    return f"f{digest(content, 12)}"


def _level_measures(features: FeatureList, level: Level) -> str:
    measures = [
        f"cast({measure.expression} as double) as {measure.name}"
        for measure in features.measures
        if measure.level == level
    ]
    if level == "invoices":
        measures.append("max(known_at) as last_known_at")
    columns = ",\n        ".join(["enterprise_id", *measures])
    return (
        f"{level}_measures as (\n\n    select\n        {columns}\n\n"
        f"    from {level}\n    group by enterprise_id\n\n)"
    )


def feature_query(features: FeatureList, as_of_date: date, as_of_end: datetime) -> str:
    """The query for a date; it gives the columns of `features.enterprise_feature`.

    `as_of_end` is the last instant, in UTC, of which the run may know. One row per enterprise
    known by then.
    """
    steps = ",\n\n".join([LEVEL_QUERY.strip(), *(_level_measures(features, x) for x in LEVELS)])
    joins = "\n".join(
        f"left join {level}_measures\n"
        f"    on known_enterprises.enterprise_id = {level}_measures.enterprise_id"
        for level in LEVELS
    )
    values = ",\n        ".join(f"cast({x.expression} as double)" for x in features.features)
    query = f"""with

{steps}

select
    :as_of_date as as_of_date,
    known_enterprises.enterprise_id,
    {sql_literal(feature_version(features))} as feature_version,
    array(
        {values}
    ) as feature_values,
    greatest(known_enterprises.known_at, invoices_measures.last_known_at) as last_known_at

from known_enterprises
{joins}
"""
    # Spark binds no parameter inside a `with` step, so the literals go into the text.
    for name, value in (
        (":as_of_date", as_of_date),
        (":day_after", as_of_date + timedelta(days=1)),
        (":as_of_end", as_of_end),
    ):
        query = query.replace(name, sql_literal(value))
    return query
