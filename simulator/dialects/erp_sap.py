"""An ERP in SAP's shape and names: its tables as pipe-separated extracts, a file a table and day.

As the original has it, amounts carry no sign: SHKZG says S for debit and H for credit. Each firm is
a company code (BUKRS); customers and vendors have numbers of that company alone. Where a document
has a head and items, both go out together and are counted once, as the stream VBAK+VBAP and so on.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.dialects.facts import SCRAMBLED, Delivery, Facts, foreign_number, scrambled
from simulator.disorder import Outbox
from simulator.frame import Frame, joined, make_frame
from simulator.randomness import Flags, Integers
from simulator.text import Texts, chosen, dates, decimal, listed, padded, table
from simulator.world.firms import ERP_SAP

SOURCE = "erp_sap"
CLIENT = "100"
COMPANIES = listed([np.base_repr(number, 36).zfill(4) for number in range(SCRAMBLED)])
DATE = "%Y%m%d"
GOODS_RECEIPT, GOODS_ISSUE, FROM_PRODUCTION, TO_PRODUCTION = range(4)
MOVEMENT_TYPES = listed(["WE", "WL", "WF", "WA"])
MOVEMENTS = listed(["101", "601", "131", "261"])


def company(firm: Integers) -> pa.Array:
    """Company codes: four signs, in the order in which the group took firms in."""
    return chosen(COMPANIES, scrambled(firm, 5))


def extract(facts: Facts, name: str, columns: dict[str, Texts]) -> Delivery:
    """The day's extract of one table."""
    content = table([CLIENT, *columns.values()], "|", ["MANDT", *columns])
    return Delivery(f"erp_sap/{name}_{facts.stamp}.txt", content)


def users(facts: Facts) -> Flags:
    """The enterprises that run this ERP; shape (firms,)."""
    flags: Flags = facts.world.firms.erp == ERP_SAP
    return flags


def partner(owner: Integers, party: Integers) -> pa.Array:
    """Customer and vendor numbers: each company's own."""
    return padded(foreign_number(owner, party), 10)


