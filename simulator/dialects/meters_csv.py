"""The grid's meters: energy of every quarter of an hour in local time, and the register's count.

The midnight reading that ends a day carries the next day's date, 00:00, as grids write it. From a
certain day on the meters have three decimals instead of two.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from simulator import figures
from simulator.calendar import work_permille
from simulator.dialects.facts import Delivery, Facts, meter_numbers
from simulator.disorder import METER_DECIMALS_DAY, Outbox
from simulator.frame import make_frame, total_by
from simulator.randomness import Integers
from simulator.text import chosen, decimal, moments, table
from simulator.world.trades import FOOD, GLASS, LOGISTICS, WAREHOUSE

QUARTERS = 96
# Share of a day's energy that flows evenly, in thousandths: cold rooms and furnaces never rest.
EVEN_PERMILLE = {GLASS: 800, FOOD: 600, WAREHOUSE: 850, LOGISTICS: 300}
OTHERS_EVEN_PERMILLE = 120


def quarter_weights(facts: Facts, draws_stream: str, outbox: Outbox) -> Integers:
    """How a day's energy spreads over its quarters; shape (firms, quarters), any unit."""
    trade = facts.world.firms.trade
    shape = np.repeat(np.array(figures.WEEKDAY_LOAD, dtype=np.int64), QUARTERS // 24)
    even = np.full(len(trade), OTHERS_EVEN_PERMILLE, dtype=np.int64)
    for kind, share in EVEN_PERMILLE.items():
        even[trade == kind] = share
    if work_permille(facts.day) == 0:
        even[:] = 900
    noise = 1000 + outbox.draws.normal(draws_stream, (len(trade), QUARTERS)) * 12 // 100
    bumpy = shape[None, :] * noise * (1000 - even)[:, None] // 1000
    weights: Integers = bumpy + 100 * even[:, None]
    return weights


def meters_csv(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """One meter a firm; the quarters add up to the day's energy exactly."""
    count, runs = len(facts.world.firms), facts.events["machine_runs"]
    firm_of = facts.world.machines.firm[runs["machine"]]
    energy = total_by(firm_of, runs["watt_hours"], count)
    weights = quarter_weights(facts, "meter noise", outbox)
    running = np.cumsum(weights, axis=1)
    reached = energy[:, None] * running // running[:, -1:]
    used = np.diff(reached, axis=1, prepend=0)
    before = facts.state.meter_watt_hours - energy
    firm, quarter = np.divmod(np.arange(count * QUARTERS), QUARTERS)
    every = make_frame(
        count * QUARTERS,
        firm=firm,
        quarter=quarter,
        day=facts.day,
        watt_hours=used.ravel(),
        register=(before[:, None] + reached).ravel(),
    )
    rows = outbox.rows("meters", "meters/load", every)
    is_fine = facts.day >= METER_DECIMALS_DAY
    unit, places = (1, 3) if is_fine else (10, 2)
    columns = {
        "meter_no": meter_numbers(rows["firm"]),
        "reading_time": moments(rows["day"], (rows["quarter"] + 1) * 900, "%Y-%m-%d %H:%M"),
        "energy_kwh": decimal(rows["watt_hours"] // unit, places),
        "register_kwh": decimal(rows["register"] // unit, places),
    }
    yield Delivery(
        f"meters/load_{facts.stamp}.csv", table(list(columns.values()), ",", list(columns))
    )
    if facts.day == facts.connected_day:
        listed_firms = make_frame(count, firm=np.arange(count))
        firms = outbox.rows("registry", "meters/customers", listed_firms)["firm"]
        listing = {
            "meter_no": meter_numbers(firms),
            "customer": chosen(facts.directory.names, firms),
        }
        yield Delivery(
            f"meters/customers_{facts.stamp}.csv", table(list(listing.values()), ",", list(listing))
        )
