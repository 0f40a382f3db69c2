"""The rows of the sample's files as text, before they are written in the format of a file."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from loomline.sample.firms import Firms
from loomline.sample.invoices import Integers, Invoices

SALE_COLUMNS = (
    *("企业编号", "发票号码", "开票日期", "购方编号", "金额", "税额", "价税合计", "状态", "备注"),
)
OUTCOME_COLUMNS = ("企业编号", "企业名称", "信用等级", "是否违约", "上报日期")

# Of the purchases this share reaches the bank weeks late, by up to so many days.
LATE_RATIO = 0.02
LATEST_DAYS = 60
# Of the sales this share is dated in the Chinese form.
CHINESE_DATE_RATIO = 0.05

SaleRow = list[str]
OutcomeRow = list[str | datetime]


def amount_text(cents: int) -> str:
    """Cents as an amount with two decimals, such as `-12.05`."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"


def _moments(moments: NDArray[np.datetime64]) -> list[datetime]:
    as_objects: list[datetime] = moments.astype("datetime64[s]").tolist()
    return as_objects


def _amounts(cents: Integers) -> list[str]:
    return [amount_text(value) for value in cents.tolist()]


def sale_rows(rng: np.random.Generator, firms: Firms, sales: Invoices) -> list[SaleRow]:
    """The sales, a row of texts each, in the order of `SALE_COLUMNS`."""
    is_chinese = rng.random(len(sales)) < CHINESE_DATE_RATIO
    moments = zip(_moments(sales.issued_at), is_chinese, strict=True)
    dates = [
        f"{at.year}年{at.month}月{at.day}日" if chinese else f"{at:%Y/%m/%d}"
        for at, chinese in moments
    ]
    status = np.select([sales.is_voided, sales.net < 0], ["已作废", "红字"], "正常").tolist()
    columns = zip(
        [firms.codes[firm] for firm in sales.firm],
        [str(number) for number in sales.number],
        dates,
        [f"K{customer:04d}" for customer in sales.counterparty],
        _amounts(sales.net),
        _amounts(sales.tax),
        _amounts(sales.total),
        status,
        [""] * len(sales),
        strict=True,
    )
    return [list(row) for row in columns]


def purchase_line(
    firm: str,
    supplier: str,
    number: str,
    issued: str,
    received: str,
    net: str,
    tax: str,
    gross: str,
    state: str,
) -> str:
    """A purchase as a line of JSON; amounts are given as JSON, so as `12.50` or `"1,250.00"`."""
    texts = {
        "firm": firm,
        "supplier": supplier,
        "no": number,
        "issued_at": issued,
        "received_at": received,
    }
    head = json.dumps(texts, ensure_ascii=False)[:-1]
    return f'{head}, "net": {net}, "tax": {tax}, "gross": {gross}, "state": "{state}"}}'


def purchase_lines(rng: np.random.Generator, firms: Firms, purchases: Invoices) -> list[str]:
    """The purchases, a line of JSON each, with local times; some are received weeks late."""
    count = len(purchases)
    late = np.where(rng.random(count) < LATE_RATIO, rng.integers(15, LATEST_DAYS + 1, count), 0)
    next_morning = purchases.issued_at.astype("datetime64[D]").astype("datetime64[s]")
    received = next_morning + (1 + late) * 86_400 + rng.integers(3600, 7200, count)
    columns = zip(
        [firms.codes[firm] for firm in purchases.firm],
        [f"G{supplier:04d}" for supplier in purchases.counterparty],
        [str(number) for number in purchases.number],
        [at.isoformat() for at in _moments(purchases.issued_at)],
        [at.isoformat() for at in _moments(received)],
        _amounts(purchases.net),
        _amounts(purchases.tax),
        _amounts(purchases.total),
        np.where(purchases.is_voided, "void", "ok").tolist(),
        strict=True,
    )
    return [purchase_line(*row) for row in columns]


def outcome_rows(firms: Firms) -> list[OutcomeRow]:
    """The known outcomes in the order in which they were reported."""
    known = np.flatnonzero(firms.has_outcome)
    known = known[np.argsort(firms.outcome_day[known], kind="stable")]
    standing = np.argsort(np.argsort(firms.margin_ratio + 3 * firms.sale_growth, kind="stable"))
    rating = np.select([firms.is_default, standing > 110, standing > 55], ["D", "A", "B"], "C")
    return [
        [
            firms.codes[firm],
            firms.names[firm],
            str(rating[firm]),
            "是" if firms.is_default[firm] else "否",
            _moments(firms.outcome_day[firm : firm + 1])[0],
        ]
        for firm in known.tolist()
    ]
