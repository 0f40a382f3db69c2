"""What firms file once a month or quarter: payroll and social insurance, taxes, statements.

Payroll is as of the month's end, and out on that day. Tax is filed on the 15th of the next month.
Statements are as of a quarter's end, and out on that day.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from simulator.calendar import date_of, is_month_end
from simulator.day import accounts
from simulator.day.obligations import PAY_DAY
from simulator.dialects.erp_sap_finance import INFLATED_PERMILLE
from simulator.dialects.facts import Delivery, Facts, firm_codes
from simulator.disorder import Outbox
from simulator.frame import Frame, make_frame
from simulator.text import chosen, dates, decimal, listed, table, whole
from simulator.world import cheats

WAGE_FEN_A_HEAD = 620_000
FILED = "filings of the month"
CORRECTED = listed(["正常申报", "更正申报"])
STATEMENT_LINES = (
    ("货币资金", (accounts.CASH,), 1),
    ("应收账款", (accounts.RECEIVABLES,), 1),
    ("存货", (accounts.MATERIALS, accounts.FINISHED_GOODS), 1),
    ("固定资产", (accounts.FIXED_ASSETS,), 1),
    ("应付账款", (accounts.PAYABLES, accounts.GOODS_NOT_INVOICED), -1),
    ("应付职工薪酬", (accounts.WAGES_PAYABLE,), -1),
    ("应交税费", (accounts.TAX_PAYABLE,), -1),
    ("短期借款", (accounts.LOANS,), -1),
    ("实收资本", (accounts.EQUITY,), -1),
    ("营业收入", (accounts.REVENUE,), -1),
    ("营业成本", (accounts.COST_OF_SALES, accounts.MAKING_COST), 1),
    ("管理费用", (accounts.EXPENSES,), 1),
    ("财务费用", (accounts.FINANCE_COST,), 1),
    ("信用减值损失", (accounts.BAD_DEBT,), 1),
)


def _payroll(facts: Facts, outbox: Outbox) -> Delivery:
    """Heads, wages and social insurance of a month, by enterprise."""
    months = facts.events["months"]
    paying = months.take(months["wages_fen"] > 0)
    paying = paying.with_columns(
        day=np.full(len(paying), facts.day, dtype=np.int64),
        heads=np.maximum(paying["wages_fen"] // WAGE_FEN_A_HEAD, 1),
    )
    rows = outbox.rows("payroll", "payroll/社保缴费", paying, "heads")
    columns = {
        "统一社会信用代码": chosen(facts.directory.credit_codes, rows["firm"]),
        "单位名称": chosen(facts.directory.names, rows["firm"]),
        "所属月份": dates(rows["day"], "%Y%m"),
        "参保人数": whole(rows["heads"]),
        "工资总额": decimal(rows["wages_fen"], 2),
        "社会保险费": decimal(rows["insurance_fen"], 2),
        "申报类型": chosen(CORRECTED, rows["is_correction"]),
    }
    content = table(list(columns.values()), ",", list(columns))
    return Delivery(f"payroll/社保缴费_{facts.month}.csv", content)


def _tax_filings(facts: Facts, outbox: Outbox, filed: Frame) -> Delivery:
    """VAT and income tax returns of the month before."""
    rows = outbox.rows("tax_filings", "tax/filings", filed, "vat_in_fen")
    columns = {
        "企业代号": firm_codes(rows["firm"]),
        "所属期": dates(rows["day"], "%Y-%m"),
        "申报日期": dates(np.full(len(rows), facts.day)),
        "销项税额": decimal(rows["vat_out_fen"], 2),
        "进项税额": decimal(rows["vat_in_fen"], 2),
        "应纳税额": decimal(rows["vat_due_fen"], 2),
        "所得税预缴": decimal(rows["profit_tax_fen"], 2),
        "申报类型": chosen(CORRECTED, rows["is_correction"]),
    }
    content = table(list(columns.values()), ",", list(columns))
    return Delivery(f"tax/filings_{facts.stamp}.csv", content)


def _statements(facts: Facts, outbox: Outbox) -> Delivery:
    """Balances by line and firm, in long form; who inflates stock inflates equity with it."""
    firms, ledger = facts.world.firms, facts.state.ledger_fen
    count = len(firms)
    inflates = (firms.cheat == cheats.INFLATED_STOCK) & (firms.cheat_day <= facts.day)
    stock = ledger[accounts.MATERIALS] + ledger[accounts.FINISHED_GOODS]
    extra = np.where(inflates, stock * (INFLATED_PERMILLE - 1000) // 1000, 0)
    amounts = np.stack([sign * ledger[list(rows)].sum(axis=0) for _, rows, sign in STATEMENT_LINES])
    names = [name for name, _, _ in STATEMENT_LINES]
    amounts[names.index("存货")] += extra
    amounts[names.index("实收资本")] += extra
    line, firm = np.divmod(np.arange(len(names) * count), count)
    every = make_frame(len(firm), firm=firm, line=line, amount_fen=amounts.ravel(), day=facts.day)
    rows = outbox.rows(
        "statements", "statements/财务报表", every.take((facts.state.failed_day < 0)[firm])
    )
    columns = {
        "统一社会信用代码": chosen(facts.directory.credit_codes, rows["firm"]),
        "截止日期": dates(rows["day"], "%Y/%m/%d"),
        "项目": chosen(listed(names), rows["line"]),
        "金额": decimal(rows["amount_fen"], 2),
    }
    content = table(list(columns.values()), ",", list(columns))
    return Delivery(f"statements/财务报表_{facts.stamp}.csv", content)


def monthly_csv(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """The filings whose day it is."""
    today = date_of(facts.day)
    if is_month_end(facts.day):
        months = facts.events["months"]
        day = np.full(len(months), facts.day, dtype=np.int64)
        outbox.kept(FILED, months.with_columns(day=day), is_first=True)
        yield _payroll(facts, outbox)
        if today.month % 3 == 0:
            yield _statements(facts, outbox)
    elif today.day == PAY_DAY:
        filed = outbox.waiting(FILED)
        if filed is not None:
            yield _tax_filings(facts, outbox, filed)
