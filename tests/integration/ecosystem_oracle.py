"""What derived tables must say of a simulated ecosystem, read off its files with pandas."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd


def last_versions(files: Path, pattern: str, key: list[str], separator: str = ",") -> pd.DataFrame:
    """The rows of daily files, every value as text; of one key the last that came."""
    paths = sorted(files.glob(pattern))
    every = pd.concat([pd.read_csv(path, sep=separator, dtype=str) for path in paths])
    return every.drop_duplicates(key, keep="last")


def ledger_balances(files: Path) -> dict[tuple[str, str], Decimal]:
    """The sum of all postings by company and account."""
    key = ["BUKRS", "BELNR", "GJAHR"]
    lines = last_versions(files, "erp_sap/BSEG_*.txt", [*key, "BUZEI"], "|")
    heads = last_versions(files, "erp_sap/BKPF_*.txt", key, "|")
    lines = lines.merge(heads, on=key)
    signs = lines.SHKZG.map({"S": 1, "H": -1})
    lines["amount"] = [sign * Decimal(text) for sign, text in zip(signs, lines.DMBTR, strict=True)]
    sums = lines.groupby(["BUKRS", "HKONT"]).amount.sum()
    return {(str(company), str(account)): amount for (company, account), amount in sums.items()}


def invoice_relations(files: Path) -> dict[tuple[str, str, str], tuple[int, Decimal]]:
    """Valid invoices and their sum, by enterprise, role of the partner, and partner."""
    found = {}
    for stream, role, partner in (
        ("sales", "customer", "购方单位代号"),
        ("purchase", "supplier", "销方单位代号"),
    ):
        key = ["企业代号", partner, "发票号码", "开票日期"]
        rows = last_versions(files, f"tax/{stream}_invoices_*.csv.gz", key)
        rows = rows[rows.发票状态.str.strip() == "有效发票"]
        for (firm, other), of in rows.groupby(["企业代号", partner]):
            found[str(firm), role, str(other)] = (len(of), sum(map(Decimal, of.价税合计)))
    return found
