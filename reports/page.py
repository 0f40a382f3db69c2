"""The report as one HTML page that needs nothing beside itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from reports.answers import Answer
from reports.kinds import MISSING, SEVERITY, plain_text, signed
from reports.parts import Column, Notice
from reports.report import Report


def source_line(answer: Answer) -> str:
    """The tables behind an answer with their Delta versions, and those that do not exist."""
    found = [
        table if version is None else f"{table} (version {version})"
        for table, version in sorted(answer.versions.items())
    ]
    return ", ".join([*found, *(f"{table} (does not exist yet)" for table in answer.missing)])


def source_names(answers: tuple[Answer, ...]) -> str:
    """The source lines of several answers, each table once."""
    found = {name: None for answer in answers for name in source_line(answer).split(", ")}
    return ", ".join(found)


def bar_percent(value: float, rows: tuple[dict[str, Any], ...], name: str) -> str:
    """The length of a bar, 100 for the largest value of the column."""
    largest = max(float(row[name] or 0) for row in rows)
    return f"{100 * max(0.0, float(value)) / largest:.1f}" if largest > 0 else "0"


def reason_lines(reasons: list[dict[str, Any]] | None) -> list[dict[str, str]]:
    """Reasons ready to be shown: points with their sign, and the words."""
    return [
        {
            "points": signed(reason["points"], 1),
            "english": plain_text(reason["reason_en"]),
            "chinese": plain_text(reason["reason_zh"]),
        }
        for reason in reasons or []
    ]


def notice_label(notice: Notice) -> str:
    """What a notice is, in words of both languages."""
    return SEVERITY.text(notice.severity)


def column_class(column: Column) -> str:
    """The style class of a column: numbers on the right, codes and dates unbroken, texts wide."""
    if column.kind.is_number:
        return "number"
    if column.kind.is_long:
        return "long"
    return "short" if column.kind.codes or column.kind.sheet_format else "text"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = Markup
    environment.globals |= {
        "bar_percent": bar_percent,
        "column_class": column_class,
        "missing": MISSING,
        "notice_label": notice_label,
        "reason_lines": reason_lines,
        "source_names": source_names,
    }
    return environment.get_template("report.html")


def render_page(report: Report) -> str:
    """The page's HTML text; every value from the lake is escaped."""
    return _template().render(report=report).lstrip()
