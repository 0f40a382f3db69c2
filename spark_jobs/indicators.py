"""Job `indicators`: the level and state of every warning indicator, and the watch list.

Reads features and scores as of the date, and the state of the as-of date before it; writes
`scores.indicator`, `scores.indicator_state` and `scores.watch_list`.

A date goes on from the nearest earlier date that has a state when it is run. A date that is run
after a later one leaves that one as it is; running the later one again takes it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from loomline.enterprise_inputs import EnterpriseInputs
from loomline.indicators.catalogue import IndicatorCatalogue, load_indicators
from loomline.indicators.levels import CANNOT_SAY, LEVEL_NAMES, levels_of, watched_values
from loomline.indicators.rows import (
    CARRIED,
    HAS_PAST,
    StatusBefore,
    state_cells,
    states_of_rows,
    watch_rows,
)
from loomline.indicators.states import WarningStates, next_states, no_states
from loomline.indicators.watch_list import STATUSES, watch_list
from loomline.job import JobContext, JobResult
from loomline.lake import (
    column_list,
    create_tables,
    remove_rows,
    replace_rows,
    sql_literal,
    write_once,
)
from spark_jobs.enterprise_inputs import NO_FEATURES, has_features, read_inputs

INDICATOR = "scores.indicator"
STATE = "scores.indicator_state"
WATCH_LIST = "scores.watch_list"


def _write_catalogue(context: JobContext, catalogue: IndicatorCatalogue) -> None:
    policy, version = catalogue.policy, catalogue.version
    rows = []
    for declared in catalogue.indicators:
        one = declared.indicator
        response = policy.responses[one.response]
        own = [(trade, levels.amber, levels.red) for trade, levels in one.by_trade.items()]
        rows.append(
            (
                *(version, one.name, declared.domain, declared.owner, one.input, one.bad),
                *(one.scale, one.amber, one.red, own, one.persistence_days, one.half_life_days),
                *(one.red_alone, one.says_en, one.says_zh, response.due_days),
                *(response.action_en, response.action_zh),
                *(response.escalation_en, response.escalation_zh, policy.sources[one.source]),
            )
        )
    of_version = f"indicators_version = {sql_literal(version)}"
    write_once(context.spark, context.catalog, INDICATOR, rows, of_version)


def date_before(context: JobContext) -> date | None:
    """The nearest earlier as-of date that has a state; None where there is none."""
    earlier = context.spark.table(STATE).where(f"as_of_date < {sql_literal(context.as_of_date)}")
    before: date | None = earlier.selectExpr("max(as_of_date)").collect()[0][0]
    return before


def _states_before(
    context: JobContext, before: date | None, indicators: list[str], inputs: EnterpriseInputs
) -> WarningStates:
    if before is None:
        return no_states(date.min, len(indicators), len(inputs.enterprise_ids))
    of_date = context.spark.table(STATE).where(f"as_of_date = {sql_literal(before)}")
    rows = of_date.where(HAS_PAST).select(*CARRIED).toArrow()
    return states_of_rows(rows, before, indicators, inputs.enterprise_ids)


def _statuses_of(context: JobContext, as_of_date: date) -> StatusBefore:
    rows = context.spark.table(WATCH_LIST).where(f"as_of_date = {sql_literal(as_of_date)}")
    return {
        row["enterprise_id"]: (row["status"], row["status_since_date"])
        for row in rows.select("enterprise_id", "status", "status_since_date").collect()
    }


def _named(names: Sequence[str], place: str) -> Column:
    """The name at a place from 0."""
    return F.element_at(F.array(*map(F.lit, names)), F.expr(f"{place} + 1"))


def _state_frame(
    context: JobContext,
    catalogue: IndicatorCatalogue,
    cells: pa.Table,
    before: date | None,
) -> DataFrame:
    """A row an enterprise and indicator, from a list an enterprise."""
    names = [one.name for one in catalogue.indicators]
    each = F.posexplode("cells").alias("place", "cell")
    rows = context.spark.createDataFrame(cells).select("enterprise_id", each)
    return rows.select(
        F.lit(context.as_of_date).alias("as_of_date"),
        "enterprise_id",
        _named(names, "place").alias("indicator"),
        F.lit(catalogue.version).alias("indicators_version"),
        F.lit(before).cast("date").alias("previous_as_of_date"),
        _named(LEVEL_NAMES, "cell.level_code").alias("level"),
        "cell.*",
    ).drop("level_code")


def run(context: JobContext) -> JobResult:
    """Write the states of the as-of date and its watch list, and the catalogue of indicators."""
    catalogue = load_indicators(context.catalog)
    create_tables(context.spark, context.catalog, (INDICATOR, STATE, WATCH_LIST))
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    if not has_features(context):
        for name in (WATCH_LIST, STATE):
            remove_rows(context.spark, name, of_date)
        return JobResult(0, 0, (NO_FEATURES,))
    indicators = [declared.indicator for declared in catalogue.indicators]
    inputs = read_inputs(context, dict.fromkeys(one.input for one in indicators))
    watched = watched_values(indicators, inputs)
    levels = levels_of(indicators, watched, inputs.trades)
    before = date_before(context)
    states = next_states(
        indicators,
        catalogue.policy.points,
        _states_before(context, before, [one.name for one in indicators], inputs),
        levels,
        context.as_of_date,
    )
    said = levels != CANNOT_SAY
    found = watch_list(catalogue.indicators, catalogue.policy, said, states.weights)
    statuses_before = None if before is None else (before, _statuses_of(context, before))
    _write_catalogue(context, catalogue)
    # The state comes last: a date that has one has its watch list.
    rows = watch_rows(catalogue, inputs, states, found, statuses_before)
    columns = column_list(context.catalog, WATCH_LIST)
    replace_rows(context.spark.createDataFrame(rows, columns), WATCH_LIST, of_date)
    ids = pa.array(inputs.enterprise_ids, pa.string())
    cells = pa.table({"enterprise_id": ids, "cells": state_cells(watched, states)})
    replace_rows(_state_frame(context, catalogue, cells, before), STATE, of_date)
    counts = {name: int((found.statuses == code).sum()) for code, name in enumerate(STATUSES)}
    goes_on = f"goes on from {before}" if before else "the first date"
    note = f"{counts['watch']:,} watched, {counts['escalated']:,} escalated; {goes_on}"
    return JobResult(len(inputs.enterprise_ids), levels.size, (note,))
