"""Demand and orders: outsiders order what they need, makers order material as stock runs down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.day.context import NO_DEMAND_AFTER_SHOCK, Context, Result, is_alive, numbered
from simulator.frame import Frame, joined, make_frame, total_by
from simulator.randomness import Flags, Integers
from simulator.state import State
from simulator.world.relations import OUTSIDE_SALE, RAW_PURCHASE, SUPPLY

# Days of use that stock and orders under way are to cover until the next order arrives.
COVER_DAYS = 16
# A firm that could not pay for so long is not trusted with goods any more.
TRUST_DAYS = 45
RATE_MEMORY_DAYS = 32
LEAST_TRUST_PERMILLE = 250
WANTED_IN_DAYS = 12


def _is_due(context: Context, kind: Flags) -> Integers:
    """Relations of some kinds whose ordering day it is."""
    relations = context.world.relations
    due: Integers = np.flatnonzero(
        kind & ((context.day + relations.phase) % relations.interval == 0)
    )
    return due


def outside_orders(context: Context, state: State) -> Frame:
    """Orders of outsiders: the mean, the day's demand, and the customer's own mood."""
    world, draws = context.world, context.draws
    relations, firms = world.relations, world.firms
    due = _is_due(context, relations.kind == OUTSIDE_SALE)
    seller = relations.supplier[due]
    due = due[is_alive(state)[seller]]
    seller, product = relations.supplier[due], relations.product[due]
    demand = context.demand[firms.trade[seller]]
    demand = np.where(context.is_shocked[seller], demand * NO_DEMAND_AFTER_SHOCK // 1000, demand)
    # A squared bell: positive and skewed like a lognormal, and exact on every machine.
    mood = 960 + draws.normal("customer mood", len(due)) * 27 // 100
    milli = relations.daily_milli[due] * relations.interval[due] * demand // 1000
    quantity = draws.rounded("order size", milli * mood // 1000 * mood // 1000, 1000)
    return make_frame(
        len(due),
        relation=due,
        quantity=quantity,
        price_fen=world.products.price_fen[product] * relations.price_permille[due] // 1000,
    )


def needed_milli(context: Context, state: State) -> Integers:
    """Use of each material a day that the orders of late imply; thousandths of a unit."""
    recipes = context.world.recipes
    need = state.order_rate_milli[recipes.product] * recipes.per_thousand // 1000
    return total_by(recipes.material, need, len(context.world.materials))


def purchase_orders(context: Context, state: State) -> Frame:
    """Orders for material up to what cover asks, shared among its suppliers."""
    world, relations = context.world, context.world.relations
    due = _is_due(context, (relations.kind == SUPPLY) | (relations.kind == RAW_PURCHASE))
    buyer = relations.customer[due]
    is_trusted = (state.unpaid_since < 0) | (context.day - state.unpaid_since < TRUST_DAYS)
    seller_lives = np.concatenate(
        [is_alive(state), np.ones(len(world.parties) - context.enterprises, dtype=np.bool_)]
    )
    due = due[(is_alive(state) & is_trusted)[buyer] & seller_lives[relations.supplier[due]]]
    material = relations.material[due]
    target = needed_milli(context, state)[material] * (COVER_DAYS + relations.interval[due]) // 1000
    there = state.material_units + state.material_ordered
    gap = np.maximum(target - there[material], 0)
    # Who knows that a supplier delivers short orders more of it.
    is_outside = relations.kind[due] == RAW_PURCHASE
    fill = world.parties.fill_permille[relations.supplier[due]]
    expected = np.where(is_outside, np.maximum(fill, LEAST_TRUST_PERMILLE), 1000)
    quantity = gap * relations.share_permille[due] // expected
    product = relations.product[due]
    raw = world.materials.cost_fen[material]
    raw = raw * context.raw_price[world.materials.trade[material]] // 1000
    price = np.where(product >= 0, world.products.price_fen[product], raw)
    return make_frame(
        len(due),
        relation=due,
        quantity=quantity,
        price_fen=np.maximum(price * relations.price_permille[due] // 1000, 1),
    )


def take_orders(context: Context, state: State) -> Result:
    """All orders of the day; orders to outside suppliers are under way at once."""
    world = context.world
    orders = joined([outside_orders(context, state), purchase_orders(context, state)])
    orders = orders.take(orders["quantity"] > 0)
    number, state = numbered(state, "order", len(orders))
    wanted = context.day + context.draws.integers("wanted", 3, WANTED_IN_DAYS, len(orders))
    orders = orders.with_columns(
        order=number,
        day=np.full(len(orders), context.day, dtype=np.int64),
        wanted_day=wanted,
        remaining=orders["quantity"],
    )
    relation = orders["relation"]
    material, product = world.relations.material[relation], world.relations.product[relation]
    bought, sold = material >= 0, product >= 0
    ordered = total_by(material[bought], orders["quantity"][bought], len(world.materials))
    asked = total_by(product[sold], orders["quantity"][sold], len(world.products))
    rate = state.order_rate_milli + (asked * 1000 - state.order_rate_milli) // RATE_MEMORY_DAYS
    state = replace(
        state,
        material_ordered=state.material_ordered + ordered,
        order_rate_milli=rate,
        books=state.with_book("orders", joined([state.book("orders"), orders])),
    )
    return Result(state, {"orders": orders})
