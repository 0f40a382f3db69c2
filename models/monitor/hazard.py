"""What the monitoring needs to know of a hazard, and what it sees of it as of a date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import Booleans, Floats
from models.hazard_report.evidence import Naming
from models.monitor.finding import Said
from models.unit_figures import count_units


@dataclass(frozen=True)
class Hazard:
    """A registered hazard: where its rows are, and how it looks ahead.

    A row of `table` is of an `entity` on a date and has a probability by each of `horizons`, in
    days, in the columns `probabilities`. A horizon is closed `reporting_days` after its end.
    `alarm` is the column of its alarms, None where it raises none.
    """

    model_name: str
    table: str
    entity: str
    horizons: tuple[int, ...]
    probabilities: tuple[str, ...]
    reporting_days: int
    alarm: str | None
    naming: Naming

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that are looked at, beside date and version."""
        return (self.entity, *self.probabilities, *((self.alarm,) if self.alarm else ()))


@dataclass(frozen=True, eq=False)
class Covariates:
    """Covariates of the rows of a date, as far as they are found again.

    `values` is (rows, covariates), `unit` (rows,) within which rows are alike; `described` says
    each covariate in English and Chinese.
    """

    values: pd.DataFrame
    unit: npt.NDArray[np.object_]
    described: Mapping[str, Said]

    @property
    def unit_count(self) -> int:
        """Units of the rows."""
        return count_units(self.unit)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of past rows, as known by a day.

    `counts` says whether the outcome by a horizon is known and `outcome` is 1 for an event by then,
    both (past rows, horizons); `unit` is (past rows,).
    """

    counts: Booleans
    outcome: Floats
    unit: npt.NDArray[np.object_]
