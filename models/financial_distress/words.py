"""What a row of `scores.financial_distress` says in English and Chinese."""

from __future__ import annotations

from models.financial_distress.statement import NO_EARLIER, NOT_SINCE_OPENING

# What is set against what, of each part of Z''.
PART_WORDS = {
    "working_capital": ("Working capital relative to total assets", "营运资本与资产总额之比"),
    "retained_earnings": ("Retained earnings relative to total assets", "留存收益与资产总额之比"),
    "earnings": (
        "Earnings of a year before interest relative to total assets",
        "年息前利润与资产总额之比",
    ),
    "equity": ("Book equity relative to total liabilities", "账面权益与负债总额之比"),
}
LINE_WORDS = {
    "cash": ("cash", "货币资金"),
    "receivables": ("receivables", "应收账款"),
    "inventory": ("inventory", "存货"),
    "fixed_assets": ("fixed assets", "固定资产"),
    "payables": ("payables", "应付账款"),
    "wages_payable": ("wages payable", "应付职工薪酬"),
    "tax_payable": ("tax payable", "应交税费"),
    "short_term_loans": ("short-term loans", "短期借款"),
    "paid_in_capital": ("paid-in capital", "实收资本"),
    "revenue": ("revenue", "营业收入"),
    "cost_of_sales": ("cost of sales", "营业成本"),
    "administrative_expenses": ("administrative expenses", "管理费用"),
    "credit_losses": ("credit losses", "信用减值损失"),
    "finance_cost": ("cost of finance", "财务费用"),
}
PROBLEM_WORDS = {
    NO_EARLIER: (
        "No whole income statement of 3 to 12 months before is known, so that earnings of a year "
        "are not",
        "缺少此前3至12个月的完整利润表，无法得出年度利润",
    ),
    NOT_SINCE_OPENING: (
        "What is retained is not the profit of the income statement: its lines do not run on from "
        "the opening of the books, so earnings of a year are not known",
        "留存收益与利润表累计利润不符：利润表并非自建账起连续累计，无法得出年度利润",
    ),
    "assets_not_positive": ("Total assets are not above 0", "资产总额不大于零"),
    "equity_above_assets": (
        "Equity is above total assets: less than nothing is owed",
        "权益大于资产总额，负债为负",
    ),
    "no_liabilities": (
        "Nothing is owed, so that equity has no ratio to it",
        "没有负债，无法计算权益与负债之比",
    ),
    "period_not_over": (
        "The period of the statement ends after the as-of date",
        "报表截止日晚于评估日期",
    ),
}

Reason = dict[str, str | float | None]


def part_reason(part: str, ratio: float, points: float) -> Reason:
    """What a part of Z'' adds to it; `ratio` is 1 for 100 %."""
    english, chinese = PART_WORDS[part]
    return {
        "reason": part,
        "points": points,
        "reason_en": f"{english}: {ratio:.1%}; adds {points:.2f} to Z''",
        "reason_zh": f"{chinese}：{ratio:.1%}；为Z''贡献{points:.2f}",
    }


def problem_reason(problem: str) -> Reason:
    """Why a statement has no Z'': a line that it lacks, or another key of `PROBLEM_WORDS`."""
    if problem in LINE_WORDS:
        english, chinese = LINE_WORDS[problem]
        words = (f"The statement has no line for {english}", f"报表缺少项目：{chinese}")
    else:
        words = PROBLEM_WORDS[problem]
    return {"reason": problem, "points": None, "reason_en": words[0], "reason_zh": words[1]}
