"""Simulated ecosystems that several test modules look at; each is run once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from simulator.day.opening import open_state
from simulator.day.step import Events, step
from simulator.frame import Frame, joined
from simulator.state import State
from simulator.world.draw import World, draw_world

SEED = 7


@dataclass(frozen=True)
class Day:
    """One simulated day: the state before and after it, and its events."""

    before: State
    after: State
    events: Events


@dataclass(frozen=True)
class Year:
    """A long run: its end, and some of its events, all days together."""

    world: World
    end: State
    invoices: Frame
    payments: Frame
    shipments: Frame
    receipts: Frame
    work_orders: Frame
    machine_events: Frame
    cash_short_days: dict[int, int]


@cache
def small_world() -> World:
    """A hundred and twenty enterprises, some of which cheat."""
    return draw_world(SEED, 120)


def days(count: int) -> Iterator[Day]:
    """The first days of the small world."""
    world = small_world()
    state = open_state(world)
    for number in range(count):
        before = state
        state, events = step(world, state, number)
        yield Day(before, state, events)


YEAR_DAYS, YEAR_ENTERPRISES = 365, 340
KEPT_EVENTS = (
    "invoices",
    "payments",
    "shipments",
    "receipts",
    "work_orders",
    "machine_events",
)


@cache
def long_year(is_shocked: bool = True) -> Year:
    """A year of a larger world, through an epidemic and, if shocked, a core firm's failure."""
    world = draw_world(SEED, YEAR_ENTERPRISES)
    if not is_shocked:
        never = np.full_like(world.firms.shock_day, -1)
        world = replace(world, firms=replace(world.firms, shock_day=never))
    state = open_state(world)
    kept: dict[str, list[Frame]] = {name: [] for name in KEPT_EVENTS}
    short: dict[int, int] = {}
    for number in range(YEAR_DAYS):
        state, events = step(world, state, number)
        for name in KEPT_EVENTS:
            frame = events[name]
            kept[name].append(frame.with_columns(day=np.full(len(frame), number, dtype=np.int64)))
        unpaid = (state.unpaid_since >= 0) & (state.cash_fen < world.firms.wage_fen_a_month)
        for firm in unpaid.nonzero()[0].tolist():
            short[firm] = short.get(firm, 0) + 1
    frames = {name: joined(parts) for name, parts in kept.items()}
    return Year(world=world, end=state, cash_short_days=short, **frames)
