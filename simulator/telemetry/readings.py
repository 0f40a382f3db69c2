"""What sensors measure: levels at rest and at work, noise, wear, stops; and how cheats fake them.

Readings are made block by block of a day, so that memory does not grow with density: an array of
(slots of the block, machines, sensors a machine) in thousandths of the sensor's unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from simulator.dialects.facts import Facts
from simulator.frame import Frame, make_frame
from simulator.randomness import MILLION, Draws, Flags, Integers
from simulator.world import cheats
from simulator.world.draw import World
from simulator.world.machines import SENSOR_KINDS, SENSORS_A_MACHINE

MINUTES_A_DAY = 1440
BLOCKS_A_DAY = 6
BLOCK_MINUTES = MINUTES_A_DAY // BLOCKS_A_DAY
# A device loses its connection on one day in a hundred, for up to eight hours; nothing is measured.
OUTAGE_PER_MILLION = 10_000
LONGEST_OUTAGE_MINUTES = 480
REPLAYED_MINUTES = 840
REPLAY_DAY = -2


class Density(Enum):
    """How often each sensor is read; the value is the minutes between two readings."""

    SPARSE = 120
    FULL = 30


@dataclass(frozen=True)
class Levels:
    """Sensor levels, shape (machines, sensors a machine), in thousandths of the unit."""

    at_rest: Integers
    at_work: Integers
    noise: Integers
    wear: Integers


def sensor_levels(world: World, machine: Integers) -> Levels:
    """The levels of some machines; each machine has its own by up to four percent."""
    table = np.array(
        [
            [(kind.at_rest, kind.at_work, kind.noise, kind.wear) for kind in kinds]
            for kinds in SENSOR_KINDS
        ],
        dtype=np.int64,
    )
    levels = table[world.firms.trade[world.machines.firm[machine]]]
    own = 1000 + (machine * 37 % 81 - 40)[:, None]
    return Levels(
        at_rest=levels[..., 0] * own // 1000,
        at_work=levels[..., 1] * own // 1000,
        noise=levels[..., 2],
        wear=levels[..., 3],
    )


@dataclass(frozen=True)
class DayOfMachines:
    """What the readings of a day depend on; one entry a machine, times in minutes of the day."""

    machine: Integers
    levels: Levels
    start: Integers
    minutes: Integers
    stop_start: Integers
    stop_end: Integers
    outage_start: Integers
    outage_end: Integers
    wear: Integers
    is_frozen: Flags
    is_replayed: Flags


def _first_start(machine: Integers, minutes: Integers) -> Integers:
    """When a machine starts: shifts begin about seven; a long day begins earlier."""
    usual = 400 + machine * 29 % 100
    start: Integers = np.clip(usual, 0, np.maximum(MINUTES_A_DAY - minutes, 0))
    return start


def machines_today(facts: Facts, draws: Draws, machine: Integers) -> DayOfMachines:
    """The day of some machines, as their sensors will see it."""
    world, day, size = facts.world, facts.day, len(machine)
    runs, stops = facts.events["machine_runs"], facts.events["machine_events"]
    minutes, wear = runs["minutes"][machine], runs["wear"][machine]
    stop_start = np.full(len(runs), MINUTES_A_DAY, dtype=np.int64)
    stop_end = np.zeros(len(runs), dtype=np.int64)
    stop_start[stops["machine"]] = stops["start_minute"]
    stop_end[stops["machine"]] = stops["start_minute"] + stops["minutes"]
    firm = world.machines.firm[machine]
    cheat, begun = world.firms.cheat[firm], world.firms.cheat_day[firm] <= day
    is_replayed = (cheat == cheats.REPLAYED_SENSORS) & begun
    is_out = draws.happens("outage", OUTAGE_PER_MILLION, size)
    out_from = np.where(
        is_out, draws.integers("outage start", 0, MINUTES_A_DAY, size), MINUTES_A_DAY
    )
    length = draws.integers("outage length", 20, LONGEST_OUTAGE_MINUTES, size)
    minutes = np.where(is_replayed, REPLAYED_MINUTES, minutes)
    return DayOfMachines(
        machine=machine,
        levels=sensor_levels(world, machine),
        start=_first_start(machine, minutes),
        minutes=minutes,
        stop_start=np.where(is_replayed, MINUTES_A_DAY, stop_start[machine]),
        stop_end=stop_end[machine],
        outage_start=out_from,
        outage_end=out_from + length,
        wear=np.where(is_replayed, 200_000, wear),
        is_frozen=(cheat == cheats.FROZEN_SENSORS) & begun,
        is_replayed=is_replayed,
    )


def block_readings(
    day: DayOfMachines, draws: Draws, density: Density, block: int, stream: str
) -> Frame:
    """All readings of one block of a day, a row a machine and slot, in the order of time.

    Columns: machine, minute (of the day), and value_0 to value_2 in thousandths of the unit.
    """
    minute = np.arange(block * BLOCK_MINUTES, (block + 1) * BLOCK_MINUTES, density.value)
    at = minute[:, None]
    works = (at >= day.start) & (at < day.start + day.minutes)
    works &= (at < day.stop_start) | (at >= day.stop_end)
    levels = day.levels
    shape = (len(minute), len(day.machine), SENSORS_A_MACHINE)
    noise = _noise(draws, f"{stream} {block}", shape)
    if day.is_replayed.any():
        again = _noise(Draws(draws.seed, REPLAY_DAY), f"{stream} {block}", shape)
        noise[:, day.is_replayed] = again[:, day.is_replayed]
    # At rest a sensor is calmer than at work.
    noise //= np.where(works, 1, 4)[..., None]
    worn = levels.wear * day.wear[:, None] // MILLION
    value = np.where(works[..., None], levels.at_work + worn, levels.at_rest)
    value = value + noise * levels.noise // 1000
    # What has a zero point, such as rotation, does not go below it; temperatures do.
    value = np.where(levels.at_rest >= 0, np.maximum(value, 0), value)
    value[:, day.is_frozen] = levels.at_work[day.is_frozen] + levels.noise[day.is_frozen] // 3
    is_connected = (at < day.outage_start) | (at >= day.outage_end)
    slot, place = np.nonzero(is_connected)
    values = value[slot, place]
    return make_frame(
        len(slot),
        machine=day.machine[place],
        minute=minute[slot],
        **{f"value_{sensor}": values[:, sensor] for sensor in range(SENSORS_A_MACHINE)},
    )


def _noise(draws: Draws, stream: str, shape: tuple[int, int, int]) -> Integers:
    """Bell-shaped noise in thousandths of a standard deviation: the sum of four even draws."""
    raw = draws.generator(stream).integers(0, 1 << 16, (4, *shape), dtype=np.uint16)
    total = raw.sum(axis=0, dtype=np.int64)
    # Four even draws of 0 to 65,535 have a standard deviation of 37,837.
    noise: Integers = (total - 131_070) * 1000 // 37_837
    return noise
