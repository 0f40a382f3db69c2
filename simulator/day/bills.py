"""Bills that do not come from shipments, and the cap at which every bill is cut into invoices."""

from __future__ import annotations

import numpy as np

from simulator import figures
from simulator.day.context import Context, is_alive
from simulator.day.shipping import EXPENSE, PLANTED_PAPER
from simulator.frame import Frame, make_frame
from simulator.state import State
from simulator.world import cheats
from simulator.world.relations import PLANTED

OUTSIDER_CAP_FEN = 11_700_000
EXPENSE_TERM_DAYS = 7


def expense_bills(context: Context, state: State) -> Frame:
    """Small things bought of outsiders: fuel, repairs, fares, paper."""
    world, draws = context.world, context.draws
    firms = np.arange(context.enterprises)
    rate = world.firms.expenses_a_month_tenths * max(context.work, 250) // 1000
    rate = np.where(is_alive(state), rate, 0)
    counts = draws.rounded("expenses", rate, 240)
    firm = np.repeat(firms, counts)
    size = len(firm)
    sellers = len(world.parties) - context.enterprises
    # Each firm has its own corner of the market, and often goes back to the same shop.
    corner = firm * 131 % sellers
    rank = draws.integers("shop", 0, 1000, size)
    shop = corner + rank * rank // 1000 * min(300, sellers // 2) // 1000
    gross = draws.from_table("expense amount", figures.EXPENSE_FEN, size)
    gross = np.minimum(gross, world.firms.turnover_fen_a_day[firm] // 2 + 5_000)
    percent = np.array([3, 3, 3, 6, 6, 13])[draws.integers("expense tax", 0, 6, size)]
    return make_frame(
        size,
        supplier=context.enterprises + sellers // 2 + shop % (sellers // 2),
        customer=firm,
        relation=-1,
        reference=-1,
        purpose=EXPENSE,
        net_fen=gross * 100 // (100 + percent),
        tax_percent=percent,
        term_days=EXPENSE_TERM_DAYS,
        bill_day=context.day,
    )


def planted_bills(context: Context, state: State) -> Frame:
    """Paper that cheats write: no goods move along these relations."""
    relations, firms = context.world.relations, context.world.firms
    due = (relations.kind == PLANTED) & ((context.day + relations.phase) % relations.interval == 0)
    due_rows = np.flatnonzero(due)
    seller, buyer = relations.supplier[due_rows], relations.customer[due_rows]
    # One of the two is the cheat.
    cheat = np.where(seller < context.enterprises, seller, buyer)
    begun = (firms.cheat_day[cheat] <= context.day) & is_alive(state)[cheat]
    due_rows, cheat = due_rows[begun], cheat[begun]
    size = len(due_rows)
    weekly = relations.daily_milli[due_rows] * 7
    wobble = context.draws.integers("planted wobble", 930, 1071, size)
    smooth = firms.cheat[cheat] == cheats.PERFECT_SHELL
    return make_frame(
        size,
        supplier=relations.supplier[due_rows],
        customer=relations.customer[due_rows],
        relation=due_rows,
        reference=-1,
        purpose=PLANTED_PAPER,
        net_fen=np.where(smooth, weekly, weekly * wobble // 1000) // 10_000 * 10_000,
        tax_percent=relations.tax_percent[due_rows],
        term_days=np.where(smooth, 30, 20),
        bill_day=context.day,
    )


def cut_at_cap(context: Context, bills: Frame) -> Frame:
    """Bills cut into invoices not above the supplier's cap; the parts add up to the bill."""
    is_enterprise = bills["supplier"] < context.enterprises
    firm = np.where(is_enterprise, bills["supplier"], 0)
    cap = np.where(is_enterprise, context.world.firms.invoice_cap_fen[firm], OUTSIDER_CAP_FEN)
    size = np.abs(bills["net_fen"])
    full = size // cap
    pieces = np.maximum(full + (size % cap > 0), 1)
    cut = bills.take(np.repeat(np.arange(len(bills)), pieces))
    place = np.arange(len(cut)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    whole, part = np.repeat(size, pieces), np.repeat(cap, pieces)
    net = np.minimum(part, whole - place * part)
    return cut.with_columns(net_fen=np.sign(cut["net_fen"]) * net)
