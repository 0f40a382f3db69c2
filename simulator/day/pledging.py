"""Warehouse receipts over finished stock, pledged to a bank for a short loan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.day.accounts import CASH, LOAN, LOANS, document
from simulator.day.context import PLEDGE_LOAN, Context, Result, is_alive, moved, numbered
from simulator.frame import joined, make_frame
from simulator.state import State
from simulator.world import cheats
from simulator.world.firms import BANKS
from simulator.world.relations import STORAGE

PLEDGE_DAYS = 60
# What a bank lends on stock, in thousandths of its standard cost.
ADVANCE_PERMILLE = 600
STOCK_PART_PERMILLE = 500
PLEDGE_PER_MILLION = 450_000
LEAST_LOT_FEN = 3_000_000


def pledge(context: Context, state: State) -> Result:
    """Issue receipts, lend on them, release those whose term is over.

    Whoever pledges twice has a second warehouse certify the very same lot to another bank.
    """
    world, day = context.world, context.day
    relations = world.relations
    ends = state.book("pledges")["end_day"] <= day
    released = state.book("pledges").take(ends)
    loan_of = np.full(context.enterprises, -1, dtype=np.int64)
    loan_of[world.loans.firm] = np.arange(len(world.loans))
    stores = (relations.kind == STORAGE) & (relations.customer < context.enterprises)
    due = stores & ((day + relations.phase + 11) % relations.interval == 0)
    rows = np.flatnonzero(due)
    firm = relations.customer[rows]
    main_product = np.searchsorted(world.products.firm, firm)
    quantity = state.product_units[main_product] * STOCK_PART_PERMILLE // 1000
    value = quantity * world.products.cost_fen[main_product]
    has_one = np.isin(firm, state.book("pledges")["firm"])
    willing = context.draws.happens("pledge", PLEDGE_PER_MILLION, len(rows))
    # A cheat pledges whatever it has, and then the same lot once more.
    cheating = world.firms.cheat[firm] == cheats.DOUBLE_PLEDGE
    able = is_alive(state)[firm] & (loan_of[firm] >= 0) & ~has_one & context.is_bank_day
    able &= np.where(cheating, value > 0, willing & (value > LEAST_LOT_FEN))
    chosen = np.flatnonzero(able)
    twice = chosen[cheating[chosen]]
    both = np.concatenate([chosen, twice])
    is_second = np.arange(len(both)) >= len(chosen)
    number, state = numbered(state, "receipt", len(both))
    lot = np.concatenate([number[: len(chosen)], number[: len(chosen)][np.isin(chosen, twice)]])
    warehouses = np.unique(relations.supplier[stores])
    warehouse = relations.supplier[rows[both]]
    other = warehouses[(np.searchsorted(warehouses, warehouse) + 1) % max(len(warehouses), 1)]
    fresh = make_frame(
        len(both),
        receipt=number,
        lot=lot,
        firm=firm[both],
        warehouse=np.where(is_second, other, warehouse),
        product=main_product[both],
        quantity=quantity[both],
        bank=(world.firms.bank[firm[both]] + is_second) % BANKS,
        amount_fen=value[both] * ADVANCE_PERMILLE // 1000,
        start_day=day,
        end_day=day + PLEDGE_DAYS,
    )
    movements = make_frame(
        len(fresh),
        firm=fresh["firm"],
        other=-1,
        reason=PLEDGE_LOAN,
        reference=fresh["receipt"],
        amount_fen=fresh["amount_fen"],
    )
    postings = document(
        LOAN,
        fresh["firm"],
        fresh["receipt"],
        [(CASH, fresh["amount_fen"]), (LOANS, -fresh["amount_fen"])],
    )
    loan_due = state.loan_due_fen.copy()
    np.add.at(loan_due, loan_of[released["firm"]], released["amount_fen"])
    kept = state.book("pledges").take(~ends)
    books = state.with_book("pledges", joined([kept, fresh]))
    state = moved(replace(state, loan_due_fen=loan_due, books=books), movements)
    events = {"pledges": fresh, "pledges_ended": released, "cash": movements}
    return Result(state, {**events, "postings": postings})
