"""Work on several tables at a time: for a small one, the engine leaves a processor half idle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TypeVar

from pyspark.sql import SparkSession

from loomline.engine.session import FEW_ROWS, few_rows

AT_ONCE = 3
Task = TypeVar("Task")
Found = TypeVar("Found")


def side_by_side(work: Callable[[Task], Found], tasks: Iterable[Task]) -> list[Found]:
    """What `work` makes of each task, in their order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, tasks))


def few_rows_first(
    session: SparkSession,
    work: Callable[[Task], Found],
    tasks: Sequence[Task],
    row_counts: Sequence[int],
) -> list[Found]:
    """What `work` makes of each task, in their order; of few rows, by `few_rows`, and first."""
    found: dict[int, Found] = {}
    for are_few in (True, False):
        places = [n for n, count in enumerate(row_counts) if (count <= FEW_ROWS) is are_few]
        with few_rows(session) if are_few else nullcontext():
            done = side_by_side(lambda n: work(tasks[n]), places)
        found.update(zip(places, done, strict=True))
    return [found[n] for n in range(len(tasks))]
