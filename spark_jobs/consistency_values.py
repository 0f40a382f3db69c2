"""Reads what consistency said of enterprises as of a date, as named values for rules."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loomline.consistency.catalogue import load_checks
from loomline.consistency.inputs import CHECKS_FOR_REVIEW, DATA_TRUST, ENDINGS, input_names
from loomline.consistency.judging import REVIEW_MONTHS
from loomline.consistency.months import latest_month, month_start
from loomline.enterprise_inputs import Floats
from loomline.job import JobContext
from loomline.lake import sql_literal, tables_of

CONSISTENCY, TRUST = "features.consistency", "features.data_trust"

OF_CHECKS = f"""
select
    enterprise_id,
    check_name,
    max(if(month_start_date = {{latest}}, score_ratio, null)) as score,
    max(if(month_start_date = {{latest}}, residual, null)) as residual,
    double(count_if(verdict in ('excess', 'shortfall'))) as months_inconsistent,
    double(count_if(is_for_review and month_start_date >= {{since}})) as months_for_review
from {CONSISTENCY}
where as_of_date = {{as_of}}
group by enterprise_id, check_name
"""
OF_ALL = f"""
with reviews as (
    select enterprise_id, count(distinct check_name) as checks
    from {CONSISTENCY}
    where as_of_date = {{as_of}} and is_for_review and month_start_date >= {{since}}
    group by enterprise_id
)

select
    trust.enterprise_id,
    min(trust.data_trust_points) as {DATA_TRUST},
    double(max(coalesce(reviews.checks, 0))) as {CHECKS_FOR_REVIEW}
from {TRUST} as trust
left join reviews on trust.enterprise_id = reviews.enterprise_id
where trust.as_of_date = {{as_of}} and trust.month_start_date >= {{since}}
group by trust.enterprise_id
"""


def consistency_values(context: JobContext, enterprise_ids: list[str]) -> dict[str, Floats]:
    """The inputs that checks give, each (enterprises,); NaN where nothing was or could be said."""
    spark, as_of = context.spark, context.as_of_date
    checks = load_checks(context.catalog)
    found = {name: np.full(len(enterprise_ids), np.nan) for name in input_names(checks)}
    if not {CONSISTENCY, TRUST} <= tables_of(spark, "features"):
        return found
    places = pd.Index(enterprise_ids)
    months = " ".join(
        f"when {sql_literal(check.name)} then {sql_literal(latest_month(check, as_of))}"
        for check in checks
    )
    slots = {
        "as_of": sql_literal(as_of),
        "since": sql_literal(month_start(as_of, REVIEW_MONTHS - 1)),
        "latest": f"case check_name {months} end",
    }
    values = spark.sql(OF_CHECKS.format(**slots)).toPandas()
    for name, rows in values.groupby("check_name"):
        where = places.get_indexer(pd.Index(rows["enterprise_id"]))
        for kind, ending in ENDINGS.items():
            # A check that was declared then and is no more has no input.
            if f"{name}{ending}" in found:
                found[f"{name}{ending}"][where[where >= 0]] = rows[kind].to_numpy()[where >= 0]
    rows = spark.sql(OF_ALL.format(**slots)).toPandas()
    where = places.get_indexer(pd.Index(rows["enterprise_id"]))
    for name in (DATA_TRUST, CHECKS_FOR_REVIEW):
        found[name][where[where >= 0]] = rows[name].to_numpy(dtype=np.float64)[where >= 0]
    return found
