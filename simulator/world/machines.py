"""Sites, machines and sensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.randomness import Draws, Integers
from simulator.world.firms import Firms
from simulator.world.products import Products
from simulator.world.trades import LOGISTICS, TRADES

SENSORS_A_MACHINE = 3
# Machines can make this much more than the mean of what is asked of them.
SPARE_PERMILLE = 2600
LOAD_HOURS = 14
ENERGY_FEN_A_KWH = 65
# Now and then somebody sets the year of a machine's clock wrong.
YEAR_SECONDS = 365 * 86_400


@dataclass(frozen=True)
class SensorKind:
    """What a sensor measures: values in thousandths of `unit`, at rest and at work.

    `noise` is a standard deviation, `wear` what full wear adds, both in thousandths of the unit.
    """

    name: str
    unit: str
    at_rest: int
    at_work: int
    noise: int
    wear: int


# Three kinds of sensors a machine of each trade.
SENSOR_KINDS = (
    (
        SensorKind("rotation", "rpm", 0, 620_000, 9_000, -40_000),
        SensorKind("power", "kW", 400, 5_200, 180, 900),
        SensorKind("temperature", "degC", 24_000, 46_000, 900, 14_000),
    ),
    (
        SensorKind("injection_pressure", "bar", 2_000, 92_000, 2_500, -9_000),
        SensorKind("barrel_temperature", "degC", 60_000, 214_000, 1_800, 12_000),
        SensorKind("power", "kW", 900, 31_000, 1_600, 4_000),
    ),
    (
        SensorKind("furnace_temperature", "degC", 1_120_000, 1_480_000, 6_000, -30_000),
        SensorKind("gas_flow", "m3/h", 30_000, 210_000, 4_000, 25_000),
        SensorKind("rotation", "rpm", 0, 96_000, 1_500, -5_000),
    ),
    (
        SensorKind("cold_room_temperature", "degC", -17_500, -18_200, 350, 4_500),
        SensorKind("humidity", "%", 82_000, 88_000, 1_500, -6_000),
        SensorKind("soil_moisture", "%", 27_000, 31_000, 700, 0),
    ),
    (
        SensorKind("rotation", "rpm", 0, 2_400_000, 30_000, -90_000),
        SensorKind("vibration", "mm/s", 150, 2_100, 140, 5_200),
        SensorKind("power", "kW", 600, 11_500, 500, 1_400),
    ),
    (
        SensorKind("speed", "km/h", 0, 62_000, 12_000, 0),
        SensorKind("cargo_temperature", "degC", 12_000, 4_000, 600, 2_500),
        SensorKind("fuel_flow", "l/h", 0, 17_500, 1_600, 2_800),
    ),
    (
        SensorKind("temperature", "degC", 16_000, 16_500, 500, 3_000),
        SensorKind("humidity", "%", 55_000, 57_000, 1_800, 6_000),
        SensorKind("occupancy", "%", 61_000, 64_000, 900, 0),
    ),
)


@dataclass(frozen=True)
class Machines:
    """Machines ordered by firm; `product` is what the machine makes, or -1.

    `units_milli_a_day` is its capacity in thousandths of a unit on a full working day, `watts` its
    power at work, `site` the firm's first (0) or second (1) site.
    """

    firm: Integers
    product: Integers
    site: Integers
    watts: Integers
    units_milli_a_day: Integers
    wear_rate: Integers
    clock_drift_seconds: Integers

    def __len__(self) -> int:
        """How many machines there are."""
        return len(self.firm)


def draw_machines(draws: Draws, firms: Firms, products: Products, made_milli: Integers) -> Machines:
    """One to four machines a product, vehicles for logistics firms, halls for warehouses."""
    monthly = products.price_fen * made_milli // 1000 * 30
    lines = 1 + np.digitize(monthly, [30_000_000, 150_000_000, 600_000_000])
    product = np.repeat(np.arange(len(products)), lines)
    service = np.flatnonzero(~firms.is_maker)
    vehicles = np.where(firms.trade[service] == LOGISTICS, 5, 2)
    # A shell shows one old machine to visitors.
    shells = np.flatnonzero(firms.is_shell)
    other = np.concatenate([np.repeat(service, vehicles), shells])
    firm = np.concatenate([products.firm[product], other])
    product = np.concatenate([product, np.full(len(other), -1)])
    order = np.argsort(firm, kind="stable")
    firm, product = firm[order], product[order]
    size = len(firm)
    share = np.bincount(firm, minlength=len(firms))[firm]
    energy = np.array([trade.energy_permille for trade in TRADES])[firms.trade[firm]]
    fen_a_day = firms.turnover_fen_a_day[firm] * energy // 1000 // share
    capacity = np.where(
        product >= 0,
        made_milli[product] * SPARE_PERMILLE // 1000 // np.concatenate([lines, [1]])[product]
        + 1000,
        0,
    )
    return Machines(
        firm=firm,
        product=product,
        site=(draws.integers("site", 0, 100, size) < 12).astype(np.int64),
        watts=np.maximum(fen_a_day * 1000 // ENERGY_FEN_A_KWH // LOAD_HOURS, 300),
        units_milli_a_day=capacity,
        wear_rate=draws.integers("wear rate", 500, 1600, size),
        clock_drift_seconds=np.select(
            [
                draws.happens("wrong year", 1_500, size),
                draws.happens("drifting clock", 40_000, size),
            ],
            [np.full(size, YEAR_SECONDS), draws.integers("clock drift", -5400, 5401, size)],
            0,
        ),
    )
