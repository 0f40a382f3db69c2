"""What derived tables must say of a simulated ecosystem, read off its files with pandas."""

from __future__ import annotations

from collections import Counter
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


def loan_records(files: Path, pattern: str, record: str, ends: list[int]) -> set[tuple[str, ...]]:
    """The records of fixed-width files of the banks, cut at some characters; each once."""
    starts = [0, *ends[:-1]]
    lines = {
        line
        for path in files.glob(pattern)
        for line in path.read_text(encoding="gb18030").splitlines()
        if line.startswith(record)
    }
    return {tuple(line[a:b] for a, b in zip(starts, ends, strict=True)) for line in lines}


def debts(files: Path) -> dict[tuple[str, str], Decimal]:
    """What is owed, by kind and number of the loan, the limits drawn in full."""
    events = loan_records(files, "bank/CBLN_*.txt", "20", [2, 5, 17, 36, 44, 59, 74])
    found: dict[tuple[str, str], Decimal] = {}
    for contract in loan_records(files, "bank/CBFAC_*.txt", "30", [2, 14, 33, 48, 51, 56, 58, 73]):
        number, left, arrears = contract[1], int(contract[3]), 0
        mine = [one for one in events if one[2] == number and one[1] in ("DUE", "REP", "BAL")]
        for day in sorted({one[4] for one in mine}):
            said = {one[1]: one for one in mine if one[4] == day}
            left = int(next(iter(said.values()))[6])
            if "BAL" in said:
                arrears = int(said["BAL"][5])
            elif "REP" in said:
                arrears = 0
            else:
                arrears += int(said["DUE"][5])
        found["loan", number] = Decimal(left + arrears + int(contract[7])) / 100
    ended = {one[2] for one in events if one[1] == "PLD"}
    for one in events:
        if one[1] == "PLO" and one[2] not in ended:
            found["pledge_loan", one[2]] = Decimal(int(one[5])) / 100
    return found


def standing_receipts(files: Path) -> set[str]:
    """The warehouse receipts that are pledged and were not released."""
    rows = last_versions(files, "warehouse/仓单_*.csv", ["仓单编号"])
    return set(rows.仓单编号[rows.状态 == "质押中"])


def newest_statements(files: Path) -> dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]]:
    """Assets, liabilities, and what is retained, by enterprise and the end of its last period."""
    key = ["统一社会信用代码", "截止日期", "项目"]
    rows = last_versions(files, "statements/财务报表_*.csv", key)
    rows = rows[rows.截止日期 == rows.groupby("统一社会信用代码").截止日期.transform("max")]
    found = {}
    for (code, end), of in rows.groupby(["统一社会信用代码", "截止日期"]):
        amounts = {line: Decimal(text) for line, text in zip(of.项目, of.金额, strict=True)}
        owned = sum(amounts[one] for one in ("货币资金", "应收账款", "存货", "固定资产"))
        owed = sum(amounts[one] for one in ("应付账款", "应付职工薪酬", "应交税费", "短期借款"))
        retained = Decimal(owned - owed - amounts["实收资本"])
        found[str(code), str(end).replace("/", "-")] = (Decimal(owned), Decimal(owed), retained)
    return found


Item = tuple[str, str, str]


def listed_items(files: Path) -> tuple[dict[Item, int], Counter[tuple[str, str]]]:
    """Items of customers by company, customer and number.

    First the days late of those on the last list; then how many others each customer has settled.
    """
    key = ["BUKRS", "KUNNR", "BELNR"]
    last, settled = max(files.glob("erp_sap/BSID_*.txt")), Counter[tuple[str, str]]()
    list_day = pd.Timestamp(last.stem[-8:])
    rows = last_versions(files, "erp_sap/BSID_*.txt", key, "|")
    rows = rows[rows.DMBTR.astype(float) > 0]
    still = last_versions(files, f"erp_sap/{last.name}", key, "|")
    is_open = pd.MultiIndex.from_frame(rows[key]).isin(pd.MultiIndex.from_frame(still[key]))
    settled.update(zip(rows.BUKRS[~is_open], rows.KUNNR[~is_open], strict=True))
    late = (list_day - pd.to_datetime(rows.NETDT[is_open], format="%Y%m%d")).dt.days
    items = rows[is_open][key].itertuples(index=False, name=None)
    return dict(zip(items, late.tolist(), strict=True)), settled


def suppliers(files: Path) -> set[tuple[str, str]]:
    """Each company with each vendor that it has ordered from."""
    heads = last_versions(files, "erp_sap/EKKO_*.txt", ["BUKRS", "EBELN"], "|")
    return set(zip(heads.BUKRS, heads.LIFNR, strict=True))
