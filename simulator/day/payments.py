"""Payments: what customers mean to pay and can; failure, and what it costs others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.day.accounts import (
    BAD_DEBT,
    CASH,
    INCOMING_PAYMENT,
    OUTGOING_PAYMENT,
    PAYABLES,
    RECEIVABLES,
    WRITE_OFF,
    document_for,
)
from simulator.day.context import SUPPLIER_PAYMENT, Context, Result, is_alive, moved, numbered
from simulator.frame import Frame, fill_in_order, joined, make_frame
from simulator.randomness import Integers
from simulator.state import State

# Days without paying wages, tax or loan after which a firm ceases.
FAILS_AFTER_DAYS = 120
LAWSUIT_AFTER_DAYS = 60
LAWSUIT_PER_MILLION = 12_000
LEAST_LAWSUIT_FEN = 1_000_000


def reserve(context: Context, state: State) -> Integers:
    """Cash that a firm keeps back from suppliers: half the wages and the next instalment."""
    world = context.world
    kept = world.firms.wage_fen_a_month * state.wage_permille // 2000
    kept = kept + state.wages_due_fen + state.tax_due_fen
    np.add.at(kept, world.loans.firm, world.loans.instalment_fen // 2)
    return kept


def pay(context: Context, state: State) -> Result:
    """Pay the open items whose day has come, the oldest first, as far as the cash goes."""
    items = state.book("open_items").sorted_by("pay_day", "invoice")
    count, day = context.enterprises, context.day
    is_red = items["sign"] < 0
    payer = np.where(is_red, items["supplier"], items["customer"])
    payee = np.where(is_red, items["customer"], items["supplier"])
    due = (items["pay_day"] <= day) & context.is_bank_day
    # The market of a shocked core enterprise has stopped paying as well.
    is_firm = payee < count
    frozen = np.zeros(len(items), dtype=np.bool_)
    frozen[is_firm] = context.is_shocked[payee[is_firm]] & (payer[is_firm] >= count)
    claim = np.where(due & ~frozen, items["remaining_fen"], 0)
    paid = claim.copy()
    own = payer < count
    available = np.maximum(state.cash_fen - reserve(context, state), 0)
    available = np.where(is_alive(state), available, 0)
    paid[own] = fill_in_order(payer[own], claim[own], available)
    made = paid > 0
    number, state = numbered(state, "payment", int(made.sum()))
    payments = make_frame(
        len(number),
        payment=number,
        invoice=items["invoice"][made],
        payer=payer[made],
        payee=payee[made],
        supplier=items["supplier"][made],
        customer=items["customer"][made],
        sign=items["sign"][made],
        amount_fen=paid[made],
        due_day=items["due_day"][made],
        is_final=paid[made] == items["remaining_fen"][made],
    )
    movements = _movements(context, payments)
    left = items.with_columns(remaining_fen=items["remaining_fen"] - paid)
    books = state.with_book("open_items", left.take(left["remaining_fen"] > 0).sorted_by("invoice"))
    state = moved(replace(state, books=books), movements)
    signed = payments["sign"] * payments["amount_fen"]
    supplier, customer = payments["supplier"], payments["customer"]
    postings = joined(
        [
            document_for(
                supplier < count,
                INCOMING_PAYMENT,
                supplier,
                number,
                [(CASH, signed), (RECEIVABLES, -signed)],
            ),
            document_for(
                customer < count,
                OUTGOING_PAYMENT,
                customer,
                number,
                [(PAYABLES, signed), (CASH, -signed)],
            ),
        ]
    )
    return Result(state, {"payments": payments, "cash": movements, "postings": postings})


def _movements(context: Context, payments: Frame) -> Frame:
    """Both sides of each payment as lines of bank statements."""
    sides = []
    for side, other, sign in (("payee", "payer", 1), ("payer", "payee", -1)):
        mine = payments.take(payments[side] < context.enterprises)
        sides.append(
            make_frame(
                len(mine),
                firm=mine[side],
                other=mine[other],
                reason=SUPPLIER_PAYMENT,
                reference=mine["payment"],
                amount_fen=sign * mine["amount_fen"],
            )
        )
    return joined(sides)


def sue(context: Context, state: State) -> Result:
    """Suppliers who wait too long for much money go to court."""
    items = state.book("open_items")
    waits = context.day - items["due_day"]
    able = (
        (waits > LAWSUIT_AFTER_DAYS)
        & (items["sign"] > 0)
        & (items["customer"] < context.enterprises)
    )
    able &= items["remaining_fen"] > LEAST_LAWSUIT_FEN
    sued = items.take(able & context.draws.happens("lawsuit", LAWSUIT_PER_MILLION, len(items)))
    number, state = numbered(state, "claim", len(sued))
    claims = make_frame(
        len(sued),
        claim=number,
        plaintiff=sued["supplier"],
        defendant=sued["customer"],
        amount_fen=sued["remaining_fen"],
        invoice=sued["invoice"],
    )
    return Result(state, {"claims": claims})


def fail(context: Context, state: State) -> Result:
    """Firms long without money cease; what they owe suppliers is written off."""
    too_long = (state.unpaid_since >= 0) & (context.day - state.unpaid_since >= FAILS_AFTER_DAYS)
    failing = np.flatnonzero(too_long & is_alive(state))
    failed_day = state.failed_day.copy()
    failed_day[failing] = context.day
    items = state.book("open_items")
    count = context.enterprises
    payer = np.where(items["sign"] < 0, items["supplier"], items["customer"])
    lost = np.zeros(len(items), dtype=np.bool_)
    own = payer < count
    lost[own] = failed_day[payer[own]] >= 0
    written_off = items.take(lost)
    signed = written_off["sign"] * written_off["remaining_fen"]
    postings = joined(
        [
            document_for(
                written_off["supplier"] < count,
                WRITE_OFF,
                written_off["supplier"],
                written_off["invoice"],
                [(BAD_DEBT, signed), (RECEIVABLES, -signed)],
            ),
            document_for(
                written_off["customer"] < count,
                WRITE_OFF,
                written_off["customer"],
                written_off["invoice"],
                [(PAYABLES, signed), (BAD_DEBT, -signed)],
            ),
        ]
    )
    state = replace(
        state, failed_day=failed_day, books=state.with_book("open_items", items.take(~lost))
    )
    failures = make_frame(len(failing), firm=failing, unpaid_since=state.unpaid_since[failing])
    return Result(state, {"failures": failures, "written_off": written_off, "postings": postings})
