"""The weather service: hourly readings of a station a region, for farms and cold chains, as JSON.

Moments are seconds of the Unix epoch; a station that does not answer leaves a gap.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from simulator.calendar import date_of
from simulator.dialects.facts import Delivery, Facts
from simulator.disorder import Outbox
from simulator.frame import make_frame
from simulator.telemetry.messages import DAY_SECONDS, EPOCH_SECONDS
from simulator.text import chosen, decimal, lines, listed, whole
from simulator.world.trades import REGIONS

HOURS = 24
# Mean temperature by calendar month from January, in thousandths of a degree.
MONTHLY_MILLIDEGREES = np.array([3, 6, 11, 17, 22, 26, 29, 28, 24, 18, 12, 6]) * 1000
RAIN_PER_MILLION = 120_000
STATIONS = listed([code for code, _, _ in REGIONS])
CITIES = listed([city for _, _, city in REGIONS])


def weather_json(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Temperature, humidity and rain of every hour, a file a day for all stations."""
    size = len(REGIONS) * HOURS
    hour, station = np.divmod(np.arange(size), len(REGIONS))
    draws = outbox.draws
    # One draw a station and day: a warm day is warm in all its hours.
    of_the_day = draws.normal("weather day", len(REGIONS))[station] * 3
    swing = 4_500 - 900 * np.minimum(np.abs(hour - 14), 10)
    mean = int(MONTHLY_MILLIDEGREES[date_of(facts.day).month - 1])
    rains = draws.happens("rain", RAIN_PER_MILLION, size)
    tenths = np.where(rains, draws.integers("rain amount", 1, 90, size), 0)
    every = make_frame(
        size,
        station=station,
        hour=hour,
        day=facts.day,
        temperature=mean + of_the_day + swing + draws.normal("weather", size) * 4 // 10,
        humidity=np.clip(62_000 + rains * 22_000 - swing * 2, 15_000, 100_000),
        rain=tenths,
    )
    rows = outbox.rows("weather", "weather/stations", every)
    second = EPOCH_SECONDS + rows["day"] * DAY_SECONDS + rows["hour"] * 3600
    content = lines(
        [
            '{"station":"',
            chosen(STATIONS, rows["station"]),
            '","city":"',
            chosen(CITIES, rows["station"]),
            '","epoch":',
            whole(second),
            ',"air":{"temperature_c":',
            decimal(rows["temperature"], 3),
            ',"humidity_pct":',
            decimal(rows["humidity"], 3),
            '},"rain_mm":',
            decimal(rows["rain"], 1),
            "}",
        ]
    )
    yield Delivery(f"weather/stations_{facts.stamp}.jsonl", content)
