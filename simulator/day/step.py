"""One day: `step(world, state, day)` gives the next state and everything that happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from simulator.day.accounts import posted
from simulator.day.closing import bill_services, close_month
from simulator.day.context import Context, Result, open_day
from simulator.day.invoicing import invoice
from simulator.day.obligations import fall_due, settle
from simulator.day.ordering import take_orders
from simulator.day.payments import fail, pay, sue
from simulator.day.pledging import pledge
from simulator.day.production import produce
from simulator.day.shipping import receive, ship
from simulator.frame import Frame, joined, total_by
from simulator.state import State
from simulator.world.draw import World

Events = Mapping[str, Frame]

# The causal order of a day: goods arrive, duties are paid before suppliers, orders make work,
# work makes goods, goods make invoices.
PARTS: tuple[Callable[[Context, State], Result], ...] = (
    receive,
    fall_due,
    settle,
    pay,
    take_orders,
    produce,
    ship,
    bill_services,
    invoice,
    pledge,
    sue,
    close_month,
    fail,
)


def step(world: World, state: State, day: int) -> tuple[State, Events]:
    """The state at the end of `day` from that at the end of the day before, and the events between.

    Each event is a frame named by what it holds, such as `shipments`; events of several parts with
    one name (`cash`, `postings`) are joined.
    """
    if state.day != day - 1:
        raise ValueError(f"the state is of day {state.day}, so the next is not day {day}")
    context = open_day(world, day)
    happened: dict[str, list[Frame]] = {}
    for part in PARTS:
        result = part(context, state)
        state = result.state
        for name, frame in result.events.items():
            happened.setdefault(name, []).append(frame)
    events = {name: joined(frames) for name, frames in happened.items()}
    runs, machines = events["machine_runs"], world.machines
    energy = total_by(machines.firm[runs["machine"]], runs["watt_hours"], len(world.firms))
    state = replace(
        state,
        day=day,
        ledger_fen=posted(state.ledger_fen, events["postings"]),
        meter_watt_hours=state.meter_watt_hours + energy,
    )
    return state, events
