"""Random readings of machines with every fault, and what their rollups must be: a slow second way.

It shares nothing with the code under test but the names of the columns.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

CODE_SYSTEM = "rollup_trial"
CHINA = timezone(timedelta(hours=8))
FIRST_DAY = date(2020, 3, 1)
DAYS = 4
DAYS_A_LANDING = 3
LANDINGS = 3
SENSORS = ("power", "temperature")
STEP = timedelta(minutes=20)
YEAR = timedelta(days=365)
MACHINES = ("steady", "frozen", "replayed", "lossy", "ahead", "slow", "held", "bad", "fitful")
NOTHING = float("nan")

Key = tuple[str, str, date]
Minute = tuple[str, str, datetime]
Figures = dict[str, object]


@dataclass(frozen=True)
class Reading:
    """A row of silver.telemetry; `landing` says with which append it comes."""

    machine: str
    sensor: str
    device_time: datetime
    known_at: datetime
    value: float
    quality: str | None
    landing: int

    @property
    def day(self) -> date:
        """Business day by the device's clock."""
        return self.device_time.astimezone(CHINA).date()

    @property
    def minute_of_day(self) -> int:
        """Minute of that day."""
        local = self.device_time.astimezone(CHINA)
        return local.hour * 60 + local.minute


def _clock(machine: str, day: int) -> timedelta:
    """How far a machine's clock is ahead."""
    if machine == "ahead":
        return YEAR + timedelta(minutes=7)
    return timedelta(seconds=-1800 - 60 * day) if machine == "slow" else timedelta()


def random_readings(rng: random.Random) -> list[Reading]:
    """Four days of readings in three landings; late ones come with later landings."""
    readings = []
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=CHINA)
    yesterday: dict[tuple[str, str, int], float] = {}
    for day in range(DAYS):
        for machine in MACHINES:
            for sensor in SENSORS:
                for step in range(timedelta(days=1) // STEP):
                    made = start + timedelta(days=day) + step * STEP
                    made += timedelta(seconds=MACHINES.index(machine), milliseconds=250 * step)
                    value = round(rng.gauss(50, 9), 3)
                    if machine == "frozen" and day and step > 20:
                        value = 41.5
                    if machine in ("replayed", "lossy"):
                        value = yesterday.setdefault((machine, sensor, step), value)
                    is_lost = {"fitful": 0.4, "lossy": 0.02}.get(machine, 0.002)
                    if rng.random() < is_lost:
                        continue
                    quality = rng.choice(["good", "bad", None]) if machine == "bad" else None
                    if machine == "bad" and sensor == "power" and day == 1:
                        quality = "bad"
                    held = timedelta(seconds=rng.randrange(1, 5))
                    late = rng.random() < 0.03 or (machine == "held" and day == 1)
                    days_late = rng.randrange(1, 4) if late else 0
                    readings.append(
                        Reading(
                            machine=machine,
                            sensor=sensor,
                            device_time=(made + _clock(machine, day)).astimezone(UTC),
                            known_at=(made + held + timedelta(days=days_late)).astimezone(UTC),
                            value=value,
                            quality=quality,
                            landing=(day + days_late) // DAYS_A_LANDING,
                        )
                    )
    rng.shuffle(readings)
    return readings


def silver_row(reading: Reading, number: int) -> dict[str, object]:
    """The reading as `silver.telemetry` has it."""
    return {
        "code_system": CODE_SYSTEM,
        "machine_code": reading.machine,
        "sensor_code": reading.sensor,
        "device_time": reading.device_time,
        "value": reading.value,
        "unit": "kW" if reading.sensor == "power" else None,
        "quality": reading.quality,
        "is_anomaly": None,
        "is_changepoint": None,
        "event_at": min(reading.device_time, reading.known_at),
        "known_at": reading.known_at,
        "superseded_at": None,
        "source": CODE_SYSTEM,
        "source_file": f"{CODE_SYSTEM}/{reading.landing}",
        "file_sha256": f"{CODE_SYSTEM}/{reading.landing}",
        "line_number": number,
        "item_number": 1,
    }


def _shared(readings: list[Reading]) -> Figures:
    good = [one for one in readings if one.quality != "bad"]
    total = 0.0
    for one in good:
        total += one.value
    return {
        "unit": "kW" if readings[-1].sensor == "power" else None,
        "reading_count": len(readings),
        "bad_count": len(readings) - len(good),
        "value_min": min((one.value for one in good), default=None),
        "value_max": max((one.value for one in good), default=None),
        "value_mean": total / len(good) if good else None,
        "value_last": good[-1].value if good else None,
        "known_at": max(one.known_at for one in readings),
    }


def _longest_run(good: list[Reading]) -> float | None:
    """The longest time from a reading to a later one with no other value between them."""
    longest = None
    for first, one in enumerate(good):
        for other in good[first:]:
            if other.value != one.value:
                break
            longest = max(longest or 0.0, (other.device_time - one.device_time).total_seconds())
    return longest


def _quantile(values: list[float], share: float) -> float:
    values = sorted(values)
    place = (len(values) - 1) * share
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def _day(readings: list[Reading]) -> Figures:
    good = [one for one in readings if one.quality != "bad"]
    delays = [(one.known_at - one.device_time).total_seconds() for one in readings]
    gaps = [
        (later.device_time - earlier.device_time).total_seconds()
        for earlier, later in pairwise(readings)
    ]
    jumps = [abs(b.value - a.value) for a, b in pairwise(good)]
    return {
        **_shared(readings),
        "first_read_at": readings[0].device_time,
        "last_read_at": readings[-1].device_time,
        "longest_gap_seconds": max(gaps, default=None),
        "longest_frozen_seconds": _longest_run(good),
        "frozen_reading_count": sum(a.value == b.value for a, b in pairwise(good)),
        "distinct_value_count": len({one.value for one in good}),
        "largest_jump": max(jumps, default=None),
        "clock_offset_seconds": _quantile(delays, 0.05),
        "late_count": sum(delay > 86_400 for delay in delays),
        "is_final": False,
    }


def expected_days(readings: Iterable[Reading]) -> dict[Key, Figures]:
    """What `silver.telemetry_day` must hold, but for its hashes."""
    of_day: dict[Key, list[Reading]] = defaultdict(list)
    for one in sorted(readings, key=lambda one: one.device_time):
        of_day[one.machine, one.sensor, one.day].append(one)
    return {key: _day(rows) for key, rows in of_day.items()}


def expected_minutes(readings: Iterable[Reading]) -> dict[Minute, Figures]:
    """What `silver.telemetry_minute` must hold."""
    of_minute: dict[Minute, list[Reading]] = defaultdict(list)
    for one in sorted(readings, key=lambda one: one.device_time):
        minute = one.device_time.replace(second=0, microsecond=0)
        of_minute[one.machine, one.sensor, minute].append(one)
    return {key: {**_shared(rows), "reading_date": rows[0].day} for key, rows in of_minute.items()}


def contents(readings: Iterable[Reading]) -> dict[Key, list[tuple[int, float]]]:
    """The minutes of a day with the values read in them."""
    of_day: dict[Key, list[tuple[int, float]]] = defaultdict(list)
    for one in readings:
        of_day[one.machine, one.sensor, one.day].append((one.minute_of_day, one.value))
    return {key: sorted(values) for key, values in of_day.items()}
