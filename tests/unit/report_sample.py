"""A small report with hostile content, built without a lake."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from reports.answers import Answer
from reports.kinds import CNY, DATE, INDEX, LONG_TEXT, SHARE, TEXT, YES_NO
from reports.parts import Column, Figure, Notice, Section, Table, Words
from reports.report import Report

HOSTILE_NAMES = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "<script>alert('x')</script>",
    'O"Brien & "Söhne"',
    "两行\n名称",
    "纺织厂 🧵",
    "http://example.org/",
    "</style></svg><img src=x onerror=alert(1)>",
    "=" + "x" * 40_000,
)
COLUMNS = (
    Column("name", Words("Name", "名称"), TEXT),
    Column("total_cny", Words("Total", "金额"), CNY),
    Column("share_ratio", Words("Share", "占比"), SHARE, bar=True),
    Column("value", Words("Value", "取值"), INDEX),
    Column("is_reconciled", Words("Adds up", "平衡"), YES_NO),
    Column("day", Words("Day", "日期"), DATE),
    Column("reasons", Words("Why", "原因"), LONG_TEXT, reasons=True),
)


def hostile_report() -> Report:
    """One table whose names and reasons try to run as formula, script, link or style."""
    rows = tuple(
        {
            "name": name,
            "total_cny": Decimal("1234567.89"),
            "share_ratio": place / len(HOSTILE_NAMES),
            "value": float("nan") if place == 0 else None if place == 1 else 0.5,
            "is_reconciled": place % 2 == 0,
            "day": date(2020, 2, 29),
            "reasons": [{"points": Decimal("-12.34"), "reason_en": name, "reason_zh": "原因"}],
        }
        for place, name in enumerate(HOSTILE_NAMES)
    )
    answer = Answer(
        "select '<b>' as name from marts.rows", rows, {"marts.rows": 3, "ops.job_runs": None}
    )
    nothing = Answer("select 1 from marts.none", (), {}, ("marts.none",))
    section = Section(
        key="attention",
        title=Words("Rows & more", "行"),
        introduction=Words("An introduction.", "说明。"),
        figures=(Figure(Words("Count", "数"), "12", HOSTILE_NAMES[5]),),
        notices=(
            Notice("warning", Words(HOSTILE_NAMES[5], HOSTILE_NAMES[10]), "quality.quarantine"),
        ),
        tables=(
            Table(Words("Rows", "行"), "Rows", COLUMNS, answer, Words("No rows.", "无。")),
            Table(Words("None", "无"), "None", COLUMNS, nothing, Words("Nothing yet.", "暂无。")),
        ),
        sources=(nothing,),
    )
    generated_at = datetime(2020, 3, 1, 8, 0, tzinfo=UTC)
    title = Words("A report", "报告")
    return Report(title, HOSTILE_NAMES[5], "a-report", date(2020, 2, 29), generated_at, (section,))
