"""Job `consistency`: what one record says of an enterprise set against another, month by month.

Reads `features.daily_state`, the links, and the canonical tables that the checks of
`catalog/consistency` name, as they were known at the end of the as-of date; writes
`features.consistency` and `features.data_trust` of the last 12 months.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.errors import AnalysisException

from loomline.consistency.catalogue import load_checks
from loomline.consistency.grids import Floats, Integers, begun, both_begun, grid
from loomline.consistency.judging import CANNOT_SAY, VERDICTS, Judgement, judge
from loomline.consistency.model import Check
from loomline.consistency.months import (
    JUDGED_MONTHS,
    last_months,
    latest_month,
    month_start,
    months_needed,
)
from loomline.consistency.query import AsOf, as_known
from loomline.consistency.trust import NO_CHECK, Trust, data_trust
from loomline.errors import CatalogueError
from loomline.families.catalogue import load_families
from loomline.job import JobContext, JobResult
from loomline.known_codes import LINK, MACHINE, known_codes
from loomline.lake import (
    column_list,
    create_tables,
    in_condition,
    replace_rows,
    sql_literal,
    tables_of,
)
from loomline.side_by_side import side_by_side
from loomline.tables import load_tables
from spark_jobs.consistency_values import CONSISTENCY, TRUST
from spark_jobs.known_enterprises import PARTY, known_trades

STATE = "features.daily_state"
SIDES = ("measured", "reference")

MONTHS_AS_KNOWN = f"""
with links as ({{known_codes}})

select
    coalesce(links.enterprise_id, state.enterprise_code) as enterprise_id,
    state.measure,
    date(trunc(state.event_date, 'month')) as month_start_date,
    cast(sum(state.delta) as double) as value
from {STATE} as state
left join links
    on state.code_system = links.code_system and state.enterprise_code = links.enterprise_code
where
    state.known_date <= {{as_of}}
    and state.event_date >= {{first_day}}
    and state.event_date <= {{as_of}}
    and {{measured}}
    and (links.enterprise_id is not null or state.code_system = '')
