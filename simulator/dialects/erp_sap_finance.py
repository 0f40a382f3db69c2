"""SAP's side of the books: FI documents (BKPF, BSEG), open items (BSID, BSIK), stock and masters.

Open items and stock are snapshots, taken on Sundays and at month ends; masters go out on the first
day and at each month's start.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.calendar import date_of, is_month_end
from simulator.day.accounts import ACCOUNT_CODES, ACCOUNT_NAMES, PAYABLES, RECEIVABLES
from simulator.dialects.erp_sap import DATE, SOURCE, company, extract, partner, users
from simulator.dialects.facts import Delivery, Facts, spelled
from simulator.disorder import Outbox
from simulator.frame import Frame, joined, make_frame
from simulator.randomness import Integers
from simulator.text import chosen, dates, decimal, listed, padded, quoted
from simulator.world import cheats
from simulator.world.trades import REGIONS

SNAPSHOTS = "erp_sap_snapshots"
ACCOUNTS = listed([f"{code:0>10}" for code in ACCOUNT_CODES])
# Document types by the kinds of day/accounts.py.
DOCUMENT_TYPES = listed(["SA", "WE", "WA", "WL", "RV", "RE", "DZ", "KZ", "SA", "SA", "SA", "AB"])
LINES_A_DAY = 10_000_000
# What a firm that inflates its stock writes into the stock table, in thousandths of the truth.
INFLATED_PERMILLE = 1_700


def _documents(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """FI documents: every posting of the day, grouped into documents."""
    postings = facts.events["postings"]
    postings = postings.take(users(facts)[postings["firm"]])
    postings = postings.sorted_by("firm", "document_kind", "reference", "account")
    key = np.column_stack([postings[n] for n in ("firm", "document_kind", "reference")])
    starts = np.ones(len(postings), dtype=np.bool_)
    starts[1:] = (key[1:] != key[:-1]).any(axis=1)
    place = np.cumsum(starts) - 1
    first = np.flatnonzero(starts)
    size = len(postings)
    postings = postings.with_columns(
        document=(facts.day * 100_000 + place) % LINES_A_DAY + 1_000_000_000,
        line=np.arange(size) - first[place] + 1 if size else place,
        day=np.full(size, facts.day, dtype=np.int64),
    )
    heads = outbox.rows(SOURCE, "erp_sap/BKPF", postings.take(first))
    day, year = dates(heads["day"], DATE), dates(heads["day"], "%Y")
    has_reference = pa.array(heads["reference"] >= 0)
    head = {
        "BUKRS": company(heads["firm"]),
        "BELNR": padded(heads["document"], 10),
        "GJAHR": year,
        "BLART": chosen(DOCUMENT_TYPES, heads["document_kind"]),
        "BLDAT": day,
        "BUDAT": day,
        "XBLNR": pc.if_else(has_reference, padded(np.abs(heads["reference"]), 10), ""),
        "WAERS": "CNY",
    }
    yield extract(facts, "BKPF", head)
    rows = outbox.rows(SOURCE, "erp_sap/BSEG", postings)
    line = {
        "BUKRS": company(rows["firm"]),
        "BELNR": padded(rows["document"], 10),
        "GJAHR": dates(rows["day"], "%Y"),
        "BUZEI": padded(rows["line"], 3),
        "SHKZG": pc.if_else(pa.array(rows["amount_fen"] > 0), "S", "H"),
        "HKONT": chosen(ACCOUNTS, rows["account"]),
        "DMBTR": decimal(np.abs(rows["amount_fen"]), 2),
        "WRBTR": decimal(np.abs(rows["amount_fen"]), 2),
    }
    yield extract(facts, "BSEG", line)


def _open_items(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Open items of customers (BSID) and vendors (BSIK): what is not yet paid."""
    items = facts.state.book("open_items")
    count = len(facts.world.firms)
    for name, own, other, role, account in (
        ("BSID", "supplier", "customer", "KUNNR", RECEIVABLES),
        ("BSIK", "customer", "supplier", "LIFNR", PAYABLES),
    ):
        inside = items[own] < count
        mine = items.take(inside & users(facts)[np.where(inside, items[own], 0)])
        rows = outbox.rows(SNAPSHOTS, f"erp_sap/{name}", mine)
        # A customer's debt is a debit, a debt to a vendor a credit; credit notes turn it round.
        is_debit = (rows["sign"] > 0) == (name == "BSID")
        issued = dates(rows["issue_day"], DATE)
        columns = {
            "BUKRS": company(rows[own]),
            role: partner(rows[own], rows[other]),
            "BELNR": padded(rows["invoice"], 10),
            "GJAHR": dates(rows["issue_day"], "%Y"),
            "BUZEI": "001",
            "BUDAT": issued,
            "BLDAT": issued,
            "XBLNR": padded(rows["invoice"], 10),
            "SHKZG": pc.if_else(pa.array(is_debit), "S", "H"),
            "HKONT": ACCOUNTS[account].as_py(),
            "DMBTR": decimal(rows["total_fen"] * rows["sign"], 2),
            "REBZG_OPEN": decimal(rows["remaining_fen"], 2),
            "ZFBDT": issued,
            "ZBD1T": padded(rows["due_day"] - rows["issue_day"], 3),
            "NETDT": dates(rows["due_day"], DATE),
        }
        yield extract(facts, name, columns)


