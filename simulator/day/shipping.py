"""Shipments out, goods on the road, receipts and returns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator import figures
from simulator.day.accounts import (
    COST_OF_SALES,
    FINISHED_GOODS,
    GOODS_ISSUE,
    GOODS_NOT_INVOICED,
    GOODS_RECEIPT,
    MAKING_COST,
    MATERIALS,
    document,
)
from simulator.day.context import Context, Result, is_alive, numbered
from simulator.frame import Frame, fill_in_order, joined, make_frame, total_by
from simulator.randomness import Integers
from simulator.state import State
from simulator.world.relations import FREIGHT, RAW_PURCHASE

# Purposes of a bill, as the invoicing reads them.
GOODS, RETURN, SERVICE_FEE, EXPENSE, PLANTED_PAPER = range(5)

# The least part of an order that is worth a lorry, unless the rest is all that is missing.
LEAST_PART_PERMILLE = 300
REJECTION_PER_MILLION = 7_000
# A buyer bears what is lost on the road below this part, as contracts have it, and claims the rest.
TOLERATED_LOSS_PERMILLE = 41
LONGEST_DELAY = 60
# A customer does not wait longer than this for what is overdue.
PATIENCE_DAYS = 60


def carriers(context: Context) -> Integers:
    """The carrier that each enterprise uses; -1 for none; shape (firms,)."""
    relations = context.world.relations
    kind = (relations.kind == FREIGHT) & (relations.customer < context.enterprises)
    carrier = np.full(context.enterprises, -1, dtype=np.int64)
    carrier[relations.customer[kind]] = relations.supplier[kind]
    return carrier


def _on_the_road(context: Context, served: Frame, stream: str) -> Frame:
    """Shipments of served orders: when they are to arrive, when they will, what gets lost."""
    draws, size = context.draws, len(served)
    transit = draws.integers(f"{stream} transit", 1, 5, size)
    late = draws.happens(f"{stream} late", figures.DELIVERY_LATE_PERMILLE * 1000, size)
    delay = draws.from_table(f"{stream} delay", figures.DELIVERY_DAYS_LATE, size)
    early = draws.happens(f"{stream} early", figures.DELIVERY_EARLY_PERMILLE * 1000, size)
    # Nothing arrives on the day on which it leaves.
    early &= transit > 1
    delay = np.where(late, np.minimum(delay, LONGEST_DELAY), -early.astype(np.int64))
    loss = draws.from_table(f"{stream} loss", figures.CARRIER_LOSS_PER_100_000, size)
    lost = draws.rounded(f"{stream} lost units", served["quantity"] * loss, 100_000)
    planned = context.day + transit
    seller = context.world.relations.supplier[served["relation"]]
    is_enterprise = seller < context.enterprises
    carrier = np.where(is_enterprise, carriers(context)[np.where(is_enterprise, seller, 0)], -1)
    return served.with_columns(
        carrier=carrier,
        lost=np.minimum(lost, served["quantity"]),
        sent_day=np.full(size, context.day, dtype=np.int64),
        planned_day=planned,
        arrival_day=planned + delay,
    )


def ship(context: Context, state: State) -> Result:
    """Serve open orders from stock, oldest wish first; outsiders deliver what is wanted."""
    world, relations, day = context.world, context.world.relations, context.day
    orders = state.book("orders").sorted_by("wanted_day", "order")
    product = relations.product[orders["relation"]]
    is_sale = product >= 0
    buyer = relations.customer[orders["relation"]]
    lives = np.concatenate(
        [is_alive(state), np.ones(len(world.parties) - context.enterprises, dtype=np.bool_)]
    )
    cancelled = ~lives[buyer] | ~lives[relations.supplier[orders["relation"]]]
    cancelled |= is_sale & (day - orders["wanted_day"] > PATIENCE_DAYS)
    is_ripe = (orders["wanted_day"] <= day + 3) & ~cancelled
    if context.work < 500:
        is_ripe &= False
    claim = np.where(is_ripe & is_sale, orders["remaining"], 0)
    served = np.zeros(len(orders), dtype=np.int64)
    served[is_sale] = fill_in_order(product[is_sale], claim[is_sale], state.product_units)
    enough = served * 1000 >= orders["remaining"] * LEAST_PART_PERMILLE
    served = np.where(enough, served, 0)
    from_outside = is_ripe & (relations.kind[orders["relation"]] == RAW_PURCHASE)
    fill = world.parties.fill_permille[relations.supplier[orders["relation"]]]
    served = np.where(from_outside, orders["remaining"] * fill // 1000, served)
    sent = served > 0
    shipments = orders.take(sent).with_columns(quantity=served[sent])
    shipments = _on_the_road(context, shipments, "shipment")
    number, state = numbered(state, "shipment", len(shipments))
    shipments = Frame(
        {
            "shipment": number,
            **{n: shipments[n] for n in state.book("transit").columns if n != "shipment"},
        }
    )
    left = orders.with_columns(remaining=orders["remaining"] - served)
    # What an outsider does not deliver at once it does not deliver at all.
    keeps = (left["remaining"] > 0) & ~cancelled & ~from_outside
    # What will not come any more is no longer on order.
    material = relations.material[orders["relation"]]
    gone = (cancelled | from_outside) & (material >= 0)
    missing = total_by(material[gone], left["remaining"][gone], len(world.materials))
    sold = product[sent] >= 0
    out = total_by(product[sent][sold], served[sent][sold], len(world.products))
    value = served[sent] * np.where(sold, world.products.cost_fen[product[sent]], 0)
    seller = relations.supplier[shipments["relation"]]
    postings = document(
        GOODS_ISSUE,
        seller[sold],
        shipments["shipment"][sold],
        [(COST_OF_SALES, value[sold]), (FINISHED_GOODS, -value[sold])],
    )
    net = shipments["quantity"] * shipments["price_fen"]
    shipped_value = total_by(seller[sold], net[sold], context.enterprises)
    books = state.with_book("orders", left.take(keeps).sorted_by("order"))
    books["transit"] = joined([state.book("transit"), shipments])
    books["bills"] = joined([state.book("bills"), _bills(context, shipments, net)])
    state = replace(
        state,
        product_units=state.product_units - out,
        material_ordered=state.material_ordered - missing,
        month_shipped_fen=state.month_shipped_fen + shipped_value,
        books=books,
    )
    return Result(
        state,
        {
            "shipments": shipments,
            "cancelled_orders": orders.take(cancelled),
            "postings": postings,
        },
    )


def _bills(context: Context, shipments: Frame, net: Integers) -> Frame:
    """What will be invoiced for shipments, some days later."""
    relations, relation = context.world.relations, shipments["relation"]
    size = len(shipments)
    return make_frame(
        size,
        supplier=relations.supplier[relation],
        customer=relations.customer[relation],
        relation=relation,
        reference=shipments["shipment"],
        purpose=GOODS,
        net_fen=net,
        tax_percent=relations.tax_percent[relation],
        term_days=relations.term_days[relation],
        bill_day=context.day + context.draws.integers("billing delay", 0, 4, size),
    )


def receive(context: Context, state: State) -> Result:
    """Goods that arrive: accepted into stock, or claimed back as lost or rejected."""
    world, relations, draws = context.world, context.world.relations, context.draws
    transit = state.book("transit")
    here = transit["arrival_day"] <= context.day
    came = transit.take(here).sorted_by("shipment")
    size = len(came)
    arrived = came["quantity"] - came["lost"]
    rejects = draws.happens("rejection", REJECTION_PER_MILLION, size)
    part = draws.integers("rejected part", 50, 900, size)
    rejected = np.where(rejects, arrived * part // 1000, 0)
    relation = came["relation"]
    material = relations.material[relation]
    accepted = arrived - rejected
    lost = came["lost"]
    claimed = rejected + np.where(lost * 1000 > came["quantity"] * TOLERATED_LOSS_PERMILLE, lost, 0)
    receipts = came.with_columns(rejected=rejected, accepted=accepted, claimed=claimed)
    bought = material >= 0
    count = len(world.materials)
    value = accepted * np.where(bought, world.materials.cost_fen[material], 0)
    paid = (came["quantity"] - claimed) * came["price_fen"]
    postings = document(
        GOODS_RECEIPT,
        relations.customer[relation][bought],
        came["shipment"][bought],
        [
            (MATERIALS, value[bought]),
            (GOODS_NOT_INVOICED, -paid[bought]),
            (MAKING_COST, (paid - value)[bought]),
        ],
    )
    returned = receipts.take(claimed > 0)
    credit = _bills(context, returned, -returned["claimed"] * returned["price_fen"])
    later = context.day + draws.integers("credit delay", 3, 20, len(returned))
    credit = credit.with_columns(
        purpose=np.full(len(returned), RETURN, dtype=np.int64), bill_day=later
    )
    books = state.with_book("transit", transit.take(~here))
    books["bills"] = joined([state.book("bills"), credit])
    state = replace(
        state,
        material_units=state.material_units + total_by(material[bought], accepted[bought], count),
        material_ordered=state.material_ordered
        - total_by(material[bought], came["quantity"][bought], count),
        books=books,
    )
    return Result(state, {"receipts": receipts, "postings": postings})
