"""Ends of months: wages and taxes of the month, services billed, energy, layoffs, dividends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.calendar import date_of, is_month_end
from simulator.day.accounts import (
    CASH,
    EQUITY,
    EXPENSES,
    LOAN,
    PAYROLL,
    REVENUE,
    TAX,
    TAX_PAYABLE,
    WAGES_PAYABLE,
    document,
    no_postings,
)
from simulator.day.context import CASH_COLUMNS, DIVIDEND, Context, Result, is_alive, moved
from simulator.day.shipping import EXPENSE, SERVICE_FEE
from simulator.frame import Frame, empty_frame, joined, make_frame, total_by
from simulator.randomness import Integers
from simulator.state import State
from simulator.world.machines import ENERGY_FEN_A_KWH
from simulator.world.relations import FREIGHT, SERVICE_FEE_PERMILLE, STORAGE

SOCIAL_INSURANCE_PERMILLE = 160
PROFIT_TAX_PERMILLE = 15
# Cash beyond so many days of turnover goes to the owners at the end of a quarter.
DIVIDEND_DAYS = 50
LEAST_STAFF_PERMILLE = 550


def bill_services(context: Context, state: State) -> Result:
    """Carriers and warehouses bill their customers once a month, each on its own day."""
    relations, firms = context.world.relations, context.world.firms
    services = (relations.kind == FREIGHT) | (relations.kind == STORAGE)
    due = np.flatnonzero(services & ((context.day + relations.phase) % relations.interval == 0))
    due = due[is_alive(state)[relations.supplier[due]]]
    customer = relations.customer[due]
    inside = customer < context.enterprises
    alive = np.ones(len(due), dtype=np.bool_)
    alive[inside] = is_alive(state)[customer[inside]]
    due, customer, inside = due[alive], customer[alive], inside[alive]
    usual = relations.daily_milli[due] * 30 * context.demand[firms.trade[relations.supplier[due]]]
    carried = np.zeros(len(due), dtype=np.int64)
    carried[inside] = state.month_shipped_fen[customer[inside]]
    is_carried = inside & (relations.kind[due] == FREIGHT)
    net = np.where(is_carried, carried * SERVICE_FEE_PERMILLE, usual) // 1000
    bills = make_frame(
        len(due),
        supplier=relations.supplier[due],
        customer=customer,
        relation=due,
        reference=-1,
        purpose=SERVICE_FEE,
        net_fen=net,
        tax_percent=relations.tax_percent[due],
        term_days=relations.term_days[due],
        bill_day=context.day,
    )
    shipped = state.month_shipped_fen.copy()
    shipped[customer[is_carried]] = 0
    books = state.with_book("bills", joined([state.book("bills"), bills]))
    return Result(replace(state, month_shipped_fen=shipped, books=books))


def close_month(context: Context, state: State) -> Result:
    """Accrue wages and taxes, bill energy, adapt the staff; nothing on other days."""
    if not is_month_end(context.day):
        none = empty_frame(("firm", "wages_fen", "insurance_fen", "vat_out_fen", "vat_in_fen",
                            "vat_due_fen", "profit_tax_fen", "watt_hours"))  # fmt: skip
        return Result(state, {"months": none})
    world, count = context.world, context.enterprises
    alive = is_alive(state)
    every = np.arange(count)
    wages = np.where(alive, world.firms.wage_fen_a_month * state.wage_permille // 1000, 0)
    insurance = wages * SOCIAL_INSURANCE_PERMILLE // 1000
    balance = state.month_vat_out_fen - state.month_vat_in_fen - state.vat_credit_fen
    vat_due = np.where(alive, np.maximum(balance, 0), 0)
    sold = -state.ledger_fen[REVENUE]
    profit_tax = np.where(
        alive, np.maximum(sold - state.month_sold_fen, 0) * PROFIT_TAX_PERMILLE // 1000, 0
    )
    profit_tax = np.where(world.firms.margin_permille > 0, profit_tax, 0)
    nothing = np.full(count, -1, dtype=np.int64)
    postings = joined(
        [
            document(
                PAYROLL,
                every,
                nothing,
                [(EXPENSES, wages + insurance), (WAGES_PAYABLE, -wages - insurance)],
            ),
            document(TAX, every, nothing, [(EXPENSES, profit_tax), (TAX_PAYABLE, -profit_tax)]),
        ]
    )
    months = make_frame(
        count,
        firm=every,
        wages_fen=wages,
        insurance_fen=insurance,
        vat_out_fen=state.month_vat_out_fen,
        vat_in_fen=state.month_vat_in_fen,
        vat_due_fen=vat_due,
        profit_tax_fen=profit_tax,
        watt_hours=state.month_watt_hours,
    )
    dividends = _dividends(context, state)
    state = replace(
        dividends.state,
        wages_next_fen=state.wages_next_fen + wages + insurance,
        tax_next_fen=state.tax_next_fen + vat_due + profit_tax,
        vat_credit_fen=np.maximum(-balance, 0),
        month_vat_out_fen=np.zeros(count, dtype=np.int64),
        month_vat_in_fen=np.zeros(count, dtype=np.int64),
        month_watt_hours=np.zeros(count, dtype=np.int64),
        month_sold_fen=sold,
        wage_permille=_staff(context, state),
        books=state.with_book(
            "bills", joined([state.book("bills"), _energy_bills(context, state)])
        ),
    )
    events = {"months": months, **dividends.events}
    return Result(state, {**events, "postings": joined([postings, events["postings"]])})


def _staff(context: Context, state: State) -> Integers:
    """Staff against the usual, in thousandths: it follows orders slowly, down and up."""
    world, count = context.world, context.enterprises
    products = world.products
    usual = total_by(products.firm, world.made_milli * products.price_fen // 1000, count)
    now = total_by(products.firm, state.order_rate_milli * products.price_fen // 1000, count)
    wanted = np.clip(now * 1000 // np.maximum(usual, 1), LEAST_STAFF_PERMILLE, 1200)
    wanted = np.where(usual > 0, wanted, 1000)
    return state.wage_permille + (wanted - state.wage_permille) // 4


def _energy_bills(context: Context, state: State) -> Frame:
    """The grid's bill for the month's energy; the grid of a region is an outsider."""
    users = np.flatnonzero(state.month_watt_hours > 0)
    return make_frame(
        len(users),
        supplier=len(context.world.parties) - 1 - context.world.firms.region[users],
        customer=users,
        relation=-1,
        reference=-1,
        purpose=EXPENSE,
        net_fen=state.month_watt_hours[users] * ENERGY_FEN_A_KWH // 1000,
        tax_percent=13,
        term_days=15,
        bill_day=context.day + 1,
    )


def _dividends(context: Context, state: State) -> Result:
    """At the end of a quarter owners take half of the cash beyond what the firm needs."""
    if date_of(context.day).month % 3:
        return Result(state, {"cash": empty_frame(CASH_COLUMNS), "postings": no_postings()})
    enough = context.world.firms.turnover_fen_a_day * DIVIDEND_DAYS
    able = is_alive(state) & (state.unpaid_since < 0) & (state.facility_used_fen == 0)
    amount = np.where(able, np.maximum(state.cash_fen - enough, 0) // 2, 0)
    some = np.flatnonzero(amount)
    movements = make_frame(
        len(some), firm=some, other=-1, reason=DIVIDEND, reference=-1, amount_fen=-amount[some]
    )
    postings = document(
        LOAN, some, np.full(len(some), -1), [(EQUITY, amount[some]), (CASH, -amount[some])]
    )
    return Result(moved(state, movements), {"cash": movements, "postings": postings})
