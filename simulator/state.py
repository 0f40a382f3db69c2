"""The state at the end of a day: all that the next day needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from simulator.frame import Frame, empty_frame
from simulator.randomness import Integers

ORDER_COLUMNS = ("order", "relation", "day", "wanted_day", "quantity", "remaining", "price_fen")
TRANSIT_COLUMNS = (
    "shipment", "order", "relation", "carrier", "quantity", "lost", "price_fen",
    "sent_day", "planned_day", "arrival_day",
)  # fmt: skip
BILL_COLUMNS = (
    "supplier", "customer", "relation", "reference", "purpose", "net_fen", "tax_percent",
    "term_days", "bill_day",
)  # fmt: skip
# An open item: `sign` is -1 for a red-letter invoice, which the supplier pays back.
OPEN_ITEM_COLUMNS = (
    "invoice", "supplier", "customer", "sign", "net_fen", "tax_fen", "tax_percent", "total_fen",
    "remaining_fen", "issue_day", "due_day", "pay_day", "is_disputed", "purpose",
)  # fmt: skip
PLEDGE_COLUMNS = (
    "receipt", "lot", "firm", "warehouse", "product", "quantity", "bank", "amount_fen",
    "start_day", "end_day",
)  # fmt: skip
TO_VOID_COLUMNS = (
    "invoice", "supplier", "customer", "net_fen", "tax_fen", "tax_percent", "total_fen",
    "issue_day", "void_day",
)  # fmt: skip

BOOKS = {
    "orders": ORDER_COLUMNS,
    "transit": TRANSIT_COLUMNS,
    "bills": BILL_COLUMNS,
    "open_items": OPEN_ITEM_COLUMNS,
    "pledges": PLEDGE_COLUMNS,
    "to_void": TO_VOID_COLUMNS,
}

SERIALS = (
    "order", "shipment", "invoice", "payment", "work_order", "receipt", "machine_event", "claim",
)  # fmt: skip


@dataclass(frozen=True)
class State:
    """End of `day`. Arrays have one entry a firm unless their comment says otherwise; money in fen.

    `since` days are -1 while the thing has not happened.
    """

    day: int
    cash_fen: Integers
    facility_used_fen: Integers
    wages_due_fen: Integers
    wages_next_fen: Integers
    tax_due_fen: Integers
    tax_next_fen: Integers
    vat_credit_fen: Integers
    unpaid_since: Integers
    default_day: Integers
    failed_day: Integers
    wage_permille: Integers
    month_sold_fen: Integers
    month_vat_out_fen: Integers
    month_vat_in_fen: Integers
    month_shipped_fen: Integers
    month_watt_hours: Integers
    # one entry a loan
    loan_left_fen: Integers
    loan_due_fen: Integers
    loan_unpaid_since: Integers
    # one entry a material, a product, a machine
    material_units: Integers
    material_ordered: Integers
    product_units: Integers
    order_rate_milli: Integers
    wear: Integers
    down_until: Integers
    meter_watt_hours: Integers
    # shape (accounts, firms): debit balances, credits negative
    ledger_fen: NDArray[np.int64]
    serials: Mapping[str, int]
    books: Mapping[str, Frame]

    def book(self, name: str) -> Frame:
        """One of the open books."""
        return self.books[name]

    def with_book(self, name: str, frame: Frame) -> dict[str, Frame]:
        """The books with one replaced."""
        return {**self.books, name: frame}


def empty_books() -> dict[str, Frame]:
    """Books with nothing in them."""
    return {name: empty_frame(columns) for name, columns in BOOKS.items()}


def array_names() -> list[str]:
    """The names of the arrays of a state."""
    return [field.name for field in fields(State) if field.name not in ("day", "serials", "books")]
