"""Job `window_features`: the features of the families for every enterprise, as of the date.

Reads `features.daily_state`, `silver.enterprise_link` and `silver.party`; writes
`features.window_value`, `features.window_feature` and the view `features.window_value_by_name`. All
features come from one pass over the days before the date, as what was known by its end has them.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from loomline.families.algebra import DAYS, DailyState, window_values
from loomline.families.catalogue import Feature, families_version, features, load_families
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, known_condition, replace_rows, rows_frame, sql_literal

VALUES = "features.window_value"
NAMES = "features.window_feature"
BY_NAME = "features.window_value_by_name"
STATE, LINK, PARTY = "features.daily_state", "silver.enterprise_link", "silver.party"

# The codes of a system that are the firm's own, and not its place in another firm's list.
OWN_CODE = "party_role = 'enterprise' and owner_code = '*'"
DAYS_AS_KNOWN = f"""
with links as (
    select code_system, party_code as enterprise_code, enterprise_id
    from {LINK}
    where {OWN_CODE} and {{known}}
)

select
    coalesce(links.enterprise_id, if(state.code_system is null, state.enterprise_code, null))
        as enterprise_id,
    state.measure,
    state.event_date,
    cast(sum(state.delta) as double) as value
from {STATE} as state
left join links
    on state.code_system = links.code_system and state.enterprise_code = links.enterprise_code
where
    state.known_date <= {{as_of}}
    and state.event_date > {{start}}
    and state.event_date <= {{as_of}}
    and (links.enterprise_id is not null or state.code_system is null)
group by 1, 2, 3
"""
TRADES = f"""
select links.enterprise_id, min(party.industry_code) as trade
from {PARTY} as party
inner join {LINK} as links
    using (code_system, owner_code, party_role, party_code)
where party.industry_code is not null and {{party_known}} and {{link_known}}
group by links.enterprise_id
"""
NARROW = f"""
create or replace view {BY_NAME} as
select
    vectors.as_of_date,
    vectors.enterprise_id,
    names.feature,
    names.unit,
    names.domain,
    vectors.feature_values[names.position] as feature_value
from {VALUES} as vectors
inner join {NAMES} as names using (families_version)
"""


def _known(alias: str, context: JobContext) -> str:
    condition = known_condition(context.as_of_end)
    return condition.replace("known_at", f"{alias}.known_at").replace(
        "superseded_at", f"{alias}.superseded_at"
    )


def read_state(context: JobContext) -> DailyState:
    """The daily state of every enterprise as of the date, as far as it was known by its end."""
    spark, as_of = context.spark, context.as_of_date
    start = as_of - timedelta(days=DAYS)
    query = DAYS_AS_KNOWN.format(
        known=known_condition(context.as_of_end), as_of=sql_literal(as_of), start=sql_literal(start)
    )
    rows = spark.sql(query).toArrow()
    trades = spark.sql(
        TRADES.format(party_known=_known("party", context), link_known=_known("links", context))
    ).toArrow()
    ids = sorted(set(rows["enterprise_id"].to_pylist()))
    row_of = pa.array(ids, pa.string())
    places = pa.compute.index_in(rows["enterprise_id"], row_of).to_numpy()
    offsets = rows["event_date"].cast(pa.int32()).to_numpy() - (start - EPOCH).days - 1
    values = rows["value"].to_numpy()
    measures: dict[str, NDArray[np.float64]] = {}
    names = rows["measure"].to_numpy()
    for name in np.unique(names.astype(str)):
        chosen = names == name
        days = np.zeros((len(ids), DAYS))
        days[places[chosen], offsets[chosen]] = values[chosen]
        measures[str(name)] = days
    return DailyState(ids, _trade_codes(ids, trades), as_of, measures)
