"""The common features of bench/window_speed.py as DuckDB, polars and tsfresh compute them.

DuckDB and polars get the days in memory, one row per enterprise and day, and answer all features in
one query on one thread. tsfresh has no windows: it gets the days of each enterprise and window as a
series of its own, and what it says of windows is put together here. polars and tsfresh are not
among the packages of the project, and are compared where they are installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from loomline.families.model import Feature
from loomline.families.state import DailyState, Floats
from loomline.families.vocabulary import STATE_DAYS, YEAR_DAYS

# Feature by feature; how long it takes is up to whoever calls.
Query = Callable[[], Floats]
SQL = {
    "sum": "sum({measure}) filter (where back >= {first} and back < {end})",
    "active_days": "count_if({measure} <> 0 and back >= {first} and back < {end})",
    "deviation": "stddev_pop({measure}) filter (where back >= {first} and back < {end})",
    "largest_day": "max({measure}) filter (where back >= {first} and back < {end})",
}
# The calculators of tsfresh that say the same; of active days it says how many are not.
CALCULATORS: dict[str, tuple[str, list[dict[str, float]] | None]] = {
    "sum": ("sum_values", None),
    "active_days": ("value_count", [{"value": 0}]),
    "deviation": ("standard_deviation", None),
    "largest_day": ("maximum", None),
}


def is_there(package: str) -> bool:
    """Whether a package is installed."""
    return find_spec(package) is not None


def _earlier(feature: Feature) -> int | None:
    """How many days before the as-of date the window ends that the feature is compared with."""
    offsets = {"none": None, "previous": feature.window_days, "last_year": YEAR_DAYS}
    return offsets[feature.comparison]


def _days(state: DailyState, measures: Iterable[str]) -> dict[str, Floats]:
    """One row per enterprise and day: its number, days before the as-of date, and measures."""
    count = len(state.enterprise_ids)
    days: dict[str, Any] = {
        "enterprise": np.repeat(np.arange(count), STATE_DAYS),
        "back": np.tile(np.arange(STATE_DAYS)[::-1], count),
    }
    return days | {measure: state.values[measure].ravel() for measure in measures}


def _measures(some: Sequence[Feature]) -> list[str]:
    return list(dict.fromkeys(feature.measures[0] for feature in some))


def _sql_of(feature: Feature) -> str:
    """The feature as an expression over the rows of an enterprise."""
    window, text = feature.window_days, SQL[str(feature.aggregation)]
    now = text.format(measure=feature.measures[0], first=0, end=window)
    first = _earlier(feature)
    if first is None:
        return f"{now} as {feature.name}"
    then = text.format(measure=feature.measures[0], first=first, end=first + window)
    return f"{now} / nullif(greatest({then}, 0), 0) - 1 as {feature.name}"


def in_duckdb(some: Sequence[Feature], state: DailyState) -> Query:
    """One query for all features, whose answer is (enterprises, features)."""
    connection = duckdb.connect(config={"threads": 1})
    connection.register("given", pd.DataFrame(_days(state, _measures(some))))
    connection.execute("create table days as select * from given")
    names = ", ".join(_sql_of(feature) for feature in some)
    query = f"select enterprise, {names} from days group by enterprise order by enterprise"

    def answer() -> Floats:
        found = connection.execute(query).fetchnumpy()
        columns = [np.ma.filled(found[one.name].astype(np.float64), np.nan) for one in some]
        return np.column_stack(columns)

    return answer


def in_polars(some: Sequence[Feature], state: DailyState) -> Query:
    """One lazy query for all features, whose answer is (enterprises, features)."""
    polars: Any = import_module("polars")
    days = polars.DataFrame(_days(state, _measures(some)))
    back = polars.col("back")

    def over(feature: Feature, first: int) -> Any:
        column, end = polars.col(feature.measures[0]), first + feature.window_days
        within = column.filter((back >= first) & (back < end))
        return {
            "sum": within.sum(),
            "active_days": (within != 0).sum().cast(polars.Float64),
            "deviation": within.std(ddof=0),
            "largest_day": within.max(),
        }[str(feature.aggregation)]

    def expression(feature: Feature) -> Any:
        now, first = over(feature, 0), _earlier(feature)
        if first is not None:
            then = over(feature, first)
            now = polars.when(then > 0).then(now / then - 1).otherwise(None)
        return now.alias(feature.name)

    query = days.lazy().group_by("enterprise").agg([expression(one) for one in some])

    def answer() -> Floats:
        found = query.collect().sort("enterprise").select([one.name for one in some])
        return np.asarray(found.fill_null(float("nan")).to_numpy(), dtype=np.float64)

    return answer


def in_tsfresh(some: Sequence[Feature], state: DailyState) -> Query:
    """What tsfresh extracts from each window, in this process; (enterprises, features)."""
    extraction: Any = import_module("tsfresh.feature_extraction")
    count, measures = len(state.enterprise_ids), _measures(some)
    wanted: dict[tuple[int, int], dict[str, set[str]]] = {}
    for one in some:
        for first in {0, _earlier(one) or 0}:
            of_window = wanted.setdefault((one.window_days, first), {})
            of_window.setdefault(one.measures[0], set()).add(str(one.aggregation))
    series = {
        (window, first): pd.DataFrame(
            {"enterprise": np.repeat(np.arange(count), window)}
            | {
                measure: state.values[measure][
                    :, STATE_DAYS - first - window : STATE_DAYS - first
                ].ravel()
                for measure in measures
            }
        )
        for window, first in wanted
    }

    def answer() -> Floats:
        found: dict[tuple[int, int], pd.DataFrame] = {}
        for windows, of_window in wanted.items():
            settings = {
                measure: dict(CALCULATORS[each] for each in sorted(aggregations))
                for measure, aggregations in of_window.items()
            }
            found[windows] = extraction.extract_features(
                series[windows],
                column_id="enterprise",
                kind_to_fc_parameters=settings,
                n_jobs=0,
                disable_progressbar=True,
            ).sort_index()

        def over(feature: Feature, first: int) -> Floats:
            calculator, parameters = CALCULATORS[str(feature.aggregation)]
            name = f"{feature.measures[0]}__{calculator}" + ("__value_0" if parameters else "")
            values = found[feature.window_days, first][name].to_numpy(dtype=np.float64)
            return feature.window_days - values if parameters else values

        columns = []
        for one in some:
            now, first = over(one, 0), _earlier(one)
            if first is not None:
                then = over(one, first)
                now = np.divide(now, then, out=np.full(count, np.nan), where=then > 0) - 1
            columns.append(now)
        return np.column_stack(columns)

    return answer
