"""Invoices: bills cut at the tax machine's cap, mistakes voided, wrong ones taken back in red."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator import figures
from simulator.calendar import date_of, last_bank_day
from simulator.day.accounts import (
    EXPENSES,
    GOODS_NOT_INVOICED,
    PAYABLES,
    PURCHASE_INVOICE,
    RECEIVABLES,
    REVENUE,
    SALES_INVOICE,
    TAX_PAYABLE,
    document_for,
)
from simulator.day.bills import cut_at_cap, expense_bills, planted_bills
from simulator.day.context import Context, Result, numbered
from simulator.day.shipping import GOODS, RETURN
from simulator.frame import Frame, joined, make_frame, total_by
from simulator.randomness import Integers
from simulator.state import OPEN_ITEM_COLUMNS, TO_VOID_COLUMNS, State

VALID, VOIDED = 0, 1
OUTSIDER_VOIDED_PERMILLE = 28
# Most mistakes are seen at once, some after the invoice has gone out.
VOIDED_LATER_PER_MILLION = 150_000
# A chance a day at which an open invoice turns out wrong, is taken back in red and written anew. It
# is set so that exact reversals and returns together meet the real share of red-letter invoices.
REVERSAL_PER_MILLION = 330
LONGEST_REVERSAL_AGE = 90


def value_added_tax(net_fen: Integers, percent: Integers) -> Integers:
    """Tax rounded to the fen, half away from zero, so that a reversal is exact."""
    size = (np.abs(net_fen) * percent + 50) // 100
    tax: Integers = np.sign(net_fen) * size
    return tax


def _pay_day(context: Context, customer: Integers, due: Integers) -> tuple[Integers, Integers]:
    """The day on which the customer means to pay, and whether it disputes the invoice."""
    draws, size = context.draws, len(customer)
    is_enterprise = customer < context.enterprises
    habit = np.full(size, figures.LATE_PERMILLE, dtype=np.int64)
    habit[is_enterprise] = context.world.firms.late_permille[customer[is_enterprise]]
    disputed = draws.happens("dispute", figures.DISPUTED_PERMILLE * 1000, size)
    chance = np.where(
        disputed, figures.LATE_IF_DISPUTED_PERMILLE, figures.LATE_IF_NOT_DISPUTED_PERMILLE
    )
    late = draws.happens("late", chance * habit * 1000 // figures.LATE_PERMILLE, size)
    days = draws.from_table("days late", figures.DAYS_LATE, size)
    early = draws.integers("days early", 0, 4, size)
    related = context.world.parties.owner_of[customer] >= 0
    # Who means to be in time pays on a bank day before the due day, not on the Monday after it.
    in_time = np.maximum(last_bank_day(context.day, due - early), context.day + 1)
    pay = np.where(late, due + days, in_time)
    return np.where(related, pay + 60, pay), disputed.astype(np.int64)


def _mistaken(context: Context, invoices: Frame) -> Frame:
    """Invoices typed wrongly: each stands before a right one, and is voided."""
    draws, supplier = context.draws, invoices["supplier"]
    is_enterprise = supplier < context.enterprises
    habit = np.full(len(invoices), OUTSIDER_VOIDED_PERMILLE, dtype=np.int64)
    habit[is_enterprise] = context.world.firms.voided_permille[supplier[is_enterprise]]
    wrong = draws.happens("voided", habit * 1_000_000 // (1000 - habit), len(invoices))
    mistaken = invoices.take(wrong & (invoices["net_fen"] > 0))
    size = len(mistaken)
    twin = draws.happens("twin", figures.VOIDED_WITH_TWIN_PERMILLE * 1000, size)
    other = mistaken["net_fen"] * draws.integers("mistyped", 100, 1900, size) // 1000
    net = np.where(twin, mistaken["net_fen"], np.maximum(other, 100))
    tax = value_added_tax(net, mistaken["tax_percent"])
    return mistaken.with_columns(
        net_fen=net, tax_fen=tax, total_fen=net + tax, status=np.full(size, VOIDED, dtype=np.int64)
    )


def _reversals(context: Context, state: State) -> tuple[Frame, Frame]:
    """Open items taken back exactly, and the bills by which they are written anew."""
    items = state.book("open_items")
    age = context.day - items["issue_day"]
    whole = (items["remaining_fen"] == items["total_fen"]) & (items["sign"] > 0)
    able = whole & (age > 3) & (age < LONGEST_REVERSAL_AGE) & (context.work > 0)
    wrong = context.draws.happens("reversal", REVERSAL_PER_MILLION, len(items)) & able
    taken = items.take(wrong)
    anew = make_frame(
        len(taken),
        supplier=taken["supplier"],
        customer=taken["customer"],
        relation=-1,
        reference=taken["invoice"],
        purpose=taken["purpose"],
        net_fen=taken["net_fen"],
        tax_percent=taken["tax_percent"],
        term_days=np.maximum(taken["due_day"] - context.day, 0),
        bill_day=context.day,
    )
    return taken, anew


def invoice(context: Context, state: State) -> Result:
    """All invoices of the day; valid ones become open items and postings."""
    day, draws = context.day, context.draws
    waiting = state.book("bills")
    is_quiet = date_of(day).weekday() >= 5 or context.work == 0
    willing = draws.happens("bill today", 180_000 if is_quiet else 1_000_000, len(waiting))
    ready = (waiting["bill_day"] <= day) & willing & (waiting["net_fen"] != 0)
    taken, anew = _reversals(context, state)
    parts = [waiting.take(ready), planted_bills(context, state), expense_bills(context, state)]
    bills = joined([*parts, anew])
    fresh = _written(context, bills, first_anew=len(bills) - len(anew))
    red = _in_red(context, taken)
    mistaken = _mistaken(context, fresh)
    invoices = joined([mistaken, red, fresh]).sorted_by("supplier", "customer")
    number, state = numbered(state, "invoice", len(invoices))
    invoices = invoices.with_columns(invoice=number)
    valid = invoices.take(invoices["status"] == VALID)
    is_red = (valid["replaces"] >= 0) & (valid["net_fen"] < 0)
    items = _open_items(context, valid.take(~is_red))
    kept = ~np.isin(state.book("open_items")["invoice"], taken["invoice"])
    books = state.with_book("bills", waiting.take(~ready & (waiting["net_fen"] != 0)))
    books["open_items"] = joined([state.book("open_items").take(kept), items])
    voided, books["to_void"], sent_status = _voided_later(context, state, invoices)
    out, into = _vat(context, valid)
    state = replace(
        state,
        month_vat_out_fen=state.month_vat_out_fen + out,
        month_vat_in_fen=state.month_vat_in_fen + into,
        books=books,
    )
    return Result(
        state,
        {
            "invoices": invoices.with_columns(sent_status=sent_status),
            "voided_later": voided,
            "reversed_items": taken,
            "postings": _postings(context, valid),
        },
    )


def _written(context: Context, bills: Frame, first_anew: int) -> Frame:
    """Bills as invoices; those from `first_anew` on replace the invoice that they refer to."""
    bills = bills.with_columns(is_anew=(np.arange(len(bills)) >= first_anew).astype(np.int64))
    cut = cut_at_cap(context, bills)
    tax = value_added_tax(cut["net_fen"], cut["tax_percent"])
    return make_frame(
        len(cut),
        invoice=0,
        supplier=cut["supplier"],
        customer=cut["customer"],
        reference=cut["reference"],
        purpose=cut["purpose"],
        net_fen=cut["net_fen"],
        tax_fen=tax,
        total_fen=cut["net_fen"] + tax,
        tax_percent=cut["tax_percent"],
        issue_day=context.day,
        due_day=context.day + cut["term_days"],
        status=VALID,
        replaces=np.where(cut["is_anew"] > 0, cut["reference"], -1),
    )


def _voided_later(context: Context, state: State, invoices: Frame) -> tuple[Frame, Frame, Integers]:
    """Mistakes seen late: those voided today, those still to be voided, and the status sent now."""
    draws, size = context.draws, len(invoices)
    later = draws.happens("voided later", VOIDED_LATER_PER_MILLION, size)
    later &= invoices["status"] == VOIDED
    wrong = invoices.take(later)
    void_day = context.day + draws.integers("void delay", 1, 12, len(wrong))
    wrong = wrong.with_columns(void_day=void_day)
    waiting = state.book("to_void")
    is_today = waiting["void_day"] <= context.day
    held = Frame({name: wrong[name] for name in TO_VOID_COLUMNS})
    sent_status = np.where(later, VALID, invoices["status"])
    return waiting.take(is_today), joined([waiting.take(~is_today), held]), sent_status


def _in_red(context: Context, taken: Frame) -> Frame:
    """Red-letter invoices that take open items back exactly."""
    return make_frame(
        len(taken),
        invoice=0,
        supplier=taken["supplier"],
        customer=taken["customer"],
        reference=taken["invoice"],
        purpose=taken["purpose"],
        net_fen=-taken["net_fen"],
        tax_fen=-taken["tax_fen"],
        total_fen=-taken["total_fen"],
        tax_percent=taken["tax_percent"],
        issue_day=context.day,
        due_day=context.day,
        status=VALID,
        replaces=taken["invoice"],
    )


def _open_items(context: Context, valid: Frame) -> Frame:
    """What the customers now owe, or for credit notes the suppliers."""
    sign = np.sign(valid["total_fen"])
    payer = np.where(sign > 0, valid["customer"], valid["supplier"])
    pay_day, disputed = _pay_day(context, payer, valid["due_day"])
    item = valid.with_columns(
        sign=sign, remaining_fen=np.abs(valid["total_fen"]), pay_day=pay_day, is_disputed=disputed
    ).take(sign != 0)
    return Frame({name: item[name] for name in OPEN_ITEM_COLUMNS})


def _vat(context: Context, valid: Frame) -> tuple[Integers, Integers]:
    """Output and input tax of the enterprises; shape (firms,)."""
    count = context.enterprises
    sells, buys = valid["supplier"] < count, valid["customer"] < count
    return (
        total_by(valid["supplier"][sells], valid["tax_fen"][sells], count),
        total_by(valid["customer"][buys], valid["tax_fen"][buys], count),
    )


def _postings(context: Context, valid: Frame) -> Frame:
    """What invoices post at the supplier and at the customer."""
    net, tax, total = valid["net_fen"], valid["tax_fen"], valid["total_fen"]
    goods = np.isin(valid["purpose"], (GOODS, RETURN))
    none = np.zeros_like(net)
    sale = document_for(
        valid["supplier"] < context.enterprises,
        SALES_INVOICE,
        valid["supplier"],
        valid["invoice"],
        [(RECEIVABLES, total), (REVENUE, -net), (TAX_PAYABLE, -tax)],
    )
    purchase = document_for(
        valid["customer"] < context.enterprises,
        PURCHASE_INVOICE,
        valid["customer"],
        valid["invoice"],
        [
            (GOODS_NOT_INVOICED, np.where(goods, net, none)),
            (EXPENSES, np.where(goods, none, net)),
            (TAX_PAYABLE, tax),
            (PAYABLES, -total),
        ],
    )
    return joined([sale, purchase])
