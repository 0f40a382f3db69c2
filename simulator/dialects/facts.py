"""What a dialect is given, and what it delivers; the codes under which systems know things."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulator.calendar import date_of
from simulator.day.step import Events
from simulator.disorder import Outbox
from simulator.frame import Frame
from simulator.randomness import Flags, Integers
from simulator.state import State
from simulator.text import listed, padded
from simulator.world.draw import World
from simulator.world.names import SPELLING_STYLES, spelling
from simulator.world.trades import TRADES

# A system gives a party a number of its own; steps without a common factor keep numbers apart.
NUMBER_SPACE = 1_000_000_007
PARTY_STEP = 7_368_787
OWNER_STEP = 104_729
# A prime: numbers below it are scrambled without meeting.
SCRAMBLED = 99_991


@dataclass(frozen=True)
class Directory:
    """Texts by index, made once a run; `spellings` has one array of names a style."""

    credit_codes: pa.Array
    names: pa.Array
    english_names: pa.Array
    spellings: list[pa.Array]
    products: pa.Array
    product_codes: pa.Array
    product_units: pa.Array
    materials: pa.Array
    material_codes: pa.Array
    material_units: pa.Array
    machine_codes: pa.Array
    site_codes: pa.Array


@dataclass(frozen=True)
class Facts:
    """A day that is over: `state` is its end, `events` what happened.

    Nothing was sent before the connected day.
    """

    world: World
    directory: Directory
    day: int
    state: State
    events: Events
    connected_day: int = 0

    @property
    def is_connected(self) -> bool:
        """Whether systems send what they know of this day."""
        return self.day >= self.connected_day

    @property
    def sends_lists(self) -> bool:
        """Whether master data go out: on the first day of a month, and when all begins."""
        return self.day == self.connected_day or date_of(self.day).day == 1

    @property
    def stamp(self) -> str:
        """The day as file names have it, such as 20190701."""
        return f"{date_of(self.day):%Y%m%d}"

    @property
    def month(self) -> str:
        """The month as file names have it, such as 201907."""
        return f"{date_of(self.day):%Y%m}"

    def only(self, event: str, column: str, firms: Flags) -> Frame:
        """The rows of an event whose firm (in `column`) is one of the flagged enterprises."""
        frame = self.events[event]
        index = frame[column]
        inside = (index >= 0) & (index < len(firms))
        return frame.take(inside & firms[np.where(inside, index, 0)])


@dataclass(frozen=True)
class Delivery:
    """A file to be written below `files/`; a path that exists is written anew.

    Large content comes in chunks that are made as they are written.
    """

    path: str
    content: bytes | Iterable[bytes]


Dialect = Callable[[Facts, Outbox], Iterable[Delivery]]


def foreign_number(owner: Integers, party: Integers) -> Integers:
    """The number by which the system of `owner` knows a party; nine digits, unique for an owner."""
    number: Integers = (party * PARTY_STEP + owner * OWNER_STEP) % NUMBER_SPACE % 10**9
    return number


def spelled(directory: Directory, owner: Integers, party: Integers) -> pa.Array:
    """The names of parties as the clerks of `owner` spell them; always alike for a pair."""
    style = (owner * 31 + party * 17) % (SPELLING_STYLES + 4)
    # Four in ten spell the name in full.
    style = np.where(style >= SPELLING_STYLES, 0, style)
    size = len(directory.names)
    together = pa.concat_arrays(directory.spellings)
    return together.take(pa.array(style * size + party))


def make_directory(world: World) -> Directory:
    """Texts of a world."""
    parties, firms, products = world.parties, world.firms, world.products
    trade = firms.trade[products.firm].tolist()
    words = [TRADES[kind].product_words for kind in trade]
    kinds = products.kind.tolist()
    material_trade = world.materials.trade.tolist()
    raw = world.materials.is_raw.tolist()
    materials = [
        TRADES[kind].raw_name if is_raw else f"{TRADES[kind].chinese}半成品"
        for kind, is_raw in zip(material_trade, raw, strict=True)
    ]
    machine_trade = firms.trade[world.machines.firm].tolist()
    letters = "WPGFMLS"
    machine_numbers = scrambled(np.arange(len(machine_trade)), 3).tolist()
    return Directory(
        credit_codes=listed(parties.credit_codes),
        names=listed(parties.names),
        english_names=listed(parties.english_names),
        spellings=[
            listed([spelling(name, style) for name in parties.names])
            for style in range(SPELLING_STYLES)
        ],
        products=listed(
            [choice[kind % len(choice)] for choice, kind in zip(words, kinds, strict=True)]
        ),
        product_codes=listed([f"{letters[kind]}{number:05d}" for number, kind in enumerate(trade)]),
        product_units=listed([TRADES[kind].unit for kind in trade]),
        materials=listed(materials),
        material_codes=listed([f"RM{number:06d}" for number in range(len(materials))]),
        material_units=listed(
            [
                TRADES[kind].raw_unit if is_raw else TRADES[kind].unit
                for kind, is_raw in zip(material_trade, raw, strict=True)
            ]
        ),
        machine_codes=listed(
            [
                f"{letters[kind]}M-{number:05d}"
                for kind, number in zip(machine_trade, machine_numbers, strict=True)
            ]
        ),
        site_codes=listed(
            [f"ST{number:05d}" for number in scrambled(np.arange(len(firms)), 4).tolist()]
        ),
    )


def scrambled(index: Integers, system: int) -> Integers:
    """Numbers below `SCRAMBLED` that a system gives in an order of its own, each once."""
    number: Integers = (index * (7_919 + 2 * system) + 13_007 * system) % SCRAMBLED
    return number


def firm_codes(firm: Integers) -> pa.Array:
    """Codes of enterprises on the tax platform, counted from one: E17."""
    return pa.compute.binary_join_element_wise("E", padded(firm + 1, 0), "")


def factory_codes(firm: Integers) -> pa.Array:
    """Codes of enterprises in the workshop system: F20713."""
    return pa.compute.binary_join_element_wise("F", padded(scrambled(firm, 1), 5), "")


def meter_numbers(firm: Integers) -> pa.Array:
    """The grid's meters, one an enterprise: DB0041729."""
    return pa.compute.binary_join_element_wise("DB", padded(scrambled(firm, 2), 7), "")
