"""Warnings, the watch list and the dimensions on the shared lake, against slow implementations."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import pytest
from pyspark.sql import Row

from loomline.dimensions.catalogue import load_dimensions
from loomline.indicators.catalogue import load_indicators
from loomline.indicators.watch_list import LEAST_REASON
from loomline.job import JobContext
from spark_jobs.dimensions import VALUES
from spark_jobs.indicators import STATE, WATCH_LIST
from spark_jobs.window_features import BY_NAME
from tests.integration.conftest import RunJob
from tests.unit.slow_dimensions import slow_values
from tests.unit.slow_warnings import slow_level, slow_state, slow_status

# No other module computes features of the families for these, or warnings for any.
FIRST, SECOND, THIRD = date(2019, 4, 30), date(2019, 5, 31), date(2019, 6, 7)
DATES = (FIRST, SECOND, THIRD)
# Run after later dates.
FORGOTTEN = date(2019, 5, 15)
Histories = dict[tuple[str, str], list[tuple[date, Row]]]


@pytest.fixture(scope="module")
def warned(lake: JobContext, run: RunJob) -> JobContext:
    """The shared lake with warnings and dimensions of `DATES`, in their order."""
    run("daily_state")
    for as_of in DATES:
        for job in ("window_features", "indicators", "dimensions"):
            run(job, as_of)
    return lake


def rows_of(lake: JobContext, table: str, as_of: date) -> list[Row]:
    return lake.spark.table(table).where(f"as_of_date = date'{as_of}'").collect()


def texts(rows: Iterable[Row]) -> list[str]:
    return sorted(map(str, rows))


def histories(lake: JobContext, dates: Iterable[date]) -> Histories:
    found: Histories = defaultdict(list)
    for as_of in dates:
        for row in rows_of(lake, STATE, as_of):
            found[row["enterprise_id"], row["indicator"]].append((as_of, row))
    return found


def assert_states_are_those_of_a_walk(lake: JobContext, dates: tuple[date, ...]) -> None:
    """The rows of the last date against a walk through all, from the values of each date."""
    catalogue = load_indicators(lake.catalog)
    trades = {row["enterprise_id"]: row["trade"] for row in rows_of(lake, WATCH_LIST, dates[-1])}
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    is_said: dict[str, dict[str, bool]] = defaultdict(dict)
    for (enterprise, name), own in histories(lake, dates).items():
        declared = catalogue.find(name)
        assert declared is not None
        said = []
        for as_of, row in own:
            value = row["watched_value"]
            watched = math.nan if value is None else value
            level = slow_level(declared.indicator, watched, trades[enterprise] or "")
            assert row["level"] == level
            said.append((as_of, level))
        right = slow_state(said, declared.indicator, catalogue.policy.points)
        row = own[-1][1]
        assert (row["since_date"], row["last_bad_date"]) == (right.since, right.last_bad)
        assert (row["cleared_date"], row["is_counted"]) == (right.cleared, right.counts)
        assert row["weight_points"] == pytest.approx(right.weight)
        weights[enterprise][name] = row["weight_points"]
        is_said[enterprise][name] = row["level"] != "cannot_say"
    for row in rows_of(lake, WATCH_LIST, dates[-1]):
        own_weights = [weights[row["enterprise_id"]][one.name] for one in catalogue.indicators]
        said_here = [is_said[row["enterprise_id"]][one.name] for one in catalogue.indicators]
        status, total = slow_status(catalogue.indicators, catalogue.policy, said_here, own_weights)
        assert (row["status"], row["weight_points"]) == (status, pytest.approx(total))
        heavy = sum(weight >= LEAST_REASON for weight in own_weights)
        assert len(row["reasons"]) == heavy


@pytest.mark.parametrize("count", [1, 2, 3])
def test_states_of_each_date_are_those_of_a_walk_through_the_dates(
    warned: JobContext, count: int
) -> None:
    assert_states_are_those_of_a_walk(warned, DATES[:count])


def test_a_watched_value_is_the_feature_of_the_date(warned: JobContext) -> None:
    named = {
        one.name: one.indicator.input
        for one in load_indicators(warned.catalog).indicators
        if one.indicator.scale == "value"
    }
    features = {
        (row["enterprise_id"], row["feature"]): row["feature_value"]
        for row in rows_of(warned, BY_NAME, SECOND)
    }
    told = [row for row in rows_of(warned, STATE, SECOND) if row["indicator"] in named]
    is_feature = {name for _, name in features}
    told = [row for row in told if named[row["indicator"]] in is_feature]
    assert {row["level"] for row in told} == {"none", "amber", "red", "cannot_say"}
    for row in told:
        assert row["watched_value"] == features[row["enterprise_id"], named[row["indicator"]]]


def test_a_dimension_is_what_ranks_of_the_features_make(warned: JobContext) -> None:
    ids = sorted(row["enterprise_id"] for row in rows_of(warned, WATCH_LIST, SECOND))
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows_of(warned, BY_NAME, SECOND):
        value = row["feature_value"]
        values[row["feature"]][row["enterprise_id"]] = math.nan if value is None else value
    found = {
        (row["dimension"], row["enterprise_id"]): row for row in rows_of(warned, VALUES, SECOND)
    }
    compared = 0
    for declared in load_dimensions(warned.catalog).dimensions:
        one = declared.dimension
        columns = {
            each.input: [values[each.input][i] for i in ids]
            for each in one.inputs
            if each.input in values
        }
        if len(columns) < len(one.inputs):
            continue
        # The sample names no trade, so that all are peers.
        right = slow_values(one, columns, [""] * len(ids))
        for enterprise, value in zip(ids, right, strict=True):
            row = found[one.name, enterprise]
            assert row["peer_group"] == "all"
            assert (row["dimension_value"] is None) == math.isnan(value)
            if row["dimension_value"] is not None:
                assert row["dimension_value"] == pytest.approx(value)
                compared += 1
    assert compared


def test_a_rerun_leaves_the_same_rows(warned: JobContext, run: RunJob) -> None:
    tables = (STATE, WATCH_LIST, VALUES)
    before = [texts(rows_of(warned, table, SECOND)) for table in tables]
    run("indicators", SECOND)
    run("dimensions", SECOND)
    assert [texts(rows_of(warned, table, SECOND)) for table in tables] == before


def test_an_earlier_date_that_is_run_later_changes_later_dates_when_they_are_run_again(
    warned: JobContext, run: RunJob
) -> None:
    before = [texts(rows_of(warned, table, SECOND)) for table in (STATE, WATCH_LIST)]
    run("window_features", FORGOTTEN)
    run("indicators", FORGOTTEN)
    assert_states_are_those_of_a_walk(warned, (FIRST, FORGOTTEN))
    assert [texts(rows_of(warned, table, SECOND)) for table in (STATE, WATCH_LIST)] == before
    run("indicators", SECOND)
    assert {row["previous_as_of_date"] for row in rows_of(warned, STATE, SECOND)} == {FORGOTTEN}
    assert_states_are_those_of_a_walk(warned, (FIRST, FORGOTTEN, SECOND))


def test_the_gate_lets_them_pass_and_the_marts_show_them(warned: JobContext, run: RunJob) -> None:
    run("features", THIRD)
    run("gate_scores", THIRD)
    run("marts", THIRD)
    run("gate_marts", THIRD)
    states = rows_of(warned, STATE, THIRD)
    assert any(row["level"] in ("amber", "red") for row in states)
    shown = {
        (row["enterprise_id"], row["indicator"]): row["since_date"]
        for row in rows_of(warned, "marts.enterprise_indicators", THIRD)
    }
    on = {
        (row["enterprise_id"], row["indicator"]): row["since_date"]
        for row in states
        if row["level"] in ("amber", "red")
    }
    assert on.items() <= shown.items()
    rows = rows_of(warned, "marts.portfolio_watch_list", THIRD)
    listed = {
        row["enterprise_id"]: [reason["indicator"] for reason in row["reasons"]] for row in rows
    }
    watched = {
        row["enterprise_id"]: [reason["indicator"] for reason in row["reasons"]]
        for row in rows_of(warned, WATCH_LIST, THIRD)
        if row["status"] != "none"
    }
    assert watched.items() <= listed.items()
    firsts = {row["enterprise_id"]: row["first_indicator"] for row in rows}
    assert all(firsts[one] == reasons[0] for one, reasons in watched.items())
    (trade,) = rows_of(warned, "marts.trade_watch", THIRD)
    assert trade["watched_count"] + trade["escalated_count"] == len(watched)
    assert len(rows_of(warned, "marts.enterprise_dimensions", THIRD)) == len(
        rows_of(warned, VALUES, THIRD)
    )