def reported_stock(facts: Facts, firm: Integers, units: Integers) -> Integers:
    """Stock as the firm's ERP reports it: the truth, but for those who inflate it."""
    firms = facts.world.firms
    inflates = (firms.cheat[firm] == cheats.INFLATED_STOCK) & (firms.cheat_day[firm] <= facts.day)
    shown: Integers = np.where(inflates, units * INFLATED_PERMILLE // 1000 + 50, units)
    return shown


def _stock(facts: Facts, outbox: Outbox) -> Delivery:
    """Stock by material and plant (MARD), raw material and finished goods."""
    world, directory = facts.world, facts.directory
    parts = []
    for is_product, firm, units in (
        (0, world.materials.firm, facts.state.material_units),
        (1, world.products.firm, facts.state.product_units),
    ):
        ours = users(facts)[firm]
        parts.append(
            make_frame(
                int(ours.sum()),
                firm=firm[ours],
                item=np.flatnonzero(ours),
                is_product=is_product,
                units=reported_stock(facts, firm, units)[ours],
            )
        )
    rows = outbox.rows(SNAPSHOTS, "erp_sap/MARD", joined(parts))
    flag = rows["is_product"] > 0
    product, material = np.where(flag, rows["item"], 0), np.where(flag, 0, rows["item"])
    columns = {
        "MATNR": pc.if_else(
            pa.array(flag),
            chosen(directory.product_codes, product),
            chosen(directory.material_codes, material),
        ),
        "WERKS": company(rows["firm"]),
        "LGORT": pc.if_else(pa.array(flag), "FG01", "RM01"),
        "LABST": decimal(rows["units"] * 1000, 3),
    }
    return extract(facts, "MARD", columns)


def _pairs(facts: Facts, own: str, other: str) -> Frame:
    """Each SAP firm with each of its partners, once."""
    relations, count = facts.world.relations, len(facts.world.firms)
    mine, theirs = getattr(relations, own), getattr(relations, other)
    inside = mine < count
    ours = inside & users(facts)[np.where(inside, mine, 0)]
    pairs = np.unique(np.column_stack([mine[ours], theirs[ours]]), axis=0)
    return make_frame(len(pairs), owner=pairs[:, 0], party=pairs[:, 1])


def _masters(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Accounts (SKAT), company codes (T001), customers (KNA1) and vendors (LFA1) as spelled."""
    directory, parties = facts.directory, facts.world.parties
    ours = np.flatnonzero(users(facts))
    ours = outbox.rows("registry", "erp_sap/T001", make_frame(len(ours), firm=ours))["firm"]
    names = chosen(directory.english_names, ours)
    yield extract(facts, "T001", {"BUKRS": company(ours), "BUTXT": quoted(names), "WAERS": "CNY"})
    accounts = make_frame(len(ACCOUNT_CODES), account=np.arange(len(ACCOUNT_CODES)))
    account = outbox.rows("registry", "erp_sap/SKAT", accounts)["account"]
    names = chosen(listed(ACCOUNT_NAMES), account)
    columns = {"SPRAS": "1", "KTOPL": "CACN", "SAKNR": chosen(ACCOUNTS, account), "TXT20": names}
    yield extract(facts, "SKAT", columns)
    cities = listed([city for _, _, city in REGIONS])
    for name, own, other, role in (
        ("KNA1", "supplier", "customer", "KUNNR"),
        ("LFA1", "customer", "supplier", "LIFNR"),
    ):
        pairs = outbox.rows("registry", f"erp_sap/{name}", _pairs(facts, own, other))
        owner, party = pairs["owner"], pairs["party"]
        # A third of the partners were entered without their tax number.
        has_number = (owner * 13 + party * 7) % 3 > 0
        columns = {
            "BUKRS": company(owner),
            role: partner(owner, party),
            "NAME1": spelled(directory, owner, party),
            "ORT01": chosen(cities, parties.regions[party]),
            "STCD5": pc.if_else(pa.array(has_number), chosen(directory.credit_codes, party), ""),
        }
        yield extract(facts, name, columns)


def erp_sap_finance(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Documents daily, open items and stock weekly and at month ends, masters monthly."""
    yield from _documents(facts, outbox)
    today = date_of(facts.day)
    if today.weekday() == 6 or is_month_end(facts.day):
        yield from _open_items(facts, outbox)
        yield _stock(facts, outbox)
    if today.day == 1:
        yield from _masters(facts, outbox)
