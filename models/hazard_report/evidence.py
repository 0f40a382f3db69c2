"""What a training of a hazard has at hand to judge it by, whatever the units and events are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import Booleans, Dates, Floats
from models.hazard import HazardModel, PersonIntervals, probabilities
from models.hazard_training import Trained
from models.unit_figures import count_units
from models.validation_report.document import Words


@dataclass(frozen=True)
class Naming:
    """What a report calls things: the rows, the units that are left out together, the event."""

    rows: Words
    units: Words
    event: Words


@dataclass(frozen=True, eq=False)
class Evidence:
    """Rows of units on dates, what came of them, and the model that was trained on them.

    `values` is (rows, covariates), `unit` and `as_of_date` are (rows,). `counts` says which rows
    count at a horizon and `outcome` is 1 where the event came by its end, both (rows, horizons);
    `horizons` are in days. `scored` is (scored, covariates) of the training's date. `alone` names
    covariates that are held against the model as ranks without one. Predictions are put into
    `bins`; samples are drawn with `seed`.
    """

    naming: Naming
    values: pd.DataFrame
    unit: npt.NDArray[np.object_]
    as_of_date: Dates
    person: PersonIntervals
    horizons: tuple[int, ...]
    counts: Booleans
    outcome: Floats
    trained: Trained[HazardModel]
    signs: Mapping[str, int]
    alone: tuple[str, ...]
    scored: pd.DataFrame
    bins: int
    seed: int

    @property
    def names(self) -> tuple[str, ...]:
        """The covariates that the model reads."""
        return tuple(self.signs)

    @property
    def said(self) -> Floats:
        """The probability by the end of each horizon, of units left out, (rows, horizons)."""
        return probabilities(self.trained.out_of_fold)

    @property
    def used(self) -> Booleans:
        """Which rows have a closed interval and so were trained on, (rows,)."""
        found = np.zeros(len(self.values), dtype=bool)
        found[self.person.row] = True
        return found

    @property
    def used_unit_count(self) -> int:
        """Units of the rows that were trained on."""
        return count_units(self.unit[self.used])

    @property
    def trained_values(self) -> pd.DataFrame:
        """The covariates of the rows that were trained on, (rows, covariates)."""
        return self.values.loc[self.used, list(self.names)]

    @property
    def compared_values(self) -> pd.DataFrame:
        """What the training is compared with: what is scored, or the newest rows without it."""
        is_newest = self.as_of_date == self.as_of_date.max()
        rows = self.scored if len(self.scored) else self.values[is_newest]
        return rows[list(self.names)]

    def sha256(self, settings: Mapping[str, object]) -> str:
        """The hash of rows, units, dates, intervals and settings of the training."""
        found = hashlib.sha256()
        head = {"covariates": list(self.values.columns), "settings": settings}
        found.update(json.dumps(head, sort_keys=True, default=str).encode())
        units = [str(one) for one in self.unit]
        found.update(json.dumps(units, ensure_ascii=False).encode())
        days = self.as_of_date.astype("datetime64[D]").astype(np.int64)
        person = (self.person.row, self.person.interval, self.person.event)
        for array in (self.values.to_numpy(dtype=float), days, *person):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()
