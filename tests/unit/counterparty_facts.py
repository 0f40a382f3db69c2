"""Planted items, invoices and order lines in a small database, and what the models read of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from sqlglot import transpile

from models.counterparties.inputs import (
    ORDERED,
    ORDERED_QUERIES,
    OWED,
    OWED_QUERIES,
    queries,
)
from tests.unit.planted_silver import DAY, DAY_END, PROVENANCE, Facts, planted

EARLY = datetime(2019, 1, 1, tzinfo=UTC)
SUNDAYS = tuple(DAY - timedelta(days=6 + 7 * weeks) for weeks in range(12, -1, -1))


def party(system: str, owner: str, role: str, code: str, credit_code: str) -> dict[str, Any]:
    return {
        **{"code_system": system, "owner_code": owner, "party_role": role},
        **{"party_code": code, "credit_code": credit_code},
    }


def listed(
    number: str, creditor: str, debtor: str, list_date: date, due_date: date, **changes: Any
) -> dict[str, Any]:
    """An item on a list of open items, known from the day after the list on."""
    known = datetime(list_date.year, list_date.month, list_date.day, 16, tzinfo=UTC)
    return {
        **{"code_system": "erp", "enterprise_code": creditor, "direction": "receivable"},
        **{"document_number": number, "counterparty_code": debtor, "list_date": list_date},
        **{"due_date": due_date, "issue_date": due_date - timedelta(days=30)},
        **{"amount": 100, "open_amount": 100, "currency": "CNY", "known_at": known},
        **changes,
    }


def invoice(
    seller: str, buyer: str, month: int, total_cny: float, **changes: Any
) -> dict[str, Any]:
    return {
        **{"enterprise_id": seller, "counterparty_id": buyer, "direction": "sale"},
        **{"issue_date": date(2019, month, 5), "total_cny": total_cny, "status": "valid"},
        **changes,
    }


def order(number: str, supplier: str, wanted: date, quantity: float = 10, **changes: Any) -> Facts:
    """An order of one line, by table."""
    return {
        "purchase_order": [
            {
                **{"code_system": "erp", "enterprise_code": "B1", "order_number": number},
                **{"order_date": wanted - timedelta(days=10), "supplier_code": supplier},
                **changes,
            }
        ],
        "purchase_order_line": [
            {
                **{"code_system": "erp", "order_number": number, "line_code": "10"},
                **{"material_code": "M", "quantity": quantity, "wanted_date": wanted},
            }
        ],
    }


def movement(number: str, order_number: str, day: date, quantity: float, **changes: Any) -> Facts:
    """Goods received for an order, booked as a movement of stock, by table."""
    document = {"code_system": "erp", "document_number": number, "document_year": "2020"}
    return {
        "stock_movement": [
            {
                **document,
                **{"movement_type": "receipt", "material_code": "M", "quantity": quantity},
                **changes,
            }
        ],
        "stock_movement_document": [
            {**document, "posting_date": day, "reference_number": order_number}
        ],
    }


def together(*several: Facts) -> Facts:
    """The facts of several, by table."""
    names = dict.fromkeys(name for facts in several for name in facts)
    return {name: [one for facts in several for one in facts.get(name, [])] for name in names}


@cache
def _asked() -> dict[str, str]:
    """The questions in the language of the small database."""
    asked = queries({**OWED_QUERIES, **ORDERED_QUERIES}, DAY_END)
    return {name: transpile(sql, read="spark", write="duckdb")[0] for name, sql in asked.items()}


def read(catalog: Path, facts: Facts) -> dict[str, pd.DataFrame]:
    """What the job reads of planted facts as of `DAY`; one is known early unless it says when."""
    said_of_all = {"event_at": EARLY, "known_at": EARLY, **PROVENANCE}
    with planted(catalog, (*OWED, *ORDERED), facts, said_of_all) as database:
        return {
            name: database.sql(sql).to_arrow_table().to_pandas(date_as_object=True)
            for name, sql in _asked().items()
        }
