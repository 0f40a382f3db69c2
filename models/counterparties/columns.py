"""Days as numbers, and columns of Arrow tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from models.arrays import Floats
from models.counterparties.pairs import Integers


def days(dates: pd.Series) -> Floats:
    """Days since 1970, NaN where there is no date."""
    found = pd.to_datetime(dates).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(found), np.nan, found.astype(np.int64).astype(float))


def whole(values: Floats) -> Integers:
    """Whole numbers out of floats that have no NaN."""
    return values.astype(np.int64)


def texts(values: pd.Series[str]) -> pa.Array:
    """Texts; what is missing is null."""
    return pa.array(values, pa.string(), from_pandas=True)


def ratios(values: Floats) -> pa.Array:
    """Doubles; NaN is null."""
    return pa.array(values, pa.float64(), from_pandas=True)


def money(values: pd.Series[float]) -> pa.Array:
    """Amounts as exact decimals, rounded to hundredths; NaN is null."""
    return ratios(np.asarray(values, dtype=np.float64)).cast(pa.decimal128(18, 2))


def whole_days(values: Floats) -> pa.Array:
    """Whole numbers of days; NaN is null."""
    return ratios(values).cast(pa.int64())


def level_names(levels: Integers, names: tuple[str, ...]) -> pa.Array:
    """The names of levels by their numbers."""
    chosen: npt.NDArray[np.object_] = np.array(names, dtype=object)[levels]
    return pa.array(chosen, pa.string())
