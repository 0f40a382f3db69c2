"""Job `window_features`: the features of the families for every enterprise, as of the date.

Reads `features.daily_state`, `silver.enterprise_link` and `silver.party`; writes
`features.window_value`, `features.window_feature` and the view `features.window_value_by_name`. All
features come from one pass over the days before the date, as what was known by its end has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from loomline.families.algebra import window_values
from loomline.families.catalogue import families_version, features, load_families
from loomline.families.model import Family, Feature
from loomline.families.state import (
    DailyState,
    Floats,
    Integers,
    daily_state,
    daily_values,
)
from loomline.families.vocabulary import STATE_DAYS
from loomline.identity import OWN_CODE
from loomline.job import JobContext, JobResult
from loomline.lake import (
    column_list,
    create_tables,
    known_condition,
    replace_rows,
    sql_literal,
    write_once,
)
from spark_jobs.known_enterprises import LINK, PARTY, known_trades

VALUES = "features.window_value"
NAMES = "features.window_feature"
BY_NAME = "features.window_value_by_name"
STATE = "features.daily_state"
UNKNOWN_TRADE = -1

DAYS_AS_KNOWN = f"""
with links as (
    select code_system, party_code as enterprise_code, enterprise_id
    from {LINK}
    where {OWN_CODE} and {{known}}
)

select
    coalesce(links.enterprise_id, state.enterprise_code) as enterprise_id,
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
    and (links.enterprise_id is not null or state.code_system = '')
group by 1, 2, 3
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


def _trade_codes(enterprise_ids: list[str], trade_of: dict[str, str]) -> Integers:
    """A number for each trade."""
    trades = [trade_of.get(one, "") for one in enterprise_ids]
    numbers = {trade: number for number, trade in enumerate(sorted(set(trades) - {""}))}
    return np.array([numbers.get(trade, UNKNOWN_TRADE) for trade in trades], dtype=np.int64)


def read_state(context: JobContext, families: Sequence[Family]) -> DailyState:
    """The daily state of every enterprise as of the date, as far as it was known by its end."""
    spark, as_of = context.spark, context.as_of_date
    start = as_of - timedelta(days=STATE_DAYS)
    known = known_condition(context.as_of_end)
    days_as_known = DAYS_AS_KNOWN.format(
        known=known, as_of=sql_literal(as_of), start=sql_literal(start)
    )
    rows = spark.sql(days_as_known).toPandas()
    enterprise_ids = sorted(rows["enterprise_id"].unique())
    places = pd.Index(enterprise_ids).get_indexer(rows["enterprise_id"])
    days_back = (pd.Timestamp(as_of) - pd.to_datetime(rows["event_date"])).dt.days.to_numpy()
    deltas, measured = rows["value"].to_numpy(), rows["measure"].to_numpy()
    values: dict[str, Floats] = {}
    for name in (measure.name for family in families for measure in family.measures):
        chosen = measured == name
        values[name] = daily_values(
            places[chosen], days_back[chosen], deltas[chosen], len(enterprise_ids)
        )
    trade_codes = _trade_codes(enterprise_ids, known_trades(context))
    return daily_state(families, enterprise_ids, trade_codes, as_of, values)


def _write_names(context: JobContext, made: Sequence[Feature], version: str) -> None:
    rows = [
        (
            *(version, position, x.name, x.family, x.domain, x.owner, x.unit),
            *(x.description_en, x.description_zh, x.missing_means),
        )
        for position, x in enumerate(made)
    ]
    of_version = f"families_version = {sql_literal(version)}"
    write_once(context.spark, context.catalog, NAMES, rows, of_version)


def run(context: JobContext) -> JobResult:
    """Write the vectors of the as-of date, and the names of their positions."""
    spark, families = context.spark, load_families(context.catalog)
    made, version = features(families), families_version(families)
    create_tables(spark, context.catalog, (VALUES, NAMES, STATE, LINK, PARTY))
    state = read_state(context, families)
    found = window_values(made, state)
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    table = pa.table(
        {
            "as_of_date": pa.array([context.as_of_date] * len(found), pa.date32()),
            "enterprise_id": pa.array(state.enterprise_ids, pa.string()),
            "families_version": pa.array([version] * len(found), pa.string()),
            "feature_values": _lists(found),
        }
    )
    _write_names(context, made, version)
    columns = column_list(context.catalog, VALUES)
    replace_rows(spark.createDataFrame(table, columns), VALUES, of_date)
    spark.sql(NARROW)
    present = float(np.isfinite(found).mean()) if found.size else 0.0
    note = f"{len(made):,} features, version {version}; {present:.0%} of the values are there"
    return JobResult(len(state.enterprise_ids), len(found), (note,))


def _lists(values: Floats) -> pa.ListArray:
    """Rows of an array (enterprises, features) as lists, null where a value is missing."""
    flat = pa.array(np.ascontiguousarray(values).ravel(), from_pandas=True)
    offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets), flat)
