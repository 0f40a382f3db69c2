"""The daily state as of a date, in slices of enterprises.

The engine puts what was known of the days into Parquet files; all of an enterprise is in one of
them, and one has so few that its days fit into memory, however many there are in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loomline.families.catalogue import measures_of
from loomline.families.model import Family
from loomline.families.state import DailyState, Steps, daily_state
from loomline.families.vocabulary import STATE_DAYS
from loomline.identity import OWN_CODE
from loomline.job import JobContext
from loomline.lake import in_condition, known_condition, quoted, sql_literal
from spark_jobs.known_enterprises import LINK, known_trades

STATE = "features.daily_state"
UNKNOWN_TRADE = -1
# Of a state of a year that is compacted: some hundred enterprises, some million steps.
SLICE_BYTES = 16 << 20

# A day of one enterprise and measure is one step. All that a balance was before the days of the
# state is one step too, of the day before them. The rows are dealt out by enterprise before they
# are summed, so that they are shuffled once.
STEPS_AS_KNOWN = f"""
with links as (
    select code_system, party_code as enterprise_code, enterprise_id
    from {LINK}
    where {OWN_CODE} and {{known}}
),

rows_as_known as (
    select /*+ repartition({{slices}}, enterprise_id) */
        state.measure,
        coalesce(links.enterprise_id, state.enterprise_code) as enterprise_id,
        smallint(datediff({{as_of}}, greatest(state.event_date, {{start}}))) as days_back,
        state.delta
    from {STATE} as state
    left join links
        on state.code_system = links.code_system and state.enterprise_code = links.enterprise_code
    where
        state.known_date <= {{as_of}}
        and state.event_date <= {{as_of}}
        and (state.event_date > {{start}} or {{is_balance}})
        and (links.enterprise_id is not null or state.code_system = '')
        and state.measure <> ''
)

select measure, enterprise_id, days_back, cast(sum(delta) as double) as amount
from rows_as_known
group by measure, enterprise_id, days_back
having sum(delta) <> 0
"""
# A step counts in a history where it is not 0 in ten-thousandths.
LONGEST = """
select measure, max(days_back) + 1 as days
from steps
where abs(amount) * 10000 > 0.5d
group by measure
"""


def stage_steps(context: JobContext, families: Sequence[Family], folder: Path) -> None:
    """Put the steps of every enterprise into files of a folder, as they were known then."""
    spark, as_of = context.spark, context.as_of_date
    balances = [one.name for one in measures_of(families).values() if one.kind == "balance"]
    size = spark.sql(f"describe detail {quoted(STATE)}").collect()[0]["sizeInBytes"]
    query = STEPS_AS_KNOWN.format(
        known=known_condition(context.as_of_end),
        as_of=sql_literal(as_of),
        start=sql_literal(as_of - timedelta(days=STATE_DAYS)),
        is_balance=in_condition("measure", balances),
        slices=-(-size // SLICE_BYTES) or 1,
    )
    spark.sql(query).write.parquet(str(folder))


def read_steps(file: Path | pa.BufferReader) -> pa.Table:
    """The rows of a file of steps."""
    return pq.read_table(file, read_dictionary=["measure", "enterprise_id"])


def steps_of(rows: pa.Table, measures: Iterable[str]) -> tuple[list[str], dict[str, Steps]]:
    """The enterprises of rows of one step each, and the steps of measures."""
    wanted = pa.array(measures, pa.string())
    rows = rows.unify_dictionaries().combine_chunks()
    measure, firm = (rows[name].chunk(0) for name in ("measure", "enterprise_id"))
    firms = sorted(firm.dictionary.to_pylist())
    places = pc.index_in(firm.dictionary, pa.array(firms, pa.string())).to_numpy()
    numbers = pc.fill_null(pc.index_in(measure.dictionary, wanted), -1).to_numpy()
    number = numbers.astype(np.int16)[measure.indices.to_numpy()]
    order = np.argsort(number, kind="stable")
    place = places[firm.indices.to_numpy()][order]
    back, amounts = (rows[name].chunk(0).to_numpy()[order] for name in ("days_back", "amount"))
    bounds = np.searchsorted(number[order], np.arange(len(wanted) + 1))
    steps = {}
    for at, name in enumerate(wanted.to_pylist()):
        of = slice(bounds[at], bounds[at + 1])
        steps[name] = Steps(place[of], back[of], amounts[of])
    return firms, steps


def states(context: JobContext, families: Sequence[Family], folder: Path) -> Iterator[DailyState]:
    """The daily state of the enterprises of each file of staged steps."""
    spark, measures = context.spark, measures_of(families)
    spark.read.parquet(str(folder)).createOrReplaceTempView("steps")
    longest = {row["measure"]: row["days"] for row in spark.sql(LONGEST).collect()}
    trade_of = known_trades(context)
    numbers = {trade: number for number, trade in enumerate(sorted({*trade_of.values()} - {""}))}
    for path in sorted(folder.glob("*.parquet")):
        firms, steps = steps_of(read_steps(path), measures)
        known = [numbers.get(trade_of.get(one, ""), UNKNOWN_TRADE) for one in firms]
        trades = np.array(known, dtype=np.int64)
        yield daily_state(families, firms, trades, context.as_of_date, steps, longest)
