"""Double entry: the accounts, and the documents that every event posts.

A document's amounts, debits positive and credits negative, add up to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.frame import Frame, empty_frame, joined
from simulator.randomness import Flags, Integers

(
    CASH,
    RECEIVABLES,
    MATERIALS,
    FINISHED_GOODS,
    FIXED_ASSETS,
    PAYABLES,
    GOODS_NOT_INVOICED,
    WAGES_PAYABLE,
    TAX_PAYABLE,
    LOANS,
    EQUITY,
    REVENUE,
    COST_OF_SALES,
    MAKING_COST,
    EXPENSES,
    FINANCE_COST,
    BAD_DEBT,
) = range(17)

# Code and name in the Chinese standard of business enterprises, in the order of the accounts above.
ACCOUNT_CODES = (
    "1002", "1122", "1403", "1405", "1601", "2202", "220202", "2211", "2221", "2001", "4001",
    "6001", "6401", "5001", "6602", "6603", "6701",
)  # fmt: skip
ACCOUNT_NAMES = (
    "银行存款", "应收账款", "原材料", "库存商品", "固定资产", "应付账款", "暂估应付账款",
    "应付职工薪酬", "应交税费", "短期借款", "实收资本", "主营业务收入", "主营业务成本", "生产成本",
    "管理费用", "财务费用", "信用减值损失",
)  # fmt: skip
ACCOUNTS = len(ACCOUNT_CODES)

(
    OPENING,
    GOODS_RECEIPT,
    PRODUCTION,
    GOODS_ISSUE,
    SALES_INVOICE,
    PURCHASE_INVOICE,
    INCOMING_PAYMENT,
    OUTGOING_PAYMENT,
    PAYROLL,
    TAX,
    LOAN,
    WRITE_OFF,
) = range(12)

COLUMNS = ("firm", "document_kind", "reference", "account", "amount_fen")


def no_postings() -> Frame:
    """A day on which nothing is posted."""
    return empty_frame(COLUMNS)


def document(
    kind: int, firm: Integers, reference: Integers, lines: Sequence[tuple[int, Integers]]
) -> Frame:
    """Documents of one kind: a line an account; lines of nothing are left out."""
    parts = [
        Frame(
            {
                "firm": firm,
                "document_kind": np.full(len(firm), kind, dtype=np.int64),
                "reference": reference,
                "account": np.full(len(firm), account, dtype=np.int64),
                "amount_fen": amount,
            }
        )
        for account, amount in lines
    ]
    table = joined(parts)
    return table.take(table["amount_fen"] != 0)


def document_for(
    mask: Flags,
    kind: int,
    firm: Integers,
    reference: Integers,
    lines: Sequence[tuple[int, Integers]],
) -> Frame:
    """Documents for the rows of a mask only, such as those whose firm is an enterprise."""
    return document(
        kind, firm[mask], reference[mask], [(account, amount[mask]) for account, amount in lines]
    )


def posted(ledger: Integers, postings: Frame) -> Integers:
    """The ledger after a day's postings; shape (accounts, firms)."""
    after = ledger.copy()
    np.add.at(after, (postings["account"], postings["firm"]), postings["amount_fen"])
    return after
