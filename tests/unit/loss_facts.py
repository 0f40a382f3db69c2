"""Planted facts of lending in a small database, and what the expert model reads of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from models.loss_given_default.declared import LossParameters
from models.loss_given_default.inputs import (
    LENDING,
    LENDING_QUERIES,
    MACHINE,
    MACHINES,
    queries,
)
from models.loss_given_default.loss_rows import exposures_with_collateral, loss_rows
from tests.unit.planted_silver import DAY, DAY_END, PROVENANCE, Facts, planted

NOBODY: pd.Series[float] = pd.Series(dtype=float)
EARLY = datetime(2020, 1, 1, tzinfo=UTC)


def loan(number: str, account: str, **changes: Any) -> dict[str, Any]:
    """A loan of 1,000 with a limit of 100 beside it."""
    return {
        **{"code_system": "bank", "loan_number": number, "enterprise_code": account},
        **{"principal_cny": 1000, "limit_cny": 100},
        **changes,
    }


def event(
    number: str, kind: str, day: int, amount: float, balance: float, **changes: Any
) -> dict[str, Any]:
    """An event of a loan on a day of January, February or March, counted on from 1 January."""
    return {
        **{"code_system": "bank", "loan_number": number, "enterprise_code": "A"},
        **{"repayment_date": date(2019, 12, 31) + timedelta(days=day), "repayment_type": kind},
        **{"amount_cny": amount, "balance_cny": balance, "days_past_due": 0},
        **changes,
    }


def pledge(number: str, account: str, amount: float, **changes: Any) -> dict[str, Any]:
    return {
        **{"code_system": "bank", "loan_number": number, "enterprise_code": account},
        **{"drawdown_date": date(2020, 1, 15), "drawdown_type": "pledge", "amount_cny": amount},
        **changes,
    }


def receipt(number: str, lot: str, amount: float, **changes: Any) -> dict[str, Any]:
    """A receipt over 10 units."""
    return {
        **{"code_system": "warehouse", "receipt_number": number, "lot_code": lot},
        **{"enterprise_code": "W", "quantity": 10, "pledge_amount_cny": amount},
        **{"status": "pledged"},
        **changes,
    }


def count(number: str, quantity: float, days_before: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        **{"code_system": "warehouse", "subject_type": "receipt", "subject_code": number},
        **{"measure": "counted_quantity", "value": quantity},
        **{"read_at": DAY_END - timedelta(days=days_before)},
        **changes,
    }


def report(record: str, code: str, balance: float, drawn: float, day: date) -> dict[str, Any]:
    return {
        **{"code_system": "bureau", "record_code": record, "enterprise_code": code},
        **{"report_date": day, "balance_cny": balance, "facility_used_cny": drawn},
    }


def read(catalog: Path, facts: Facts, count_valid_days: int = 31) -> dict[str, pd.DataFrame]:
    """What the job reads of planted facts as of `DAY`."""
    asked = queries({**LENDING_QUERIES, "machines": MACHINES}, DAY_END, count_valid_days)
    said_of_all = {"event_at": EARLY, "known_at": EARLY, **PROVENANCE}
    with planted(catalog, (*LENDING, MACHINE), facts, said_of_all) as database:
        return {name: database.sql(sql).to_arrow_table().to_pandas() for name, sql in asked.items()}


def rows_of(
    catalog: Path,
    parameters: LossParameters,
    facts: Facts,
    pd_ratios: pd.Series[float] = NOBODY,
) -> pa.Table:
    found = read(catalog, facts)
    exposures = exposures_with_collateral(
        found["loans"], found["bureau"], found["pledges"], found["receipts"], parameters
    )
    return loss_rows(exposures, found["defaults"], pd_ratios, parameters, DAY)


def shown(rows: pa.Table, *columns: str) -> dict[str, tuple[Any, ...]]:
    """Some columns by the number of the loan, money as floats."""
    return {
        row["loan_number"]: tuple(
            float(row[name]) if name.endswith("_cny") and row[name] is not None else row[name]
            for name in columns
        )
        for row in rows.to_pylist()
    }
