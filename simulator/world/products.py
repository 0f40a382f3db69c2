"""What the makers make, and the bill of materials of each product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.randomness import Draws, Flags, Integers
from simulator.world.firms import Firms
from simulator.world.trades import (
    CORE,
    CORE_PRICE_FACTOR,
    MAKER_TRADES,
    SUPPLY_MIX,
    TIER_THREE,
    TRADES,
)

SERVICES_PERMILLE = 20
OVERHEAD_PERMILLE = 60
INTEREST_AND_TAX_PERMILLE = 25


@dataclass(frozen=True)
class Products:
    """Products of the makers, ordered by firm; prices and standard costs in fen a unit.

    `share_permille` is the product's part of its firm's turnover.
    """

    firm: Integers
    kind: Integers
    price_fen: Integers
    cost_fen: Integers
    share_permille: Integers

    def __len__(self) -> int:
        """How many products there are."""
        return len(self.firm)


@dataclass(frozen=True)
class Materials:
    """Materials that makers buy, ordered by firm; `cost_fen` is the standard price a unit.

    A raw material comes from outside the ecosystem; any other is an intermediate of `trade`.
    """

    firm: Integers
    trade: Integers
    is_raw: Flags
    cost_fen: Integers

    def __len__(self) -> int:
        """How many materials there are."""
        return len(self.firm)


@dataclass(frozen=True)
class Recipes:
    """Bills of materials: `per_thousand` units of the material make a thousand of the product."""

    product: Integers
    material: Integers
    per_thousand: Integers


def draw_products(draws: Draws, firms: Firms) -> Products:
    """One to three products a maker."""
    makers = np.flatnonzero(firms.is_maker & ~firms.is_shell)
    counts = draws.integers("product count", 1, 4, len(makers))
    firm = np.repeat(makers, counts)
    place = np.arange(len(firm)) - np.repeat(np.cumsum(counts) - counts, counts)
    base = np.array([trade.unit_price_fen for trade in TRADES])[firms.trade[firm]]
    factor = np.where(firms.tier[firm] == CORE, CORE_PRICE_FACTOR, 1)
    price = base * factor * draws.integers("price", 850, 1151, len(firm)) // 1000
    # The first product of a firm is its main one.
    weight = np.array([6, 3, 2])[place]
    share = weight * 1000 // np.repeat(np.add.reduceat(weight, np.cumsum(counts) - counts), counts)
    return Products(firm, place, price, price, share)


def material_permille(firms: Firms) -> Integers:
    """What of a firm's turnover goes into materials: all that other costs and margin leave."""
    trades = firms.trade
    wages = np.array([trade.wage_permille for trade in TRADES])[trades]
    energy = np.array([trade.energy_permille for trade in TRADES])[trades]
    other = SERVICES_PERMILLE + OVERHEAD_PERMILLE + INTEREST_AND_TAX_PERMILLE
    left: Integers = 1000 - wages - energy - other - firms.margin_permille
    return left


def draw_materials(draws: Draws, firms: Firms) -> Materials:
    """Two materials a maker, the second of another kind; the outermost tier buys raw ones only."""
    makers = np.flatnonzero(firms.is_maker & ~firms.is_shell)
    firm = np.repeat(makers, 2)
    own = firms.trade[firm]
    mix = np.cumsum(SUPPLY_MIX, axis=1)[own]
    bought = (draws.integers("supply mix", 0, 1000, len(firm))[:, None] >= mix).sum(axis=1)
    outermost = firms.tier[firm] == TIER_THREE
    second = np.arange(len(firm)) % 2 == 1
    is_raw = outermost | (~second & (draws.integers("raw", 0, 100, len(firm)) < 30))
    # The second of two raw materials is fuel and packing of another trade's raw kind.
    raw_trade = np.where(second, (own + 1) % MAKER_TRADES, own)
    trade = np.where(is_raw, raw_trade, bought)
    raw_price = np.array([kind.raw_price_fen for kind in TRADES])[trade]
    unit_price = np.array([kind.unit_price_fen for kind in TRADES])[trade]
    return Materials(firm, trade, is_raw, np.where(is_raw, raw_price, unit_price))


def draw_recipes(firms: Firms, products: Products, materials: Materials) -> Recipes:
    """Each product takes both materials of its firm, two thirds of the value from the first."""
    first_of_firm = np.searchsorted(materials.firm, products.firm)
    product = np.repeat(np.arange(len(products)), 2)
    second = np.arange(len(product)) % 2
    material = np.repeat(first_of_firm, 2) + second
    value = products.price_fen[product] * material_permille(firms)[products.firm[product]]
    part = np.where(second == 1, 1, 2)
    # value is in thousandths of a fen a unit, so that the quotient is per thousand units.
    per_thousand = value * part // 3 // materials.cost_fen[material]
    return Recipes(product, material, np.maximum(per_thousand, 1))


def standard_costs(
    firms: Firms, products: Products, materials: Materials, recipes: Recipes
) -> Integers:
    """Standard cost of a unit: materials, wages and energy; fen, shape (products,)."""
    cost = np.zeros(len(products), dtype=np.int64)
    np.add.at(cost, recipes.product, recipes.per_thousand * materials.cost_fen[recipes.material])
    wages = np.array([kind.wage_permille + kind.energy_permille for kind in TRADES])[firms.trade]
    making = products.price_fen * wages[products.firm]
    total: Integers = np.maximum((cost + making) // 1000, 1)
    return total
