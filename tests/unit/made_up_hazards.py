"""Firms with made-up hazards, whose distress follows from them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.early_warning.firm_dates import FirmDates, firm_dates

START = date(2020, 1, 31)
NOT_YET = np.datetime64("NaT", "D")


def ecosystem(seed: int, firms: int = 120, months: int = 9) -> tuple[FirmDates, Floats]:
    """Firms whose hazards are known: x0 drives them, x1 is noise; and those hazards, by row."""
    random = np.random.default_rng(seed)
    strength = random.normal(size=firms)
    dates = pd.date_range(START, periods=months, freq="ME")
    distress = np.full(firms, NOT_YET)
    parts, hazards = [], []
    for as_of in dates:
        x0 = strength + 0.3 * random.normal(size=firms)
        hazard = 1 / (1 + np.exp(4.0 - 1.5 * x0))
        falls = (random.random(firms) < hazard) & np.isnat(distress)
        day = np.datetime64(as_of, "D")
        distress[falls] = day + random.integers(1, 29, falls.sum())
        parts.append(pd.DataFrame({"x0": x0, "x1": random.normal(size=firms), "as_of_date": as_of}))
        hazards.append(hazard)
    rows = pd.concat(parts, ignore_index=True)
    place = np.tile(np.arange(firms), months)
    rows["enterprise_id"] = [f"E{one:03}" for one in place]
    rows["chain"] = [f"C{one % 12:02}" for one in place]
    rows["borrower_since"] = START - timedelta(days=90)
    rows["distress_date"] = distress[place]
    rows["distress_known_date"] = distress[place] + np.timedelta64(1, "D")
    rows["observed_until"] = dates[-1] + pd.Timedelta(days=29)
    return firm_dates(rows, ["x0", "x1"]), np.concatenate(hazards)
