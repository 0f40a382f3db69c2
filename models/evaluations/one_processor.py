"""Evaluations on one processor, whatever the machine has."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path

from threadpoolctl import threadpool_limits

from models.evaluations.evaluation import Figure

Run = Callable[[Path], tuple[Figure, ...]]


def on_one_processor(run: Run) -> Run:
    """The same run, with one thread for linear algebra and for trees.

    Sums then add up in the same order everywhere, to the last digit. Nor do the threads of small
    trees wait for each other, which on a busy machine takes many times as long as the work.
    """

    @wraps(run)
    def limited(folder: Path) -> tuple[Figure, ...]:
        with threadpool_limits(limits=1):
            return run(folder)

    return limited
