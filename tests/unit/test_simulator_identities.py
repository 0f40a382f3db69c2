"""What must add up on every simulated day, whatever happens."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.day import accounts
from simulator.day.shipping import PLANTED_PAPER
from simulator.frame import total_by
from simulator.world import cheats
from tests.unit.simulated import Day, days, small_world


@pytest.fixture(scope="module")
def story() -> list[Day]:
    return list(days(100))


def test_the_ledger_balances_and_its_cash_is_the_bank_s(story: list[Day]) -> None:
    for day in story:
        assert (day.after.ledger_fen.sum(axis=0) == 0).all()
        assert (day.after.ledger_fen[accounts.CASH] == day.after.cash_fen).all()


def test_every_document_adds_up_to_nothing(story: list[Day]) -> None:
    for day in story[::10]:
        postings = day.events["postings"]
        key = np.column_stack([postings[n] for n in ("document_kind", "firm", "reference")])
        _, document = np.unique(key, axis=0, return_inverse=True)
        sums = total_by(document.ravel(), postings["amount_fen"], int(document.max()) + 1)
        assert (sums == 0).all()


def test_cash_is_what_it_was_plus_movements_and_never_below_nothing(story: list[Day]) -> None:
    for day in story:
        cash = day.events["cash"]
        moved = total_by(cash["firm"], cash["amount_fen"], len(day.after.cash_fen))
        assert (day.before.cash_fen + moved == day.after.cash_fen).all()
        assert day.after.cash_fen.min() >= 0


def test_stock_is_what_it_was_plus_in_less_out(story: list[Day]) -> None:
    world = small_world()
    material, product = world.relations.material, world.relations.product
    for day in story:
        came, used = day.events["receipts"], day.events["consumption"]
        bought = material[came["relation"]] >= 0
        into = total_by(
            material[came["relation"]][bought], came["accepted"][bought], len(world.materials)
        )
        out = total_by(used["material"], used["quantity"], len(world.materials))
        assert (day.before.material_units + into - out == day.after.material_units).all()
        assert day.after.material_units.min() >= 0
        made, sent = day.events["work_orders"], day.events["shipments"]
        sold = product[sent["relation"]] >= 0
        into = total_by(made["product"], made["good"], len(world.products))
        out = total_by(product[sent["relation"]][sold], sent["quantity"][sold], len(world.products))
        assert (day.before.product_units + into - out == day.after.product_units).all()
        assert day.after.product_units.min() >= 0


def test_receivables_are_the_open_items_and_move_with_invoices_and_payments(
    story: list[Day],
) -> None:
    count = len(small_world().firms)
    for day in story:
        items = day.after.book("open_items")
        own = items["supplier"] < count
        signed = (items["sign"] * items["remaining_fen"])[own]
        open_now = total_by(items["supplier"][own], signed, count)
        assert (open_now == day.after.ledger_fen[accounts.RECEIVABLES]).all()


def test_every_payment_settles_an_invoice_that_was_open(story: list[Day]) -> None:
    for day in story:
        payments, items = day.events["payments"], day.before.book("open_items")
        place = np.searchsorted(items["invoice"], payments["invoice"])
        assert (items["invoice"][place] == payments["invoice"]).all()
        assert (payments["amount_fen"] > 0).all()
        assert (payments["amount_fen"] <= items["remaining_fen"][place]).all()


def test_machines_make_no_more_than_material_and_orders_allow(story: list[Day]) -> None:
    for day in story:
        work = day.events["work_orders"]
        assert (work["good"] >= 0).all() and (work["scrap"] >= 0).all()
        assert (work["minutes"] <= 1440).all()


def test_only_cheats_invoice_what_nobody_made(story: list[Day]) -> None:
    firms = small_world().firms
    paper = set()
    for day in story:
        invoices = day.events["invoices"]
        planted = invoices.take(invoices["purpose"] == PLANTED_PAPER)
        for side in ("supplier", "customer"):
            paper |= set(planted[side][planted[side] < len(firms)].tolist())
    cheating = set(
        np.flatnonzero(
            np.isin(
                firms.cheat,
                (cheats.PHANTOM_INVOICES, cheats.CIRCULAR_TRADE, cheats.PERFECT_SHELL),
            )
        ).tolist()
    )
    assert paper
    assert paper <= cheating
