"""Job `window_features`: the features of the families for every enterprise, as of the date.

Reads `features.daily_state`, `silver.enterprise_link` and `silver.party`; writes
`features.window_value`, `features.window_feature` and the view `features.window_value_by_name`. All
features come from one pass over the days before the date, as what was known by its end has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loomline.families.algebra import window_values
from loomline.families.catalogue import (
    families_version,
    features,
    load_families,
    measures_of,
)
from loomline.families.model import Family, Feature
from loomline.families.state import DailyState, Floats, Integers, Steps, daily_state, joined
from loomline.families.vocabulary import STATE_DAYS
from loomline.identity import OWN_CODE
from loomline.job import JobContext, JobResult
from loomline.lake import (
    column_list,
    create_tables,
    in_condition,
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

# A day of one enterprise and measure is one step. All that a balance was before the days of the
# state is one step too, of the day before them.
DAYS_AS_KNOWN = f"""
with links as (
    select code_system, party_code as enterprise_code, enterprise_id
    from {LINK}
    where {OWN_CODE} and {{known}}
),

days as (
    select
        state.measure,
        coalesce(links.enterprise_id, state.enterprise_code) as enterprise_id,
        smallint(datediff({{as_of}}, greatest(state.event_date, {{start}}))) as days_back,
        cast(sum(state.delta) as double) as amount
    from {STATE} as state
    left join links
        on state.code_system = links.code_system and state.enterprise_code = links.enterprise_code
    where
        state.known_date <= {{as_of}}
        and state.event_date <= {{as_of}}
        and (state.event_date > {{start}} or {{is_balance}})
        and (links.enterprise_id is not null or state.code_system = '')
    group by 1, 2, 3
    having sum(state.delta) <> 0
)

select measure, enterprise_id, collect_list(struct(days_back, amount)) as steps
from days
where measure <> ''
group by measure, enterprise_id
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


def steps_of_batches(
    batches: list[pa.RecordBatch], enterprise_ids: Sequence[str], measures: Iterable[str]
) -> dict[str, Steps]:
    """The steps of measures, from rows of one measure and enterprise with a list of steps each.

    The batches are taken out of their list one by one: all steps of many enterprises are there
    once, and not twice.
    """
    wanted, firms = pa.array(measures, pa.string()), pa.array(enterprise_ids, pa.string())
    parts: list[list[Steps]] = [[] for _ in wanted]
    while batches:
        batch = batches.pop()
        numbers = pc.fill_null(pc.index_in(batch["measure"], wanted), -1).to_numpy()
        order = np.argsort(numbers, kind="stable")
        lists = batch["steps"].take(pa.array(order))
        lengths = pc.list_value_length(lists).to_numpy()
        firm = pc.index_in(batch["enterprise_id"], firms).to_numpy()[order]
        places, flat = np.repeat(firm, lengths), lists.flatten()
        back, amounts = (flat.field(part).to_numpy() for part in ("days_back", "amount"))
        ends = np.concatenate([[0], np.cumsum(lengths)])
        bounds = ends[np.searchsorted(numbers[order], np.arange(len(wanted) + 1))]
        for number in np.unique(numbers[numbers >= 0]):
            of = slice(bounds[number], bounds[number + 1])
            parts[number].append(Steps(places[of], back[of], amounts[of]))
    return dict(zip(wanted.to_pylist(), map(joined, parts), strict=True))


def read_state(context: JobContext, families: Sequence[Family]) -> DailyState:
    """The daily state of every enterprise as of the date, as far as it was known by its end."""
    spark, as_of = context.spark, context.as_of_date
    end, measures = context.as_of_end, measures_of(families)
    balances = [measure.name for measure in measures.values() if measure.kind == "balance"]
    days_as_known = DAYS_AS_KNOWN.format(
        known=known_condition(end),
        as_of=sql_literal(as_of),
        start=sql_literal(as_of - timedelta(days=STATE_DAYS)),
        is_balance=in_condition("measure", balances),
    )
    batches = spark.sql(days_as_known).toArrow().to_batches()
    found = {one for batch in batches for one in pc.unique(batch["enterprise_id"]).to_pylist()}
    enterprise_ids = sorted(found)
    trade_codes = _trade_codes(enterprise_ids, known_trades(context))
    steps = steps_of_batches(batches, enterprise_ids, measures)
    return daily_state(families, enterprise_ids, trade_codes, as_of, steps)


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
