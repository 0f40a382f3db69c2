"""The tax platform's daily extract: VAT invoices in the very shape of the real sme_invoices files.

An invoice that is voided later comes again with its new status, under its own number.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow.compute as pc

from simulator.day.invoicing import VALID, VOIDED
from simulator.dialects.facts import Delivery, Facts, firm_codes
from simulator.disorder import Outbox
from simulator.frame import Frame, joined
from simulator.text import chosen, dates, decimal, listed, padded, table, zipped

SOURCE = "tax_invoices"
COLUMNS = (
    "invoice",
    "supplier",
    "customer",
    "net_fen",
    "tax_fen",
    "total_fen",
    "issue_day",
    "status",
)
STATUS = listed(["有效发票", "作废发票"])
NUMBERS = 100_000_000


def _invoices(facts: Facts) -> Frame:
    """Invoices of the day with the status they go out with, and earlier ones now voided."""
    issued = facts.events["invoices"]
    issued = issued.with_columns(status=issued["sent_status"])
    voided = facts.events["voided_later"]
    voided = voided.with_columns(status=np.full(len(voided), VOIDED, dtype=np.int64))
    return joined([Frame({name: part[name] for name in COLUMNS}) for part in (issued, voided)])


def tax_invoices(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Sales and purchases of all enterprises, a gzipped CSV a direction and day.

    The first file has all invoices up to its day.
    """
    invoices, directory = _invoices(facts), facts.directory
    count = len(facts.world.firms)
    for direction, own, other, header in (
        ("sales", "supplier", "customer", "购方单位代号"),
        ("purchase", "customer", "supplier", "销方单位代号"),
    ):
        mine = invoices.take(invoices[own] < count).sorted_by(own, "issue_day", "invoice")
        stream = f"tax/{direction}_invoices"
        rows = outbox.gathered(stream, outbox.rows(SOURCE, stream, mine), facts.is_connected)
        if rows is None:
            continue
        columns = [
            firm_codes(rows[own]),
            padded(rows["invoice"] % NUMBERS, 8),
            dates(rows["issue_day"], "%Y/%-m/%-d"),
            chosen(directory.credit_codes, rows[other]),
            decimal(rows["net_fen"], 2),
            decimal(rows["tax_fen"], 2),
            decimal(rows["total_fen"], 2),
            pc.if_else(rows["status"] == VALID, STATUS[0], STATUS[1]),
        ]
        names = ("企业代号", "发票号码", "开票日期", header, "金额", "税额", "价税合计", "发票状态")
        content = zipped(table(columns, ",", names))
        yield Delivery(f"{stream}_{facts.stamp}.csv.gz", content)
