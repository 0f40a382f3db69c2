"""Draw a world from a seed and a number of enterprises."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator import figures
from simulator.frame import total_by
from simulator.randomness import Draws, Integers
from simulator.world.firms import Firms, Parties, draw_firms, draw_parties
from simulator.world.loans import Loans, draw_loans
from simulator.world.machines import Machines, draw_machines
from simulator.world.products import (
    Materials,
    Products,
    Recipes,
    draw_materials,
    draw_products,
    draw_recipes,
    standard_costs,
)
from simulator.world.relations import (
    FREIGHT,
    STORAGE,
    Relations,
    draw_relations,
    expected_units,
)
from simulator.world.trades import MAKER_TRADES, TRADES

WORLD_DAY = -1
USUAL_PERMILLE = 880


@dataclass(frozen=True)
class World:
    """All that stays as it is; see the parts for shapes and units.

    `made_milli` (products) and `used_milli` (materials) are mean units a day in thousandths. The
    price of one raw material, of `spike_trade`, rises by `spike_permille` from `spike_day` on.
    """

    seed: int
    firms: Firms
    parties: Parties
    products: Products
    materials: Materials
    recipes: Recipes
    relations: Relations
    machines: Machines
    loans: Loans
    made_milli: Integers
    used_milli: Integers
    spike_trade: int
    spike_day: int
    spike_permille: int


def _with_real_size(firms: Firms, turnover_fen: Integers) -> Firms:
    """The firms with the turnover that their relations give them, and all that goes with size."""
    wages = np.array([kind.wage_permille for kind in TRADES])[firms.trade]
    expenses = firms.expenses_a_month_tenths
    monthly_cny = turnover_fen * 30 // 100
    # Holidays leave less than the mean day's sales; staff is hired for what is left.
    usual = turnover_fen * USUAL_PERMILLE // 1000
    return replace(
        firms,
        turnover_fen_a_day=turnover_fen,
        # A shell pays two people.
        wage_fen_a_month=np.where(
            firms.is_shell, 1_000_000, np.maximum(usual * 30 * wages // 1000, 1_000_000)
        ),
        expenses_a_month_tenths=np.minimum(expenses, 20 + monthly_cny // 700),
        invoice_cap_fen=np.array(figures.INVOICE_CAPS_FEN)[
            np.digitize(monthly_cny, [120_000, 3_000_000])
        ],
    )


def draw_world(seed: int, enterprises: int) -> World:
    """Draw the world; the same arguments give the same world on any machine."""
    draws = Draws(seed, WORLD_DAY)
    firms = draw_firms(draws, enterprises)
    parties = draw_parties(draws, firms)
    products = draw_products(draws, firms)
    materials = draw_materials(draws, firms)
    recipes = draw_recipes(firms, products, materials)
    products = replace(products, cost_fen=standard_costs(firms, products, materials, recipes))
    relations = draw_relations(draws, firms, products, materials, parties.owner_of)
    made, used = expected_units(firms, products, materials, recipes, relations)
    services = (relations.kind == FREIGHT) | (relations.kind == STORAGE)
    turnover = total_by(products.firm, products.price_fen * made // 1000, enterprises)
    turnover += total_by(relations.supplier[services], relations.daily_milli[services], enterprises)
    turnover = np.where(firms.is_shell, firms.turnover_fen_a_day, np.maximum(turnover, 50_000))
    firms = _with_real_size(firms, turnover)
    return World(
        seed=seed,
        firms=firms,
        parties=parties,
        products=products,
        materials=materials,
        recipes=recipes,
        relations=relations,
        machines=draw_machines(draws, firms, products, made),
        loans=draw_loans(draws, firms),
        made_milli=made,
        used_milli=used,
        spike_trade=int(draws.integers("spike trade", 0, MAKER_TRADES, 1)[0]),
        spike_day=int(draws.integers("spike day", 60, 200, 1)[0]),
        spike_permille=int(draws.integers("spike height", 400, 900, 1)[0]),
    )
