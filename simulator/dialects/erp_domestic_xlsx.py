"""A domestic ERP package: one workbook an accounting office and month, with Chinese headers.

The office sends the workbook on its own weekday and at the month's end; it holds the month so far,
so that each sending repeats the rows of the one before. Sheets have a title above the header.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time

import numpy as np
import pyarrow as pa
import xlsxwriter

from simulator.calendar import date_of, is_month_end
from simulator.dialects.erp_sap_finance import reported_stock
from simulator.dialects.facts import Delivery, Facts, foreign_number, spelled
from simulator.disorder import Outbox
from simulator.frame import Frame, joined, make_frame
from simulator.randomness import Integers
from simulator.text import chosen, dates, listed, padded
from simulator.world.firms import ERP_DOMESTIC
from simulator.world.trades import REGIONS

# Rows entered day by day, and rows sent in workbooks.
ENTRIES, SOURCE = "erp_domestic_entries", "erp_domestic"
WORKDAYS = 5
SIDES = listed(["收款", "付款"])
MARKS = listed(["", "更正"])

Sheet = Mapping[str, Sequence[object]]


def _workbook(sheets: Mapping[str, Sheet], month: str) -> bytes:
    """A workbook with a title, a header and rows on each sheet; its bytes are its content's."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    # Without a moment of creation the bytes would be those of the clock.
    book.set_properties({"created": datetime.combine(date_of(0), time())})
    for name, columns in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.write_string(0, 0, f"{name}（{month[:4]}年{month[4:]}月）")
        for place, (header, values) in enumerate(columns.items()):
            sheet.write_string(2, place, header)
            sheet.write_column(3, place, values)
    book.close()
    return buffer.getvalue()


def _owned(frame: Frame, firm: Integers, facts: Facts, **columns: Integers) -> Frame:
    """The rows whose firm uses this package, with that firm and the day."""
    inside = (firm >= 0) & (firm < len(facts.world.firms))
    ours = inside & (facts.world.firms.erp == ERP_DOMESTIC)[np.where(inside, firm, 0)]
    day = np.full(len(frame), facts.day, dtype=np.int64)
    return frame.with_columns(firm=firm, day=day, **columns).take(ours)


def _month_so_far(facts: Facts, outbox: Outbox) -> dict[str, Frame]:
    """Rows of the month by sheet, today's among them, corrections behind what they correct."""
    relations = facts.world.relations
    shipped, received = facts.events["shipments"], facts.events["receipts"]
    paid = facts.events["payments"]
    is_sale = relations.product[shipped["relation"]] >= 0
    is_purchase = relations.material[received["relation"]] >= 0
    shipped, received = shipped.take(is_sale), received.take(is_purchase)
    fresh = {
        "销售出库": _owned(
            shipped,
            relations.supplier[shipped["relation"]],
            facts,
            other=relations.customer[shipped["relation"]],
            item=relations.product[shipped["relation"]],
            amount_fen=shipped["quantity"] * shipped["price_fen"],
        ),
        "采购入库": _owned(
            received,
            relations.customer[received["relation"]],
            facts,
            other=relations.supplier[received["relation"]],
            item=relations.material[received["relation"]],
            amount_fen=received["accepted"] * received["price_fen"],
        ),
        "收付款": joined(
            [
                _owned(paid, paid["payee"], facts, other=paid["payer"], is_out=0 * paid["payer"]),
                _owned(
                    paid, paid["payer"], facts, other=paid["payee"], is_out=1 + 0 * paid["payer"]
                ),
            ]
        ),
    }
    first = date_of(facts.day).day == 1
    corrected = {"销售出库": "quantity", "采购入库": "accepted", "收付款": ""}
    month = {}
    for name, rows in fresh.items():
        entered = outbox.rows(ENTRIES, f"domestic {name}", rows, corrected[name])
        entered = entered.with_columns(entered_day=np.full(len(entered), facts.day))
        month[name] = outbox.kept(f"domestic {name}", entered, first)
    return month


def _sends(day: int, region: int) -> bool:
    """Whether the office of a region sends its workbook at the end of a day."""
    return date_of(day).weekday() == region % WORKDAYS or is_month_end(day)


def _last_sent(day: int, region: int) -> int:
    """The last day before this one whose entries have been sent, or belong to another month."""
    before = day - 1
    while before >= 0 and not _sends(before, region):
        before -= 1
    return before


