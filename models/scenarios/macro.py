"""An index of real activity by year, and how bad each year was among the others.

The index is the first principal component of a few declared series, as in the diffusion indexes of
Stock and Watson (2002, Journal of Business and Economic Statistics 20(2)) and of McCracken and Ng
(2016), which take more of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import norm

from models.scenarios.fred_md import MonthlySeries, transformed

MONTHS_OF_A_YEAR = 12


def whole_years(months: pd.DataFrame) -> pd.DataFrame:
    """The months of those years of which every month of every series is known."""
    known = months.dropna()
    years = pd.PeriodIndex(known.index).year
    counts = pd.Series(years).value_counts()
    return known[np.isin(years, counts.index[counts == MONTHS_OF_A_YEAR])]


def activity_index(series: MonthlySeries, signs: Mapping[str, int]) -> pd.Series[float]:
    """The index by year: the mean of its months, without unit, more in better years.

    Each series is transformed by its code and standardised over the whole years. Extreme months
    stay: a year's mean of monthly changes is the change over the year, and a fall that is cut
    while the rise after it is not would turn a bad year into a good one.

    Args:
        series: At least the series of `signs`.
        signs: 1 for a series that rises in good times, -1 for one that falls, by name.

    Raises:
        ValueError: there is no whole year, a series never changes, or the component does not load
            on every series with its sign, so that more of it is not more activity.
    """
    names = list(signs)
    changes = pd.DataFrame(
        {name: transformed(series.values[name], series.codes[name]) for name in names}
    )
    months = whole_years(changes)
    if months.empty:
        raise ValueError("There is no year of which every month of every series is known.")
    spread = months.std(ddof=0)
    if not (spread > 0).all():
        raise ValueError(f"{spread.idxmin()} never changes.")
    standardised = (months - months.mean()) / spread
    # Of standardised columns the right singular vectors are those of the correlation matrix.
    loadings = np.linalg.svd(standardised.to_numpy(), full_matrices=False)[2][0]
    agreeing = loadings * np.array([signs[name] for name in names])
    if agreeing.sum() < 0:
        loadings, agreeing = -loadings, -agreeing
    if not (agreeing > 0).all():
        against = [name for name, value in zip(names, agreeing, strict=True) if value <= 0]
        raise ValueError(f"The component moves against the declared sign of {', '.join(against)}.")
    monthly = standardised @ loadings
    return monthly.groupby(pd.PeriodIndex(monthly.index).year).mean()


def normal_scores(values: pd.Series[float]) -> pd.Series[float]:
    """What a standard normal variable would have in the place of each value, by its rank.

    The quantile of rank r among n is (r - 3/8) / (n + 1/4): Blom, G. (1958), Statistical Estimates
    and Transformed Beta Variables, Wiley. Equal values share the mean of their ranks.
    """
    quantiles = (values.rank() - 0.375) / (len(values) + 0.25)
    return pd.Series(norm.ppf(quantiles), index=values.index)
