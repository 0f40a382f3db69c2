"""The dirty rows that are planted into the sample, and what conform must make of each.

They are the troubles of real files: doubled rows, amounts that are none, dates that never were,
unknown codes, contradictions, broken rows, and names made to break programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from loomline.sample.texts import OutcomeRow, SaleRow, purchase_line

Row = TypeVar("Row")


@dataclass(frozen=True)
class Planted(Generic[Row]):
    """A planted row; `reason` is how its reason in quarantine begins, empty if it conforms."""

    row: Row
    reason: str = ""


def planted_sales(rows: list[SaleRow]) -> list[Planted[SaleRow]]:
    """Dirty sales, to stand after `rows`, some of which they repeat or contradict."""
    clean = ["S001", "99000000", "2019/06/03", "K0001", "1000.00", "130.00", "1130.00", "正常", ""]
    planted: list[Planted[SaleRow]] = []

    def plant(reason: str, **changes: str) -> None:
        columns = ("firm", "number", "day", "buyer", "net", "tax", "total", "state", "remark")
        row = [changes.get(name, value) for name, value in zip(columns, clean, strict=True)]
        if "number" not in changes:
            row[1] = str(99_000_000 + len(planted))
        planted.append(Planted(row, reason))

    planted += [Planted(list(row), "duplicate") for row in rows[100:600:50]]
    for row in rows[120:620:100]:
        other = [*row[:4], "777.00", "101.01", "878.01", *row[7:]]
        planted.append(Planted(other, "key"))
    for amount in ("1,234.5", "１２３", "1e5", "12.345", "NaN", "0x10", "12.5元", "9" * 17):
        plant("net_cny", net=amount)
        plant("total_cny", total=amount)
    for missing in ("", "-", "　"):
        plant("tax_cny", tax=missing)
        plant("total_cny", total=missing)
    for day in ("2019/02/30", "2019/13/01", "0000/00/00", "20190603", "昨天", "43619", ""):
        plant("issue_date", day=day)
    plant("not_issued_in_the_future", day="2099/01/01")
    plant("issued_in_the_tax_era", day="1019/06/03")
    plant("status", state="待定")
    plant("status", state="")
    plant("amounts_add_up", total="1130.02")
    plant("signs_agree", net="-1000.00", tax="130.00", total="-870.00")
    plant("enterprise_id", firm="")
    plant("enterprise_id", firm="S" * 1500)
    planted.append(Planted(clean[:5], "row"))
    planted.append(Planted([*clean, "多余", "多余"], "row"))
    plant("", firm="  S001　", net=" 1000.00 ", state="正常\t")
    plant("", remark='他说"尽快;付款"\r\n第二行')
    plant("", remark="=cmd()")
    return planted


def planted_purchases(lines: list[str]) -> list[Planted[str]]:
    """Dirty purchases, to stand after `lines`."""
    planted: list[Planted[str]] = [Planted(line, "duplicate") for line in lines[50:450:80]]

    def plant(reason: str, **changes: str) -> None:
        texts = {
            "firm": "S002",
            "supplier": "G0001",
            "number": str(88_000_000 + len(planted)),
            "issued": "2019-06-03T10:00:00",
            "received": "2019-06-04T02:00:00",
            "net": "1000.00",
            "tax": "130.00",
            "gross": "1130.00",
            "state": "ok",
        }
        planted.append(Planted(purchase_line(**(texts | changes)), reason))

    plant("", net='"1,000.00"', gross='"1,130.00"')
    plant("net_cny", net='"10,00.00"')
    plant("net_cny", net="null")
    plant("amounts_add_up", net="1e5")
    plant("net_cny", net="[1000.00]")
    plant("issue_date", issued="2019-02-30T10:00:00")
    plant("known_at", received="soon")
    plant("known_at", received="2019-06-03T09:59:59")
    plant("status", state="pending")
    planted.append(Planted('{"firm": "S002", "supplier": ', "row"))
    planted.append(Planted('["S002", "G0001"]', "row"))
    planted.append(Planted('{"firm": "S002"}', "counterparty_id"))
    return planted


def planted_outcomes(rows: list[OutcomeRow]) -> list[Planted[OutcomeRow]]:
    """Dirty outcomes, to stand after `rows`."""
    day = datetime(2019, 5, 6)
    return [
        Planted(list(rows[3]), "duplicate"),
        Planted([*rows[4][:2], "D" if rows[4][2] == "A" else "A", *rows[4][3:]], "key"),
        Planted(["S901", "样例901号织造有限公司", "B", "不详", day], "is_default"),
        Planted(["S902", "样例902号织造有限公司", "B", "否", "2019-02-30"], "event_at"),
        Planted(["S903", "样例903号织造有限公司", "E", "否", day], "rating"),
        Planted(["S904", "样例904号织造有限公司", "A", "否", ""], "event_at"),
    ]


def rename_to_troubles(rows: list[OutcomeRow]) -> None:
    """Give three firms names made to break programs: a formula, quotes and breaks, an emoji."""
    rows[0][1] = "=cmd()"
    rows[1][1] = "样例\"引号'号\n第二行有限公司"
    rows[2][1] = "样例🏭号<b>包装</b>有限公司"
