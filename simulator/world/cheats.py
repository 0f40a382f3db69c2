"""The planted cheats: which firms deceive, and how. Only the truth folder ever says so."""

from __future__ import annotations

import numpy as np

from simulator.randomness import Draws, Integers
from simulator.world.names import ROADS
from simulator.world.trades import MAKER_TRADES, TIER_ONE

(
    HONEST,
    PHANTOM_INVOICES,
    CIRCULAR_TRADE,
    DOUBLE_PLEDGE,
    REPLAYED_SENSORS,
    FROZEN_SENSORS,
    INFLATED_STOCK,
    RELATED_CUSTOMERS,
    PERFECT_SHELL,
) = range(9)

CHEAT_NAMES = (
    "honest",
    "invoices_without_production",
    "circular_trade",
    "stock_pledged_twice",
    "replayed_sensor_values",
    "frozen_sensor_values",
    "inflated_erp_stock",
    "related_parties_as_customers",
    "shell_with_perfect_paper",
)

CHEATS_PERMILLE = 30
CIRCLE = 3
RELATED_PARTIES = 4
# The order in which kinds are planted until 3 % of the firms cheat; a circle takes three places.
PLANTING_ORDER = (
    PHANTOM_INVOICES,
    INFLATED_STOCK,
    DOUBLE_PLEDGE,
    CIRCULAR_TRADE,
    CIRCULAR_TRADE,
    CIRCULAR_TRADE,
    PERFECT_SHELL,
    FROZEN_SENSORS,
    RELATED_CUSTOMERS,
    REPLAYED_SENSORS,
)


def draw_cheats(draws: Draws, tier: Integers, trade: Integers) -> tuple[Integers, Integers]:
    """Kind of cheat of each firm and, for circles, which circle it is in (else -1).

    Makers of the outer tiers cheat; a circle is never left incomplete.
    """
    count = len(tier)
    kind, group = np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    able = np.flatnonzero((tier > TIER_ONE) & (trade < MAKER_TRADES))
    wanted = max(1, count * CHEATS_PERMILLE // 1000)
    planted = [PLANTING_ORDER[place % len(PLANTING_ORDER)] for place in range(wanted)]
    while planted.count(CIRCULAR_TRADE) % CIRCLE:
        planted.append(CIRCULAR_TRADE)
    chosen = draws.generator("cheats").permutation(able)[: len(planted)]
    kind[chosen] = planted[: len(chosen)]
    circle = np.flatnonzero(kind == CIRCULAR_TRADE)
    group[circle] = np.arange(len(circle)) // CIRCLE
    return kind, group


def related_owners(draws: Draws, cheat: Integers, parties: int) -> Integers:
    """For each party the enterprise whose owner secretly owns it, or -1; shape (parties,)."""
    owner = np.full(parties, -1, dtype=np.int64)
    cheating = np.repeat(np.flatnonzero(cheat == RELATED_CUSTOMERS), RELATED_PARTIES)
    # The first half of the outsiders buy; see the relations.
    buyers = np.arange(len(cheat), len(cheat) + (parties - len(cheat)) // 2)
    owner[draws.generator("related").permutation(buyers)[: len(cheating)]] = cheating
    return owner


def road_names(draws: Draws, size: int) -> list[str]:
    """A road for each address."""
    return [ROADS[place] for place in draws.integers("road", 0, len(ROADS), size).tolist()]
