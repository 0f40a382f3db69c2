"""Job `window_features`: the features of the families for every enterprise, as of the date.

Reads `features.daily_state`, `silver.enterprise_link`, `silver.machine` and `silver.party`; writes
`features.window_value`, `features.window_feature` and the view `features.window_value_by_name`. All
features come from one pass over the days before the date, as what was known by its end has them.

Enterprises are worked on slice by slice, and what was found of each is kept in a file, so that any
number of them fits into memory. Ranks alone look at all: for them some features of every slice are
read at once. The engine brings all vectors into the table in one commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from loomline.families.algebra import ranked_places, unranked_values
from loomline.families.catalogue import families_version, features, load_families
from loomline.families.model import Feature
from loomline.families.ranks import rank_among_trades
from loomline.families.state import DailyState, Floats, Integers
from loomline.job import JobContext, JobResult
from loomline.known_codes import LINK, MACHINE
from loomline.lake import create_tables, remove_rows, replace_rows, sql_literal, write_once
from loomline.scratch import staging_folder
from spark_jobs.known_enterprises import PARTY
from spark_jobs.window_slices import STATE, deal_state, states

VALUES = "features.window_value"
NAMES = "features.window_feature"
BY_NAME = "features.window_value_by_name"
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


@dataclass(frozen=True)
class Slice:
    """Some enterprises, their trades, and the file of their values (features, enterprises)."""

    enterprise_ids: Sequence[str]
    trades: Integers
    path: Path

    def values(self, mode: Literal["r", "r+"]) -> Floats:
        """The values in their file; what is not looked at is not read."""
        found: Floats = np.load(self.path, mmap_mode=mode)
        return found


def compute_slices(
    made: Sequence[Feature], found: Iterable[DailyState], folder: Path
) -> list[Slice]:
    """Slices of the enterprises of states, with values of features that are yet to be ranked."""
    folder.mkdir(parents=True)
    slices = []
    for number, state in enumerate(found):
        path = folder / f"{number:05}.npy"
        np.save(path, unranked_values(made, state))
        slices.append(Slice(state.enterprise_ids, state.trades, path))
    return slices


def rank_slices(made: Sequence[Feature], slices: Sequence[Slice]) -> None:
    """Put ranks among the enterprises of all slices in the place of values of ranked features."""
    trades = np.concatenate([one.trades for one in slices])
    ends = np.cumsum([len(one.trades) for one in slices])
    for some in ranked_places(made):
        values = np.concatenate([one.values("r")[some] for one in slices], axis=1)
        ranks = np.split(rank_among_trades(values, trades), ends[:-1], axis=1)
        for one, ranks_of in zip(slices, ranks, strict=True):
            one.values("r+")[some] = ranks_of


def _stage_vectors(context: JobContext, slices: Sequence[Slice], version: str, folder: Path) -> int:
    """Put the vectors of slices into files of a folder; returns how many values are there."""
    folder.mkdir(parents=True)
    there = 0
    for number, one in enumerate(slices):
        values, count = one.values("r"), len(one.enterprise_ids)
        there += int(np.isfinite(values).sum())
        table = pa.table(
            {
                "as_of_date": pa.array([context.as_of_date] * count, pa.date32()),
                "enterprise_id": pa.array(one.enterprise_ids, pa.string()),
                "families_version": pa.array([version] * count, pa.string()),
                "feature_values": _lists(values.T),
            }
        )
        pq.write_table(table, folder / f"{number:05}.parquet", use_dictionary=False)
    return there


def run(context: JobContext) -> JobResult:
    """Write the vectors of the as-of date, and the names of their positions."""
    spark, families = context.spark, load_families(context.catalog)
    made, version = features(families), families_version(families)
    create_tables(spark, context.catalog, (VALUES, NAMES, STATE, LINK, MACHINE, PARTY))
    with staging_folder(context.settings) as staging:
        dealer = deal_state(context, families, staging / "steps")
        slices = compute_slices(made, states(context, families, dealer), staging / "values")
        _write_names(context, made, version)
        of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
        if slices:
            rank_slices(made, slices)
            there = _stage_vectors(context, slices, version, staging / "vectors")
            replace_rows(spark.read.parquet(str(staging / "vectors")), VALUES, of_date)
        else:
            # Nothing was known by then of anybody.
            there = 0
            remove_rows(spark, VALUES, of_date)
    spark.sql(NARROW)
    count = sum(len(one.enterprise_ids) for one in slices)
    share = there / (count * len(made)) if count else 0.0
    note = f"{len(made):,} features, version {version}; {share:.0%} of the values are there"
    return JobResult(count, count, (note,))


def _lists(values: Floats) -> pa.ListArray:
    """Rows of an array (enterprises, features) as lists, null where a value is missing."""
    flat = pa.array(np.ascontiguousarray(values).ravel(), from_pandas=True)
    offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets), flat)
