"""When an alarm is raised, and how many days before distress."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.arrays import Booleans, Floats
from models.early_warning.firm_dates import FirmDates


def alarm_threshold(probability: Floats, flagged_ratio: float) -> float:
    """The probability that at most this share of the given ones, (rows,), is above.

    Raises:
        ValueError: there is no row.
    """
    if not len(probability):
        raise ValueError("There is no healthy firm-date to set a threshold by.")
    return float(np.quantile(probability, 1 - flagged_ratio, method="higher"))


def warnings(dates: FirmDates, is_alarm: Booleans, look_back_days: int) -> pd.DataFrame:
    """Days from first look and from first alarm to distress, by distressed enterprise.

    A look is a firm-date at most `look_back_days` before the distress and not on its day. Columns
    are `look_days`, and `warned_days`, which is 0 where no look raised an alarm.
    """
    ahead = (dates.distress_date - dates.as_of_date) / np.timedelta64(1, "D")
    is_look = (dates.borrower_since <= dates.as_of_date) & (ahead > 0) & (ahead <= look_back_days)
    looks = pd.DataFrame(
        {
            "enterprise_id": dates.enterprise_id[is_look],
            "look_days": ahead[is_look],
            "warned_days": np.where(is_alarm, ahead, 0.0)[is_look],
        }
    )
    return looks.groupby("enterprise_id", sort=True).max()
