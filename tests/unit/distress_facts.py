"""Planted statements in a small database, and what the distress job makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import sqlglot

from models.financial_distress.distress_rows import distress_rows
from models.financial_distress.inputs import READ, statements_query
from tests.unit.planted_silver import DAY, DAY_END, PROVENANCE, Facts, planted

EARLY = datetime(2020, 1, 1, tzinfo=UTC)
YEAR_END, QUARTER_BEFORE = date(2019, 12, 31), date(2019, 9, 30)
# A statement in CNY whose profit since the opening is what is retained, and operating lines before.
SOUND: dict[str, float] = {
    **{"cash": 50, "receivables": 150, "inventory": 100, "fixed_assets": 200},
    **{"payables": 80, "wages_payable": 10, "tax_payable": 10, "short_term_loans": 100},
    **{"paid_in_capital": 180, "revenue": 900, "cost_of_sales": 700},
    **{"administrative_expenses": 60, "credit_losses": 10, "finance_cost": 10},
}
EARLIER_SOUND: dict[str, float] = {
    **{"revenue": 300, "cost_of_sales": 240, "administrative_expenses": 25, "credit_losses": 5},
}
Amount = TypeVar("Amount", int, float)


def opened_with(lines: Mapping[str, Amount]) -> dict[str, Amount]:
    """Lines with the paid-in capital at which their profit is what is retained."""
    assets = lines["cash"] + lines["receivables"] + lines["inventory"] + lines["fixed_assets"]
    owed = (
        lines["payables"]
        + lines["wages_payable"]
        + lines["tax_payable"]
        + lines["short_term_loans"]
    )
    costs = (
        lines["cost_of_sales"]
        + lines["administrative_expenses"]
        + lines["credit_losses"]
        + lines["finance_cost"]
    )
    return {**lines, "paid_in_capital": assets - owed - (lines["revenue"] - costs)}


def filed(
    code: str, period_end: date, lines: Mapping[str, float], **changes: Any
) -> list[dict[str, Any]]:
    """The lines of a statement, a fact each."""
    return [
        {
            **{"code_system": "statements", "enterprise_code": code},
            **{"period_end_date": period_end, "line_name": name, "amount_cny": amount},
            **changes,
        }
        for name, amount in lines.items()
    ]


def read(catalog: Path, facts: Facts) -> pd.DataFrame:
    """What the job reads of planted facts as of `DAY`."""
    said_of_all = {"event_at": EARLY, "known_at": EARLY, **PROVENANCE}
    (query,) = sqlglot.transpile(statements_query(DAY, DAY_END), read="spark", write="duckdb")
    with planted(catalog, READ, facts, said_of_all) as database:
        return database.sql(query).to_arrow_table().to_pandas()


def rows_of(catalog: Path, facts: Facts) -> pa.Table:
    """The rows of `scores.financial_distress` of planted facts as of `DAY`."""
    return distress_rows(read(catalog, facts), DAY)


def by_code(rows: pa.Table) -> dict[str, dict[str, Any]]:
    """The rows by the code of the enterprise, each of which has one."""
    found = {row["enterprise_code"]: row for row in rows.to_pylist()}
    assert len(found) == rows.num_rows
    return found
