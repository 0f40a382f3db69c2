"""Feature values a second of the window algebra, beside DuckDB on the features both can say.

Run from the repository: python bench/window_speed.py. One core; the state is random. Seconds are
those of the processor, so that other programs on the machine count little; they include making the
days of every measure from its steps. DuckDB has the same days in memory, one row per enterprise and
day, and both answers are compared.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar

import duckdb
import numpy as np
import pandas as pd
import typer

from loomline.families.algebra import window_values
from loomline.families.catalogue import features, load_families, measures_of
from loomline.families.model import Family, Feature
from loomline.families.state import DailyState, Floats, Steps, daily_state
from loomline.families.vocabulary import STATE_DAYS, YEAR_DAYS
from loomline.settings import PROJECT_ROOT

AS_OF_DATE = date(2024, 6, 30)
TRADES = 15
# Measures and windows of the features that are computed in SQL as well.
COMMON_MEASURES = ("sale_amount", "purchase_amount", "receipt_amount", "energy_used")
COMMON_WINDOWS = (7, 30, 90, 180, 365)
HISTORIES = 24
SQL = {
    "sum": "sum({measure}) filter (where back >= {first} and back < {end})",
    "active_days": "count_if({measure} <> 0 and back >= {first} and back < {end})",
    "deviation": "stddev_pop({measure}) filter (where back >= {first} and back < {end})",
    "largest_day": "max({measure}) filter (where back >= {first} and back < {end})",
}
Result = TypeVar("Result")


def random_state(families: tuple[Family, ...], enterprises: int, seed: int) -> DailyState:
    """A state in which each measure has steps on some of the days of each enterprise.

    Measures share some histories, so that those of many enterprises fit into memory; the days of
    each measure are made of its steps when they are asked for, as in a run.
    """
    random = np.random.default_rng(seed)
    histories = []
    for _ in range(HISTORIES):
        is_active = random.random((enterprises, STATE_DAYS)) < random.random((enterprises, 1))
        places, days = np.nonzero(is_active)
        amounts = np.round(random.lognormal(8, 1, len(places)), 2)
        histories.append(Steps(places, STATE_DAYS - 1 - days, amounts))
    measures = measures_of(families)
    steps = {name: histories[place % HISTORIES] for place, name in enumerate(measures)}
    # The measures that are compared with DuckDB have a history each.
    steps |= dict(zip(COMMON_MEASURES, histories, strict=False))
    trades = random.integers(0, TRADES, enterprises)
    ids = [f"E{place}" for place in range(enterprises)]
    return daily_state(families, ids, trades, AS_OF_DATE, steps)


def common_features(families: tuple[Family, ...]) -> list[Feature]:
    """Aggregations of a few measures, and changes of their totals."""
    template = features(families)[0]
    made = []
    for measure in COMMON_MEASURES:
        for window in COMMON_WINDOWS:
            for aggregation in SQL:
                for comparison in ("none", "previous", "last_year"):
                    if comparison == "none" or aggregation == "sum":
                        update = {
                            "name": f"{measure}_{aggregation}_{window}d_{comparison}",
                            "measures": (measure,),
                            "kinds": ("flow",),
                            "aggregation": aggregation,
                            "window_days": window,
                            "comparison": comparison,
                            "change": "relative",
                        }
                        made.append(template.model_copy(update=update))
    return made


def sql_of(feature: Feature) -> str:
    """The feature as an expression over the rows of an enterprise."""
    window, text = feature.window_days, SQL[str(feature.aggregation)]
    now = text.format(measure=feature.measures[0], first=0, end=window)
    if feature.comparison == "none":
        return f"{now} as {feature.name}"
    first = window if feature.comparison == "previous" else YEAR_DAYS
    then = text.format(measure=feature.measures[0], first=first, end=first + window)
    return f"{now} / nullif(greatest({then}, 0), 0) - 1 as {feature.name}"


def measured(work: Callable[[], Result], rounds: int) -> tuple[float, Result]:
    """Processor seconds of the best round, and the result."""
    best = float("inf")
    for _ in range(rounds):
        clock = time.process_time()
        result = work()
        best = min(best, time.process_time() - clock)
    return best, result


def in_duckdb(some: list[Feature], state: DailyState, rounds: int) -> tuple[float, Floats]:
    """Processor seconds of one query for all features, and its answer (enterprises, features)."""
    count = len(state.enterprise_ids)
    days: dict[str, object] = {
        "enterprise": np.repeat(np.arange(count), STATE_DAYS),
        "back": np.tile(np.arange(STATE_DAYS)[::-1], count),
    }
    days |= {measure: state.values[measure].ravel() for measure in COMMON_MEASURES}
    connection = duckdb.connect(config={"threads": 1})
    connection.register("given", pd.DataFrame(days))
    connection.execute("create table days as select * from given")
    names = ", ".join(sql_of(feature) for feature in some)
    query = f"select enterprise, {names} from days group by enterprise order by enterprise"
    seconds, answer = measured(lambda: connection.execute(query).fetchnumpy(), rounds)
    columns = [np.ma.filled(answer[one.name].astype(np.float64), np.nan) for one in some]
    return seconds, np.column_stack(columns)


def main(
    enterprises: Annotated[int, typer.Option(help="How many enterprises.")] = 2000,
    rounds: Annotated[int, typer.Option(help="Rounds, of which the best counts.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the state.")] = 1,
) -> None:
    """Measure and print a table."""
    families = load_families(PROJECT_ROOT / "catalog")
    state, every = random_state(families, enterprises, seed), features(families)
    some = common_features(families)
    print("| what | features | values | processor seconds | million values a second |")
    print("| --- | --- | --- | --- | --- |")

    def row(what: str, seconds: float, values: Floats) -> None:
        print(
            f"| {what} | {values.shape[1]:,} | {values.size:,} | {seconds:.3f} | "
            f"{values.size / seconds / 1e6:.2f} |"
        )

    seconds, values = measured(lambda: window_values(every, state), rounds)
    row("all declared features", seconds, values)
    ours, common = measured(lambda: window_values(some, state), rounds)
    row("common features", ours, common)
    theirs, answer = in_duckdb(some, state, rounds)
    row("common features, DuckDB, one thread", theirs, answer)
    np.testing.assert_allclose(common, answer, rtol=1e-9, atol=1e-9)
    print(f"\nThe answers agree; DuckDB takes {theirs / ours:.1f} times as long.")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"Missing {np.isnan(values).mean():.1%}, peak memory {peak / 1024:,.0f} MB.")


if __name__ == "__main__":
    typer.run(main)
