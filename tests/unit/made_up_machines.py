"""Made-up reports and readings of machines, as the queries of machine health return them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models.machine_health.history import History, history
from models.machine_health.specification import Specification

FIRST = np.datetime64("2019-07-01", "D")
SPECIFICATION = Specification()
DAYS = SPECIFICATION.history_days + SPECIFICATION.training_days
Row = dict[str, Any]
NOTHING = {
    **{"detail": None, "is_stop": False, "started_minute": 0.0, "minutes": np.nan},
    **{"good_quantity": np.nan, "scrap_quantity": np.nan},
    **{"run_minutes": np.nan, "energy_kwh": np.nan, "superseded_date": pd.NaT},
}


def day(number: int) -> np.datetime64:
    """A day, counted from the first, which is 0."""
    return FIRST + np.timedelta64(number, "D")


def report(machine: str, kind: str, number: int, late: int = 0, **changes: Any) -> Row:
    """A report of a machine of a day, known so many days after it; `F1` owns it unless told."""
    return {
        **{"code_system": "mes", "enterprise_code": "F1", "machine_code": machine, "kind": kind},
        **{"day": day(number), "known_date": day(number + late)},
        **NOTHING,
        **changes,
    }


def reading(machine: str, sensor: str, number: int, highest: float, late: int = 0) -> Row:
    """A day of readings of a machine; its lowest value is 0."""
    return {
        **{"code_system": "sensors", "machine_code": machine, "sensor_code": sensor},
        **{"day": day(number), "highest": highest, "spread": highest},
        "known_date": day(number + late),
    }


def made_up(
    reports: list[Row],
    readings: list[Row],
    last: int,
    sites: list[Row] | None = None,
    links: list[Row] | None = None,
    days: int = DAYS,
) -> History:
    """The history of so many days up to a last one; each row stands by then."""
    report_columns = [*report("M", "work", 0)]
    reading_columns = [*reading("M", "s", 0, 0.0)]
    frame = pd.DataFrame(reports, columns=report_columns)
    for name in ("day", "known_date", "superseded_date"):
        frame[name] = pd.to_datetime(frame[name])
    return history(
        frame,
        pd.DataFrame(readings, columns=reading_columns),
        pd.DataFrame(sites or [], columns=["code_system", "machine_code", "enterprise_name"]),
        pd.DataFrame(links or [], columns=["code_system", "party_code", "enterprise_id"]),
        *(day(last), days),
    )


def fleet(seed: int, machines: int = 80, owners: int = 20, days: int = 300) -> History:
    """Machines whose chance to fail on a day grows with the days since their maintenance."""
    random = np.random.default_rng(seed)
    reports: list[Row] = []
    for number in range(machines):
        code, owner = f"M{number:03}", {"enterprise_code": f"F{number % owners:02}"}
        every, tended = int(random.integers(10, 60)), 0
        for at in range(days):
            if (at + number) % every == 0:
                tended = at
                overhaul = {"detail": "overhaul", "minutes": 300.0, "started_minute": 480.0}
                reports.append(report(code, "maintenance", at, **overhaul, **owner))
            if at % 3 == 0:
                made = {"run_minutes": 900.0, "minutes": 900.0, "good_quantity": 100.0}
                scrap = {"scrap_quantity": float(random.integers(0, 5)), "energy_kwh": 40.0}
                reports.append(report(code, "work", at, **made, **scrap, **owner))
            if random.random() < 0.002 + 0.0012 * (at - tended):
                stop = {"detail": "breakdown", "is_stop": True, "minutes": 120.0}
                reports.append(report(code, "event", at, started_minute=600.0, **stop, **owner))
    return made_up(reports, [], days)
