"""Feature values a second of the window algebra, beside others on the features that all can say.

Run from the repository: python bench/window_speed.py. One core; the state is random. Seconds are
those of the processor, so that other programs on the machine count little; they include making the
days of every measure from its steps, which the others are given (window_rivals.py says how). All
answers are compared. polars and tsfresh need not be installed; POLARS_MAX_THREADS=1 gives polars
one core too.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar

import numpy as np
import typer
from window_rivals import in_duckdb, in_polars, in_tsfresh, is_there

from loomline.families.algebra import window_values
from loomline.families.catalogue import features, load_families, measures_of
from loomline.families.model import Family, Feature
from loomline.families.state import DailyState, Floats, Steps, daily_state
from loomline.families.vocabulary import STATE_DAYS
from loomline.settings import PROJECT_ROOT

AS_OF_DATE = date(2024, 6, 30)
TRADES = 15
# Measures and windows of the features that are computed in SQL as well.
COMMON_MEASURES = ("sale_amount", "purchase_amount", "receipt_amount", "energy_used")
COMMON_WINDOWS = (7, 30, 90, 180, 365)
HISTORIES = 24
AGGREGATIONS = ("sum", "active_days", "deviation", "largest_day")
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
            for aggregation in AGGREGATIONS:
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


def measured(work: Callable[[], Result], rounds: int) -> tuple[float, Result]:
    """Processor seconds of the best round, and the result."""
    best = float("inf")
    for _ in range(rounds):
        clock = time.process_time()
        result = work()
        best = min(best, time.process_time() - clock)
    return best, result


def main(
    enterprises: Annotated[int, typer.Option(help="How many enterprises.")] = 2000,
    rounds: Annotated[int, typer.Option(help="Rounds, of which the best counts.")] = 3,
    tsfresh_enterprises: Annotated[int, typer.Option(help="How many for tsfresh.")] = 100,
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
    said = []
    few = random_state(families, tsfresh_enterprises, seed)
    for name, query, of in (
        ("DuckDB", in_duckdb, state),
        ("polars", in_polars, state),
        ("tsfresh", in_tsfresh, few),
    ):
        if not is_there(name.lower()):
            said.append(f"{name} is not installed.")
            continue
        theirs, answer = measured(query(some, of), rounds)
        row(f"common features, {name}, {len(of.enterprise_ids):,} enterprises", theirs, answer)
        expected = common if of is state else window_values(some, of)
        np.testing.assert_allclose(expected, answer, rtol=1e-9, atol=1e-9)
        times = (theirs / answer.size) / (ours / common.size)
        said.append(f"{name} gives the same answers, and takes {times:.1f} times as long a value.")
    print("", *said, sep="\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"Missing {np.isnan(values).mean():.1%}, peak memory {peak / 1024:,.0f} MB.")


if __name__ == "__main__":
    typer.run(main)
