"""The state before the first day: stock, cash, and open items of a trade that has long run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.day import accounts
from simulator.day.invoicing import value_added_tax
from simulator.day.ordering import COVER_DAYS
from simulator.day.shipping import GOODS
from simulator.frame import Frame, make_frame, total_by
from simulator.randomness import Draws, Integers
from simulator.state import OPEN_ITEM_COLUMNS, SERIALS, State, empty_books
from simulator.world.draw import WORLD_DAY, World
from simulator.world.relations import OUTSIDE_SALE, RAW_PURCHASE, SUPPLY

FIRST_SERIAL = 1_000_001
FIXED_ASSETS_DAYS = 200
STOCK_DAYS = 6


def _open_items(world: World, draws: Draws) -> Frame:
    """One item for each order interval within the terms of payment, as if trade had gone on."""
    relations = world.relations
    goods = np.isin(relations.kind, (SUPPLY, OUTSIDE_SALE, RAW_PURCHASE))
    rows = np.flatnonzero(goods & (relations.term_days > 0))
    used = world.used_milli[relations.material[rows]] * relations.share_permille[rows] // 1000
    sold = relations.kind[rows] == OUTSIDE_SALE
    daily = np.where(sold, relations.daily_milli[rows], used)
    product, material = relations.product[rows], relations.material[rows]
    price = np.where(
        product >= 0, world.products.price_fen[product], world.materials.cost_fen[material]
    )
    interval = relations.interval[rows]
    net = daily * interval // 1000 * price
    counts = np.where(net > 0, -(-relations.term_days[rows] // interval), 0)
    item = np.repeat(np.arange(len(rows)), counts)
    place = np.arange(len(item)) - np.repeat(np.cumsum(counts) - counts, counts)
    # Rare orders: only those that fell within the term.
    term = relations.term_days[rows][item]
    issued = -1 - relations.phase[rows][item] - place * interval[item]
    within = issued > -1 - term
    item, issued, term = item[within], issued[within], term[within]
    tax = value_added_tax(net[item], relations.tax_percent[rows][item])
    due = issued + term
    late = draws.integers("opening late", 0, 8, len(item))
    items = make_frame(
        len(item),
        invoice=np.arange(len(item)) + 1,
        supplier=relations.supplier[rows][item],
        customer=relations.customer[rows][item],
        sign=1,
        net_fen=net[item],
        tax_fen=tax,
        tax_percent=relations.tax_percent[rows][item],
        total_fen=net[item] + tax,
        remaining_fen=net[item] + tax,
        issue_day=issued,
        due_day=due,
        pay_day=due + late,
        is_disputed=0,
        purpose=GOODS,
    )
    return Frame({name: items[name] for name in OPEN_ITEM_COLUMNS})


def _ledger(world: World, state: State) -> Integers:
    """Opening balances; equity is what makes them add up."""
    count = len(world.firms)
    items = state.book("open_items")
    sells, buys = items["supplier"] < count, items["customer"] < count
    remaining = items["remaining_fen"]
    ledger = np.zeros((accounts.ACCOUNTS, count), dtype=np.int64)
    ledger[accounts.CASH] = state.cash_fen
    ledger[accounts.RECEIVABLES] = total_by(items["supplier"][sells], remaining[sells], count)
    ledger[accounts.PAYABLES] = -total_by(items["customer"][buys], remaining[buys], count)
    ledger[accounts.MATERIALS] = total_by(
        world.materials.firm, state.material_units * world.materials.cost_fen, count
    )
    ledger[accounts.FINISHED_GOODS] = total_by(
        world.products.firm, state.product_units * world.products.cost_fen, count
    )
    ledger[accounts.FIXED_ASSETS] = world.firms.turnover_fen_a_day * FIXED_ASSETS_DAYS
    ledger[accounts.WAGES_PAYABLE] = -state.wages_next_fen
    ledger[accounts.LOANS] = -total_by(world.loans.firm, state.loan_left_fen, count)
    ledger[accounts.EQUITY] = -ledger.sum(axis=0)
    return ledger


def open_state(world: World) -> State:
    """The state at the end of the day before the first."""
    draws = Draws(world.seed, WORLD_DAY)
    firms, loans = world.firms, world.loans
    count = len(firms)

    def none(size: int = count) -> Integers:
        return np.zeros(size, dtype=np.int64)

    def never(size: int = count) -> Integers:
        return np.full(size, -1, dtype=np.int64)

    machines = len(world.machines)
    books = empty_books()
    books["open_items"] = _open_items(world, draws)
    stock = draws.integers("opening stock", 600, 1101, len(world.materials))
    state = State(
        day=-1,
        cash_fen=firms.turnover_fen_a_day * firms.cash_days,
        facility_used_fen=none(),
        wages_due_fen=none(),
        wages_next_fen=firms.wage_fen_a_month,
        tax_due_fen=none(),
        tax_next_fen=none(),
        vat_credit_fen=none(),
        unpaid_since=never(),
        default_day=never(),
        failed_day=never(),
        wage_permille=np.full(count, 1000, dtype=np.int64),
        month_sold_fen=none(),
        month_vat_out_fen=none(),
        month_vat_in_fen=none(),
        month_shipped_fen=none(),
        month_watt_hours=none(),
        loan_left_fen=loans.instalment_fen * loans.instalments_left,
        loan_due_fen=none(len(loans)),
        loan_unpaid_since=never(len(loans)),
        material_units=world.used_milli * 2 * COVER_DAYS // 1000 * stock // 1000,
        material_ordered=none(len(world.materials)),
        product_units=world.made_milli * STOCK_DAYS // 1000,
        order_rate_milli=world.made_milli,
        wear=draws.integers("opening wear", 0, 450_000, machines),
        down_until=never(machines),
        meter_watt_hours=draws.integers("meter", 10**8, 10**9, count),
        ledger_fen=np.zeros((accounts.ACCOUNTS, count), dtype=np.int64),
        serials=dict.fromkeys(SERIALS, FIRST_SERIAL),
        books=books,
    )
    return replace(state, ledger_fen=_ledger(world, state))
