"""The simulated calendar: working days, seasons, the macro cycle, and the epidemic quarter."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from simulator.randomness import Integers

FIRST_DATE = date(2019, 7, 1)

SPRING_FESTIVALS = (
    date(2020, 1, 25),
    date(2021, 2, 12),
    date(2022, 2, 1),
    date(2023, 1, 22),
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
)

# Demand by calendar month from January, in thousandths of the mean; one row a trade. After the real
# invoices: a full January before the festival, an empty February, a strong end of year.
SEASON = np.array(
    [
        [1050, 800, 1000, 1050, 950, 900, 880, 950, 1080, 1120, 1120, 1100],  # textile weaving
        [1080, 780, 960, 980, 980, 1000, 980, 990, 1020, 1040, 1080, 1110],  # plastics moulding
        [950, 700, 950, 1020, 1050, 1060, 1040, 1040, 1060, 1060, 1050, 1020],  # glass
        [1300, 900, 900, 900, 930, 960, 980, 990, 1040, 980, 1000, 1120],  # agri-food
        [1050, 780, 1000, 1010, 1010, 1020, 960, 970, 1010, 1010, 1060, 1120],  # machinery
        [1100, 780, 980, 990, 990, 1000, 980, 990, 1020, 1030, 1060, 1080],  # logistics
        [1050, 900, 980, 990, 990, 1000, 990, 1000, 1020, 1030, 1030, 1020],  # warehouse
    ],
    dtype=np.int64,
)

EPIDEMIC_FIRST = date(2020, 1, 24)
EPIDEMIC_DAYS = 90
# What is left of demand at the worst of the epidemic, in thousandths, by trade.
EPIDEMIC_FLOOR = np.array([380, 520, 500, 880, 450, 600, 850], dtype=np.int64)

MACRO_PERIOD_DAYS = 1400
MACRO_SWING = 80

PRICE_SPIKE_DAYS = 75


def date_of(day: int) -> date:
    """The calendar date of a simulated day; day 0 is the first."""
    return FIRST_DATE + timedelta(days=day)


def dates_of(days: Integers) -> np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]:
    """Calendar dates of many days, as datetime64[D]."""
    return np.datetime64(FIRST_DATE, "D") + days


def is_holiday(when: date) -> bool:
    """Whether factories rest: the spring festival or the first week of October."""
    festival = any(
        timedelta(days=-3) <= when - first <= timedelta(days=9) for first in SPRING_FESTIVALS
    )
    return festival or (when.month == 10 and when.day <= 5)


def work_permille(day: int) -> int:
    """How much of an ordinary working day is worked, in thousandths."""
    when = date_of(day)
    if is_holiday(when):
        return 0
    return {5: 550, 6: 150}.get(when.weekday(), 1000)


def is_bank_day(day: int) -> bool:
    """Whether banks move money: Monday to Friday outside holidays."""
    when = date_of(day)
    return when.weekday() < 5 and not is_holiday(when)


def last_bank_day(first: int, days: Integers) -> Integers:
    """For each day, none before `first`, the last bank day not after it (or `first`)."""
    if not len(days):
        return days
    span = np.arange(first, max(int(days.max()), first) + 1)
    opened = np.where([is_bank_day(day) for day in span.tolist()], span, first)
    last: Integers = np.maximum.accumulate(opened)[np.maximum(days - first, 0)]
    return last


def is_month_end(day: int) -> bool:
    """Whether the next day is in another month."""
    return date_of(day + 1).month != date_of(day).month


def _triangle_wave(day: int, period: int, swing: int) -> int:
    """A wave of straight lines, so that every machine agrees on it: -swing to swing."""
    phase = day % period
    half = period // 2
    return (4 * swing * (phase if phase < half else period - phase)) // period - swing


def epidemic_permille(day: int) -> Integers:
    """Demand left by the epidemic, by trade, in thousandths: a sudden fall, a slow recovery."""
    since = (date_of(day) - EPIDEMIC_FIRST).days
    if not 0 <= since < EPIDEMIC_DAYS:
        return np.full(len(EPIDEMIC_FLOOR), 1000, dtype=np.int64)
    recovered = max(0, since - EPIDEMIC_DAYS // 3)
    left: Integers = EPIDEMIC_FLOOR + (1000 - EPIDEMIC_FLOOR) * recovered // (
        2 * EPIDEMIC_DAYS // 3
    )
    return left


def demand_permille(day: int) -> Integers:
    """Demand of a day by trade against its mean, in thousandths; shape (trades,)."""
    macro = 1000 - _triangle_wave(day, MACRO_PERIOD_DAYS, MACRO_SWING)
    season = SEASON[:, date_of(day).month - 1]
    demand: Integers = season * macro // 1000 * epidemic_permille(day) // 1000
    return demand


def price_permille(day: int, spike_trade: int, spike_day: int, height: int) -> Integers:
    """Prices of raw material by trade against the standard, in thousandths; shape (5,).

    One material doubles at most within a month and falls back within the spike's length.
    """
    prices = np.full(5, 1000, dtype=np.int64)
    since = day - spike_day
    if 0 <= since < PRICE_SPIKE_DAYS:
        climb = min(since, PRICE_SPIKE_DAYS - since)
        prices[spike_trade] += min(height, height * climb // 20)
    return prices
