"""The trade and the region of enterprises, for a look at whether a model treats them alike."""

from __future__ import annotations

import pandas as pd

from loomline.job import JobContext
from loomline.lake import known_condition, table_exists

LINK, PARTY = "silver.enterprise_link", "silver.party"
DIVISION_DIGITS = 2

GROUPS = f"""
select
    links.enterprise_id,
    left(min(party.industry_code), {DIVISION_DIGITS}) as trade,
    min(party.city) as region
from {PARTY} as party
inner join {LINK} as links
    using (code_system, owner_code, party_role, party_code)
where {{party_known}} and {{link_known}}
group by links.enterprise_id
"""


def known_groups(context: JobContext) -> pd.DataFrame | None:
    """`trade` (division of GB/T 4754) and `region` (city) by enterprise, as known by the date.

    None where the lake has no master data of firms.
    """
    spark, end = context.spark, context.as_of_end
    if not (table_exists(spark, PARTY) and table_exists(spark, LINK)):
        return None
    sql = GROUPS.format(
        party_known=known_condition(end, "party"), link_known=known_condition(end, "links")
    )
    found = spark.sql(sql).toPandas().set_index("enterprise_id")
    return None if found.empty else found