def _money(fen: Integers) -> list[float]:
    """Amounts as spreadsheet numbers."""
    return (fen / 100).tolist()


def _movements(facts: Facts, rows: Frame, quantity: str, texts: tuple[pa.Array, ...]) -> Sheet:
    """Goods in or out, as rows of a sheet."""
    codes, items, units = texts
    return {
        "单据编号": padded(rows["shipment"], 10).to_pylist(),
        "单据日期": dates(rows["day"], "%Y-%m-%d").to_pylist(),
        "账套": chosen(facts.directory.names, rows["firm"]).to_pylist(),
        "往来单位编码": padded(foreign_number(rows["firm"], rows["other"]), 9).to_pylist(),
        "往来单位": spelled(facts.directory, rows["firm"], rows["other"]).to_pylist(),
        "存货编码": chosen(codes, rows["item"]).to_pylist(),
        "存货名称": chosen(items, rows["item"]).to_pylist(),
        "计量单位": chosen(units, rows["item"]).to_pylist(),
        "数量": rows[quantity].tolist(),
        "不含税单价": _money(rows["price_fen"]),
        "金额": _money(rows["amount_fen"]),
        "备注": chosen(MARKS, rows["is_correction"]).to_pylist(),
    }


def _payments(facts: Facts, rows: Frame) -> Sheet:
    return {
        "单据编号": padded(rows["payment"], 10).to_pylist(),
        "日期": dates(rows["day"], "%Y-%m-%d").to_pylist(),
        "账套": chosen(facts.directory.names, rows["firm"]).to_pylist(),
        "收付类型": chosen(SIDES, rows["is_out"]).to_pylist(),
        "往来单位": spelled(facts.directory, rows["firm"], rows["other"]).to_pylist(),
        "金额": _money(rows["amount_fen"] * rows["sign"]),
        "核销发票": padded(rows["invoice"], 10).to_pylist(),
    }


def _stock(facts: Facts, rows: Frame) -> Sheet:
    directory = facts.directory
    codes = pa.concat_arrays([directory.material_codes, directory.product_codes])
    names = pa.concat_arrays([directory.materials, directory.products])
    units = pa.concat_arrays([directory.material_units, directory.product_units])
    return {
        "账套": chosen(directory.names, rows["firm"]).to_pylist(),
        "存货编码": chosen(codes, rows["item"]).to_pylist(),
        "存货名称": chosen(names, rows["item"]).to_pylist(),
        "计量单位": chosen(units, rows["item"]).to_pylist(),
        "结存数量": rows["units"].tolist(),
        "盘点日期": dates(rows["day"], "%Y/%m/%d").to_pylist(),
    }


def _stock_rows(facts: Facts) -> Frame:
    """Stock of materials and, numbered after them, of products."""
    world = facts.world
    firm = np.concatenate([world.materials.firm, world.products.firm])
    units = np.concatenate([facts.state.material_units, facts.state.product_units])
    every = make_frame(
        len(firm), item=np.arange(len(firm)), units=reported_stock(facts, firm, units)
    )
    return _owned(every, firm, facts)


def erp_domestic_xlsx(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """The workbooks of the offices whose day it is; each office serves one region."""
    month = _month_so_far(facts, outbox)
    directory = facts.directory
    stock = _stock_rows(facts)
    for region, (_, _, city) in enumerate(REGIONS):
        if not _sends(facts.day, region):
            continue
        served = facts.world.firms.region == region
        rows = {name: frame.take(served[frame["firm"]]) for name, frame in month.items()}
        counted = stock.take(served[stock["firm"]])
        materials = (directory.material_codes, directory.materials, directory.material_units)
        products = (directory.product_codes, directory.products, directory.product_units)
        sheets = {
            "销售出库": _movements(facts, rows["销售出库"], "quantity", products),
            "采购入库": _movements(facts, rows["采购入库"], "accepted", materials),
            "收付款": _payments(facts, rows["收付款"]),
            "库存": _stock(facts, counted),
        }
        last = _last_sent(facts.day, region)
        for name, frame in rows.items():
            is_new = int((frame["entered_day"] > last).sum())
            outbox.repeated(SOURCE, f"erp_domestic/代账_{city}#{name}", len(frame), is_new)
        outbox.repeated(SOURCE, f"erp_domestic/代账_{city}#库存", len(counted), len(counted))
        yield Delivery(
            f"erp_domestic/代账_{city}_{facts.month}_{facts.stamp}.xlsx",
            _workbook(sheets, facts.month),
        )
