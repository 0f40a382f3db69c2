"""What an evaluation is: a protocol, a run of it, figures with intervals, published figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.metrics import Estimate


@dataclass(frozen=True)
class Published:
    """A figure that others published for the same data.

    `source` names authors, year and place of publication; `same_split` says whether it is of the
    very rows that the figure beside it is of.
    """

    value: float
    source: str
    same_split: bool


@dataclass(frozen=True)
class Figure:
    """One figure of a model: `rows` test rows, the estimate with its 95 % interval.

    A figure without an interval (a golden number, a count) has both ends equal to its value.
    """

    model: str
    metric: str
    rows: int
    estimate: Estimate
    published: Published | None = None


@dataclass(frozen=True)
class Evaluation:
    """An evaluation by name.

    `folder` is the data set's folder within the folder of data sets; `run` takes the path of that
    folder and returns the figures, the same ones each time. `folder` is None where the evaluation
    makes its own data; `run` then takes a folder to make and keep them in, and `takes` says how
    long that is for the first time.
    """

    name: str
    question: str
    folder: str | None
    run: Callable[[Path], tuple[Figure, ...]]
    takes: str = ""


def exact(value: float) -> Estimate:
    """An estimate that has no sampling error to speak of."""
    return Estimate(value, value, value)
