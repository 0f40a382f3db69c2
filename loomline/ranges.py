"""The ranges of key columns that rows reach over, so that Delta need not read what lies outside.

Delta keeps the least and the greatest value of each column of its files. A column of days or
moments is cut into the few stretches in which there are rows: one clock that is a year ahead must
not make a day as wide as a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from itertools import pairwise

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

STRETCHES = 8
SECONDS_A_STEP = 3600


def _steps(name: str, kind: str) -> Column:
    """The day of a date, the hour of a moment, as a number."""
    if kind == "date":
        return F.unix_date(F.col(name))
    return F.floor(F.unix_seconds(F.col(name)) / SECONDS_A_STEP)


def _start(step: int, kind: str) -> Column:
    if kind == "date":
        return F.date_from_unix_date(F.lit(step))
    return F.timestamp_seconds(F.lit(step * SECONDS_A_STEP))


def reach_columns(rows: DataFrame, key: tuple[str, ...]) -> list[Column]:
    """What to aggregate over rows, so that `reach_condition` knows where they are; one for each."""
    kinds = dict(rows.dtypes)
    return [
        F.array_sort(F.collect_set(_steps(name, kinds[name]))).alias(f"reach_{name}")
        if kinds[name] in ("date", "timestamp")
        else F.array(F.min(name).cast("string"), F.max(name).cast("string")).alias(f"reach_{name}")
        for name in key
    ]


def stretches(steps: list[int], most: int = STRETCHES) -> list[tuple[int, int]]:
    """Ascending numbers as at most so many ranges, first to last, the widest gaps left out."""
    gaps = sorted(
        (
            (later - earlier, place)
            for place, (earlier, later) in enumerate(pairwise(steps), start=1)
            if later - earlier > 1
        ),
        reverse=True,
    )
    cuts = [0, *sorted(place for _, place in gaps[: most - 1]), len(steps)]
    return [(steps[start], steps[end - 1]) for start, end in pairwise(cuts) if end > start]


def reach_condition(
    reach: Row, key: tuple[str, ...], kinds: Mapping[str, str], of: str = ""
) -> Column:
    """The condition that a row is within the reach of others; a missing value always is.

    `reach` has what the others' `reach_columns` came to, `kinds` the types of the columns, and `of`
    is the alias of the table that has them, where a query has several.
    """
    conditions = []
    for name in key:
        column, kind = F.col(f"{of}.{name}" if of else name), kinds[name]
        values = reach[f"reach_{name}"]
        if kind in ("date", "timestamp"):
            within = [
                (column >= _start(first, kind)) & (column < _start(last + 1, kind))
                for first, last in stretches(values)
            ]
        else:
            low, high = (F.lit(value).cast(kind) for value in values)
            within = [column.between(low, high)]
        conditions.append(reduce(lambda left, right: left | right, within, column.isNull()))
    return reduce(lambda left, right: left & right, conditions)
