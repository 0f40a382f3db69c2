"""What every part of a day knows: the world, the day and its random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.calendar import demand_permille, is_bank_day, price_permille, work_permille
from simulator.frame import Frame, total_by
from simulator.randomness import Draws, Flags, Integers
from simulator.state import State
from simulator.world.draw import World

# Why money moves: reasons of a line on a bank statement.
(
    SUPPLIER_PAYMENT,
    WAGES,
    TAXES,
    INSTALMENT,
    FACILITY_DRAWN,
    FACILITY_REPAID,
    PLEDGE_LOAN,
    DIVIDEND,
) = range(8)

CASH_COLUMNS = ("firm", "other", "reason", "reference", "amount_fen")
NO_DEMAND_AFTER_SHOCK = 30


@dataclass(frozen=True)
class Context:
    """The day at hand; demand and raw prices by trade in thousandths."""

    world: World
    day: int
    draws: Draws
    demand: Integers
    raw_price: Integers
    work: int
    is_bank_day: bool

    @property
    def enterprises(self) -> int:
        """How many enterprises there are; parties from this index on are outsiders."""
        return len(self.world.firms)

    @property
    def is_shocked(self) -> Flags:
        """Core enterprises whose market has collapsed; shape (firms,)."""
        shock = self.world.firms.shock_day
        hit: Flags = (shock >= 0) & (shock <= self.day)
        return hit


@dataclass(frozen=True)
class Result:
    """What a part of the day gives: the state after it, and what happened, by event name."""

    state: State
    events: Mapping[str, Frame] = field(default_factory=dict)


def open_day(world: World, day: int) -> Context:
    """The context of a day."""
    return Context(
        world=world,
        day=day,
        draws=Draws(world.seed, day),
        demand=demand_permille(day),
        raw_price=price_permille(day, world.spike_trade, world.spike_day, world.spike_permille),
        work=work_permille(day),
        is_bank_day=is_bank_day(day),
    )


def is_alive(state: State) -> Flags:
    """The firms that have not ceased; shape (firms,)."""
    alive: Flags = state.failed_day < 0
    return alive


def numbered(state: State, serial: str, size: int) -> tuple[Integers, State]:
    """The next `size` numbers of a serial, and the state that has used them."""
    first = state.serials[serial]
    numbers = np.arange(first, first + size, dtype=np.int64)
    return numbers, replace(state, serials={**state.serials, serial: first + size})


def moved(state: State, movements: Frame) -> State:
    """The state after movements of cash."""
    change = total_by(movements["firm"], movements["amount_fen"], len(state.cash_fen))
    return replace(state, cash_fen=state.cash_fen + change)
