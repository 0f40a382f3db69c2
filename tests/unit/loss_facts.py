"""Planted facts of lending in a small database, and what the expert model reads of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from loomline.tables import load_tables
from models.loss_given_default.declared import LossParameters
from models.loss_given_default.inputs import (
    LENDING,
    LENDING_QUERIES,
    MACHINE,
    MACHINES,
    queries,
)
from models.loss_given_default.loss_rows import exposures_with_collateral, loss_rows

Facts = dict[str, list[dict[str, Any]]]
NOBODY: pd.Series[float] = pd.Series(dtype=float)
DAY = date(2020, 2, 29)
DAY_END = datetime(2020, 2, 29, 16, tzinfo=UTC)
EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), DAY_END + timedelta(seconds=1)
TYPES = {"string": "varchar", "timestamp": "timestamptz"}
PROVENANCE = {
    **{"source": "planted", "source_file": "planted.txt", "file_sha256": "0" * 64},
    **{"line_number": 7, "item_number": 1},
}


def link(system: str, code: str, enterprise: str, **changes: Any) -> dict[str, Any]:
    return {
        **{"code_system": system, "owner_code": "*", "party_role": "enterprise"},
        **{"party_code": code, "enterprise_id": enterprise},
        **changes,
    }


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


@contextmanager
def planted(catalog: Path, facts: Facts) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the declared tables of silver; a fact is known early unless it says when."""
    tables = load_tables(catalog)
    with duckdb.connect() as database:
        database.execute("set timezone = 'UTC'")
        database.execute("create schema silver")
        for name in (*LENDING, MACHINE):
            columns = {
                column: "varchar" if one.type.startswith("array") else TYPES.get(one.type, one.type)
                for column, one in tables[name].columns.items()
            }
            listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            database.execute(f"create table {name} ({listed})")
            for fact in facts.get(name.removeprefix("silver."), []):
                row = {"event_at": EARLY, "known_at": EARLY, **PROVENANCE, **fact}
                assert set(row) <= set(columns), (name, set(row) - set(columns))
                places = ", ".join("?" * len(row))
                database.execute(
                    f"insert into {name} ({', '.join(row)}) values ({places})", list(row.values())
                )
        yield database


def read(catalog: Path, facts: Facts, count_valid_days: int = 31) -> dict[str, pd.DataFrame]:
    """What the job reads of planted facts as of `DAY`."""
    asked = queries({**LENDING_QUERIES, "machines": MACHINES}, DAY_END, count_valid_days)
    with planted(catalog, facts) as database:
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