def _orders(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Sales orders (VBAK, VBAP) and purchase orders (EKKO, EKPO)."""
    relations, directory = facts.world.relations, facts.directory
    orders = facts.events["orders"]
    orders = orders.with_columns(
        supplier=relations.supplier[orders["relation"]],
        customer=relations.customer[orders["relation"]],
        product=relations.product[orders["relation"]],
        material=relations.material[orders["relation"]],
    )
    ours, count = users(facts), len(facts.world.firms)

    def held_by(side: str) -> Frame:
        return orders.take((orders[side] < count) & ours[np.minimum(orders[side], count - 1)])

    sales = outbox.rows(SOURCE, "erp_sap/VBAK+VBAP", held_by("supplier"), "quantity")
    number, day = padded(sales["order"], 10), dates(sales["day"], DATE)
    net = decimal(sales["quantity"] * sales["price_fen"], 2)
    wanted = dates(sales["wanted_day"], DATE)
    head = {
        "VBELN": number,
        "ERDAT": day,
        "AUART": "TA",
        "VKORG": company(sales["supplier"]),
        "KUNNR": partner(sales["supplier"], sales["customer"]),
        "NETWR": net,
        "WAERK": "CNY",
        "VDATU": wanted,
    }
    yield extract(facts, "VBAK", head)
    item = {
        "VBELN": number,
        "POSNR": "000010",
        "MATNR": chosen(directory.product_codes, sales["product"]),
        "ARKTX": chosen(directory.products, sales["product"]),
        "KWMENG": decimal(sales["quantity"] * 1000, 3),
        "VRKME": chosen(directory.product_units, sales["product"]),
        "NETPR": decimal(sales["price_fen"], 2),
        "NETWR": net,
        "WAERK": "CNY",
    }
    yield extract(facts, "VBAP", item)
    bought = held_by("customer")
    bought = outbox.rows(
        SOURCE, "erp_sap/EKKO+EKPO", bought.take(bought["material"] >= 0), "quantity"
    )
    number, day = padded(bought["order"], 10), dates(bought["day"], DATE)
    head = {
        "EBELN": number,
        "BUKRS": company(bought["customer"]),
        "BSTYP": "F",
        "BSART": "NB",
        "LIFNR": partner(bought["customer"], bought["supplier"]),
        "BEDAT": day,
        "WAERS": "CNY",
    }
    yield extract(facts, "EKKO", head)
    item = {
        "EBELN": number,
        "EBELP": "00010",
        "MATNR": chosen(directory.material_codes, bought["material"]),
        "TXZ01": chosen(directory.materials, bought["material"]),
        "MENGE": decimal(bought["quantity"] * 1000, 3),
        "MEINS": chosen(directory.material_units, bought["material"]),
        "NETPR": decimal(bought["price_fen"], 2),
        "PEINH": "1",
        "NETWR": decimal(bought["quantity"] * bought["price_fen"], 2),
        "EINDT": dates(bought["wanted_day"], DATE),
    }
    yield extract(facts, "EKPO", item)


def _deliveries(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Outbound deliveries (LIKP, LIPS)."""
    relations, directory = facts.world.relations, facts.directory
    shipped = facts.events["shipments"]
    shipped = shipped.with_columns(
        supplier=relations.supplier[shipped["relation"]],
        customer=relations.customer[shipped["relation"]],
        product=relations.product[shipped["relation"]],
    )
    count = len(facts.world.firms)
    ours = (shipped["product"] >= 0) & (shipped["supplier"] < count)
    ours &= users(facts)[np.minimum(shipped["supplier"], count - 1)]
    rows = outbox.rows(SOURCE, "erp_sap/LIKP+LIPS", shipped.take(ours))
    number = padded(rows["shipment"], 10)
    head = {
        "VBELN": number,
        "ERDAT": dates(rows["sent_day"], DATE),
        "LFART": "LF",
        "VKORG": company(rows["supplier"]),
        "KUNNR": partner(rows["supplier"], rows["customer"]),
        "LFDAT": dates(rows["planned_day"], DATE),
        "WADAT_IST": dates(rows["sent_day"], DATE),
    }
    yield extract(facts, "LIKP", head)
    item = {
        "VBELN": number,
        "POSNR": "000010",
        "MATNR": chosen(directory.product_codes, rows["product"]),
        "LFIMG": decimal(rows["quantity"] * 1000, 3),
        "VRKME": chosen(directory.product_units, rows["product"]),
        "VGBEL": padded(rows["order"], 10),
        "VGPOS": "000010",
    }
    yield extract(facts, "LIPS", item)


def _goods_movements(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Goods movements (MKPF, MSEG): receipts, issues, output of and use in production."""
    world, directory = facts.world, facts.directory
    relations, products, materials = world.relations, world.products, world.materials

    received, shipped = facts.events["receipts"], facts.events["shipments"]
    received = received.take(relations.material[received["relation"]] >= 0)
    shipped = shipped.take(relations.product[shipped["relation"]] >= 0)
    work, used = facts.events["work_orders"], facts.events["consumption"]
    bought = relations.material[received["relation"]]
    sold = relations.product[shipped["relation"]]
    parts = []
    for kind, firm, item, quantity, cost, reference in (
        (
            GOODS_RECEIPT,
            materials.firm[bought],
            bought,
            received["accepted"],
            materials.cost_fen[bought],
            received["order"],
        ),
        (
            GOODS_ISSUE,
            products.firm[sold],
            sold,
            shipped["quantity"],
            products.cost_fen[sold],
            shipped["shipment"],
        ),
        (
            FROM_PRODUCTION,
            products.firm[work["product"]],
            work["product"],
            work["good"],
            products.cost_fen[work["product"]],
            work["work_order"],
        ),
        (
            TO_PRODUCTION,
            materials.firm[used["material"]],
            used["material"],
            used["quantity"],
            materials.cost_fen[used["material"]],
            np.full(len(used), -1, dtype=np.int64),
        ),
    ):
        ours = users(facts)[firm]
        parts.append(
            make_frame(
                int(ours.sum()),
                kind=kind,
                firm=firm[ours],
                item=item[ours],
                quantity=quantity[ours],
                value_fen=(quantity * cost)[ours],
                reference=reference[ours],
            )
        )
    moves = joined(parts)
    moves = moves.with_columns(
        document=facts.day * 1_000_000 + np.arange(len(moves), dtype=np.int64),
        day=np.full(len(moves), facts.day, dtype=np.int64),
    )
    rows = outbox.rows(SOURCE, "erp_sap/MKPF+MSEG", moves, "quantity")
    number, day = padded(rows["document"], 10), dates(rows["day"], DATE)
    year = dates(rows["day"], "%Y")
    reference = pc.if_else(
        pa.array(rows["reference"] >= 0), padded(np.abs(rows["reference"]), 10), ""
    )
    yield extract(
        facts,
        "MKPF",
        {
            "MBLNR": number,
            "MJAHR": year,
            "BLART": chosen(MOVEMENT_TYPES, rows["kind"]),
            "BLDAT": day,
            "BUDAT": day,
            "XBLNR": reference,
        },
    )
    is_product = np.isin(rows["kind"], (GOODS_ISSUE, FROM_PRODUCTION))
    item, nothing = rows["item"], np.zeros(len(rows), dtype=np.int64)
    product, material = np.where(is_product, item, nothing), np.where(is_product, nothing, item)
    flag = pa.array(is_product)
    incoming = pa.array(np.isin(rows["kind"], (GOODS_RECEIPT, FROM_PRODUCTION)))
    line = {
        "MBLNR": number,
        "MJAHR": year,
        "ZEILE": "0001",
        "BWART": chosen(MOVEMENTS, rows["kind"]),
        "MATNR": pc.if_else(
            flag,
            chosen(directory.product_codes, product),
            chosen(directory.material_codes, material),
        ),
        "WERKS": company(rows["firm"]),
        "MENGE": decimal(rows["quantity"] * 1000, 3),
        "MEINS": pc.if_else(
            flag,
            chosen(directory.product_units, product),
            chosen(directory.material_units, material),
        ),
        "SHKZG": pc.if_else(incoming, "S", "H"),
        "DMBTR": decimal(rows["value_fen"], 2),
        "BUKRS": company(rows["firm"]),
    }
    yield extract(facts, "MSEG", line)


def erp_sap(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Orders, deliveries and goods movements of the firms that run this ERP."""
    yield from _orders(facts, outbox)
    yield from _deliveries(facts, outbox)
    yield from _goods_movements(facts, outbox)
