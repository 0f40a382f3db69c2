"""Parts of dated rows that models learn from, and those that they are measured on.

Rows are a dataclass of columns, of which `values` is a frame (rows, covariates) and all else arrays
whose first axis is the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from math import ceil
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold

from models.arrays import Dates, Integers


class TooFewError(Exception):
    """Fewer of something than the protocol asks for; the message says how many of what."""


class DatedRows(Protocol):
    """Units on as-of dates, one row each."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def values(self) -> pd.DataFrame:
        """The covariates, (rows, covariates)."""

    @property
    def as_of_date(self) -> Dates:
        """The date of each row, (rows,)."""

    @property
    def observed_until(self) -> Dates:
        """The day up to whose end it is known what became of each row, (rows,)."""


Rows = TypeVar("Rows", bound=DatedRows)
Part = TypeVar("Part")


@dataclass(frozen=True, eq=False)
class Split(Generic[Part, Rows]):
    """Training parts, each with the rows that its models are measured on."""

    name: str
    parts: Sequence[tuple[Part, Rows]]

    @property
    def test(self) -> Rows:
        """The rows of all test parts, one after the other."""
        return joined([test for _, test in self.parts])


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of several parts, at least one, one after the other."""
    columns = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts])
        for one in fields(parts[0])
        if one.name != "values"
    }
    values = pd.concat([part.values for part in parts], ignore_index=True)
    return replace(parts[0], values=values, **columns)


def first_test_date(rows: DatedRows, closed_after_days: int) -> np.datetime64:
    """The first of the latest third, rounded up, of the as-of dates that are closed.

    A date is closed where outcomes are known of so many days after it.

    Raises:
        TooFewError: there are fewer than two such dates.
    """
    ahead = np.timedelta64(closed_after_days, "D")
    closed: Dates = np.unique(rows.as_of_date[rows.as_of_date + ahead <= rows.observed_until])
    if len(closed) < 2:
        raise TooFewError(f"{len(closed)} as-of dates with a closed horizon, 2 are needed")
    return closed[-ceil(len(closed) / 3)]


def group_folds(
    groups: npt.NDArray[np.object_], folds: int, what: str
) -> Iterator[tuple[Integers, Integers]]:
    """The places of the rest and of each fold: whole groups, (rows,), of about as many rows.

    Raises:
        TooFewError: there are fewer groups than folds; `what` they are is in the message.
    """
    count = len(np.unique(groups))
    if count < folds:
        raise TooFewError(f"{count} {what}, {folds} are needed")
    yield from GroupKFold(folds).split(groups, groups=groups)