group by 1, 2, 3
"""


@dataclass(frozen=True)
class Evidence:
    """Both sides of all checks as they were known: rows by measure, and by check with SQL."""

    by_measure: Mapping[str, pd.DataFrame]
    by_check: Mapping[str, pd.DataFrame]

    @property
    def enterprise_ids(self) -> list[str]:
        """All enterprises of which there is any evidence."""
        frames = (*self.by_measure.values(), *self.by_check.values())
        return sorted({one for frame in frames for one in frame["enterprise_id"]})


def _read_measures(context: JobContext, checks: Sequence[Check]) -> dict[str, pd.DataFrame]:
    """Monthly sums of the measures that checks name, by measure."""
    if not checks:
        return {}
    names = sorted({getattr(check, side) for check in checks for side in SIDES})
    first_day = month_start(context.as_of_date, max(map(months_needed, checks)) - 1)
    rows = context.spark.sql(
        MONTHS_AS_KNOWN.format(
            known_codes=known_codes(context.as_of_end),
            as_of=sql_literal(context.as_of_date),
            first_day=sql_literal(first_day),
            measured=in_condition("state.measure", names),
        )
    ).toPandas()
    return {str(name): found for name, found in rows.groupby("measure")}


def _read_query(context: JobContext, check: Check, there: set[str]) -> pd.DataFrame:
    """Both sides of a check by its SQL, a row an enterprise and month."""
    as_of = AsOf(context.as_of_date, context.as_of_end, context.settings.time_zone)
    first_day = month_start(as_of.day, months_needed(check) - 1)
    query = as_known(str(check.sql), load_tables(context.catalog), there, as_of, first_day)
    columns = ", ".join(f"cast({side} as double) as {side}" for side in SIDES)
    try:
        return context.spark.sql(
            f"select enterprise_id, month_start_date, {columns} from ({query})"
        ).toPandas()
    except AnalysisException as error:
        raise CatalogueError(
            f"The SQL of the check {check.name} in {context.catalog / 'consistency'} does not "
            f"hold: {error.getMessage()}.",
            "Correct it and run the job again.",
        ) from error


def read_evidence(context: JobContext, checks: Sequence[Check]) -> Evidence:
    """Both sides of the checks, as they were known; a table that is not there yet has no rows."""
    there = tables_of(context.spark, "silver")
    asked = [check for check in checks if check.sql is not None]
    by_measure = _read_measures(context, [check for check in checks if check.sql is None])
    found = side_by_side(lambda check: _read_query(context, check, there), asked)
    names = [check.name for check in asked]
    return Evidence(by_measure, dict(zip(names, found, strict=True)))


def _grids(
    context: JobContext, checks: Sequence[Check], evidence: Evidence, enterprise_ids: list[str]
) -> dict[str, tuple[Floats, Floats]]:
    """Both sides of each check as arrays (enterprises, months)."""
    places = pd.Index(enterprise_ids)
    months = max(months_needed(check) for check in checks)
    first = month_start(context.as_of_date, months - 1)
    shape = (len(enterprise_ids), months)

    def array(rows: pd.DataFrame | None, column: str) -> Floats:
        if rows is None:
            return np.full(shape, np.nan)
        days = pd.to_datetime(rows["month_start_date"])
        place = (days.dt.year - first.year) * 12 + days.dt.month - first.month
        where = places.get_indexer(pd.Index(rows["enterprise_id"]))
        values = rows[column].to_numpy(dtype=np.float64)
        return grid(where, np.asarray(place, dtype=np.int64), values, shape)

    tables = {x.name: x.table for family in load_families(context.catalog) for x in family.measures}
    needed: dict[str, list[str]] = defaultdict(list)
    for name in {getattr(x, side) for x in checks if x.sql is None for side in SIDES}:
        needed[tables[name]].append(name)
    measured: dict[str, Floats] = {}
    for names in needed.values():
        arrays = [array(evidence.by_measure.get(name), "value") for name in names]
        measured |= dict(zip(names, begun(arrays), strict=True))
    grids = {}
    for check in checks:
        if check.sql is None:
            grids[check.name] = (measured[str(check.measured)], measured[str(check.reference)])
        else:
            rows = evidence.by_check.get(check.name)
            grids[check.name] = both_begun(array(rows, "measured"), array(rows, "reference"))
    return grids


def _trade_codes(enterprise_ids: Sequence[str], trade_of: Mapping[str, str]) -> Integers:
    """A number for each trade; those whose trade is not known are peers of one another."""
    trades = [trade_of.get(one, "") for one in enterprise_ids]
    return np.unique(trades, return_inverse=True)[1].astype(np.int64)


def _consistency_rows(
    as_of: date, enterprise_ids: list[str], check: Check, found: Judgement
) -> pa.Table:
    """The months of every enterprise of which the check says anything, as rows of the table."""
    speaks = (found.verdicts != CANNOT_SAY).any(axis=1)
    places = np.repeat(np.flatnonzero(speaks), JUDGED_MONTHS)
    months = np.tile(np.arange(JUDGED_MONTHS), int(speaks.sum()))
    size = len(places)

    def values(array: Floats) -> pa.Array:
        return pa.array(array[places, months], pa.float64(), from_pandas=True)

    first_days = pa.array(last_months(as_of, JUDGED_MONTHS), pa.date32())
    return pa.table(
        {
            "as_of_date": pa.array([as_of] * size, pa.date32()),
            "enterprise_id": pa.array(enterprise_ids, pa.string()).take(pa.array(places)),
            "month_start_date": first_days.take(pa.array(months)),
            "check_name": pa.array([check.name] * size, pa.string()),
            "measured": values(found.measured),
            "reference": values(found.reference),
            "expected": values(found.expected),
            "residual": values(found.residual),
            "tolerance": values(found.tolerance),
            "score_ratio": values(found.score),
            "verdict": pa.array(VERDICTS).take(pa.array(found.verdicts[places, months])),
            "is_for_review": pa.array(found.is_for_review[places, months]),
        }
    )


def _trust_rows(
    as_of: date, enterprise_ids: list[str], checks: Sequence[Check], trust: Trust
) -> pa.Table:
    count = len(enterprise_ids)
    places = np.repeat(np.arange(count), JUDGED_MONTHS)
    months = np.tile(np.arange(JUDGED_MONTHS), count)
    worst = trust.worst_checks.ravel()
    names = pa.array([check.name for check in checks], pa.string())
    first_days = pa.array(last_months(as_of, JUDGED_MONTHS), pa.date32())
    return pa.table(
        {
            "as_of_date": pa.array([as_of] * len(places), pa.date32()),
            "enterprise_id": pa.array(enterprise_ids, pa.string()).take(pa.array(places)),
            "month_start_date": first_days.take(pa.array(months)),
            "data_trust_points": pa.array(trust.scores.ravel(), from_pandas=True),
            "check_count": pa.array(trust.check_counts.ravel(), pa.int64()),
            "review_count": pa.array(trust.review_counts.ravel(), pa.int64()),
            "worst_check": names.take(pa.array(worst, mask=worst == NO_CHECK)),
        }
    )


def _write(context: JobContext, name: str, tables: Iterable[pa.Table]) -> int:
    rows = pa.concat_tables(tables)
    frame = context.spark.createDataFrame(rows, column_list(context.catalog, name))
    replace_rows(frame, name, f"as_of_date = {sql_literal(context.as_of_date)}")
    return rows.num_rows


def run(context: JobContext) -> JobResult:
    """Judge the last 12 months as of the date, and write verdicts and data trust."""
    as_of, checks = context.as_of_date, load_checks(context.catalog)
    create_tables(context.spark, context.catalog, (CONSISTENCY, TRUST, STATE, LINK, MACHINE, PARTY))
    evidence = read_evidence(context, checks)
    enterprise_ids = evidence.enterprise_ids
    grids = _grids(context, checks, evidence, enterprise_ids)
    trades = _trade_codes(enterprise_ids, known_trades(context))
    months = last_months(as_of, JUDGED_MONTHS)
    judgements = []
    for check in checks:
        latest = latest_month(check, as_of)
        can_judge = np.array([month <= latest for month in months])
        judgements.append(judge(check, *grids[check.name], trades, can_judge))
    trust = data_trust(checks, judgements)
    rows = [
        _consistency_rows(as_of, enterprise_ids, check, found)
        for check, found in zip(checks, judgements, strict=True)
    ]
    written = _write(context, CONSISTENCY, rows)
    written += _write(context, TRUST, [_trust_rows(as_of, enterprise_ids, checks, trust)])
    flagged = int((trust.review_counts[:, -3:].sum(axis=1) > 0).sum())
    notes = [f"{flagged} of {len(enterprise_ids)} enterprises ask for a review"]
    silent = [
        check.name
        for check, found in zip(checks, judgements, strict=True)
        if not (found.verdicts != CANNOT_SAY).any()
    ]
    if silent:
        notes.append(f"say nothing: {', '.join(silent)}")
    return JobResult(len(enterprise_ids), written, tuple(notes))
