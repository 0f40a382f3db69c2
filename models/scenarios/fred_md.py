"""The monthly file of FRED-MD, and the transformations that its second line names.

Source: McCracken, M. W. and Ng, S. (2016), FRED-MD: A Monthly Database for Macroeconomic Research,
Journal of Business and Economic Statistics 34(4), with the codes 1 to 7 in its appendix.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

DATE_COLUMN = "sasdate"
LOGARITHMIC = (4, 5, 6)


@dataclass(frozen=True, eq=False)
class MonthlySeries:
    """Series as published, (months, series), indexed by month, and the code of each."""

    values: pd.DataFrame
    codes: dict[str, int]


def read_fred_md(path: Path, names: Iterable[str]) -> MonthlySeries:
    """Read some series of a FRED-MD file; NaN where a month has no value.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a series is not in the file, or the second line doesn't hold the codes.
    """
    wanted = list(names)
    rows = pd.read_csv(path, usecols=[DATE_COLUMN, *wanted])
    if not str(rows[DATE_COLUMN].iloc[0]).startswith("Transform"):
        raise ValueError(f"The second line of {path} does not hold the transformation codes.")
    # Some vintages end with an empty line.
    months = rows.iloc[1:].dropna(subset=[DATE_COLUMN])
    dates = pd.DatetimeIndex(pd.to_datetime(months[DATE_COLUMN], format="%m/%d/%Y"))
    values = months[wanted].astype(float).set_axis(dates.to_period("M"))
    return MonthlySeries(values, {name: int(rows[name].iloc[0]) for name in wanted})


def transformed(series: pd.Series[float], code: int) -> pd.Series[float]:
    """A series made stationary; NaN where it has no value, or not enough months before.

    Codes: 1 as it is, 2 first difference, 3 second difference, 4 logarithm, 5 first and 6 second
    difference of the logarithm, 7 first difference of the growth from month to month (a ratio).

    Raises:
        ValueError: no such code, or a logarithm of what is not above 0.
    """
    if code in LOGARITHMIC:
        if (series <= 0).any():
            raise ValueError(f"{series.name} is not above 0 in every month: it has no logarithm.")
        return transformed(pd.Series(np.log(series), name=series.name), code - 3)
    match code:
        case 1:
            return series
        case 2:
            return series.diff()
        case 3:
            return series.diff().diff()
        case 7:
            return series.pct_change(fill_method=None).diff()
    raise ValueError(f"{series.name}: FRED-MD has no transformation code {code}.")
