"""The kinds of values that a report shows, and how each looks on the page and in the workbook.

Pure functions: a value and its kind give text. Numbers stay numbers in the workbook, where the
number format of the kind shapes them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

MISSING = "–"
# A landed name may be a megabyte long; a page shows the beginning.
LONGEST_TEXT = 160
LONG_WIDTH = 70

Value = str | int | float | Decimal | bool | date | datetime | None


def plain_text(value: str, longest: int = LONGEST_TEXT) -> str:
    """A text on one line: blanks and control characters become one space, too long is cut."""
    one_line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", value).split())
    return one_line if len(one_line) <= longest else one_line[: longest - 1] + "…"


def is_missing(value: object) -> bool:
    """Whether there is nothing to show: no value, or a float that is no number."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def number(value: float | Decimal, decimals: int = 0) -> str:
    """A number with thousand separators, a real minus sign, and never a minus nought."""
    text = f"{value:,.{decimals}f}"
    if text.startswith("-"):
        is_nought = not any(digit in text for digit in "123456789")
        text = text[1:] if is_nought else "−" + text[1:]
    return text


def signed(value: float | Decimal, decimals: int = 0) -> str:
    """A number with its sign, plus included; nought has none."""
    text = number(value, decimals)
    is_positive = not text.startswith("−") and any(digit in text for digit in "123456789")
    return "+" + text if is_positive else text


def in_short(value: float | Decimal) -> str:
    """A large number for a headline, such as 12.3 billion."""
    for size, unit in ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand")):
        if abs(float(value)) >= size:
            return f"{number(float(value) / size, 1)} {unit}"
    return number(value)


def measured(value: float | Decimal, shown: Callable[[float | Decimal, int], str] = number) -> str:
    """A number of any size, with as many decimals as a reader needs; none where it is whole."""
    size = abs(float(value))
    if size >= 1000 or size.is_integer():
        return shown(value, 0)
    return shown(value, 1 if size >= 100 else 2 if size >= 1 else 3)


@dataclass(frozen=True)
class Kind:
    """A kind of value.

    Attributes:
        shown: the text of a value that is not missing, on the page.
        sheet_format: the number format of a cell, empty for text.
        page_unit: the unit that a heading on the page names.
        sheet_unit: the unit that a heading of the workbook names.
        width: width of the workbook's column in characters.
        is_number: whether values line up on the right.
        codes: what stands for a coded value, such as `sale`; other values stand as they are.
    """

    shown: Callable[[Value], str]
    sheet_format: str = ""
    page_unit: str = ""
    sheet_unit: str = ""
    width: int = 14
    is_number: bool = True
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def is_long(self) -> bool:
        """Whether values are sentences, which may take several lines."""
        return self.width >= LONG_WIDTH

    def text(self, value: Value) -> str:
        """The value on the page; a dash where there is none."""
        return MISSING if is_missing(value) else self.shown(self.decoded(value))

    def decoded(self, value: Value) -> Value:
        """What stands for a coded value; any other value as it is."""
        return self.codes.get(value, value) if isinstance(value, str) else value


def _numeric(value: Value) -> float | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(f"{value!r} is no number.")
    return value


def _number_kind(decimals: int, sheet_format: str, unit: str = "", width: int = 14) -> Kind:
    return Kind(
        lambda value: number(_numeric(value), decimals), sheet_format, unit, unit, width=width
    )


def _percent_kind(decimals: int, sheet_format: str) -> Kind:
    return Kind(
        lambda value: number(_numeric(value) * 100, decimals), sheet_format, page_unit="%", width=12
    )


def _shown_moment(value: Value) -> str:
    assert isinstance(value, datetime)
    return f"{value:%Y-%m-%d %H:%M}"


def coded(codes: dict[str, str], width: int = 22) -> Kind:
    """A kind of text whose codes are shown in words."""
    return Kind(lambda value: plain_text(str(value)), width=width, is_number=False, codes=codes)


TEXT = Kind(lambda value: plain_text(str(value)), width=22, is_number=False)
LONG_TEXT = Kind(lambda value: plain_text(str(value), 600), width=LONG_WIDTH, is_number=False)
COUNT = _number_kind(0, "#,##0")
IDENTITY = Kind(lambda value: str(value), "0", width=10)
CNY = _number_kind(0, "#,##0", "CNY 元", width=18)
CENTS = _number_kind(2, "#,##0.00", "CNY 元", width=20)
EXPECTED = _number_kind(1, "#,##0.0")
POINTS = _number_kind(1, "#,##0.0", "points 分", width=14)
INDEX = _number_kind(3, "0.000")
SHARE = _percent_kind(1, "0.0%")
PROBABILITY = _percent_kind(2, "0.00%")
SECONDS = _number_kind(1, "0.0", "s 秒", width=12)
MEASURED = Kind(lambda value: measured(_numeric(value)), "#,##0.###")
CHANGE_MEASURED = Kind(lambda value: measured(_numeric(value), signed), "+#,##0.###;-#,##0.###;0")
CHANGE_COUNT = Kind(lambda value: signed(_numeric(value)), "+#,##0;-#,##0;0")
CHANGE_POINTS = Kind(
    lambda value: signed(_numeric(value), 1), "+#,##0.0;-#,##0.0;0.0", "points 分", "points 分"
)
CHANGE_PROBABILITY = Kind(
    lambda value: signed(_numeric(value) * 100, 2),
    "+0.00%;-0.00%;0.00%",
    "percentage points 百分点",
    width=16,
)
DATE = Kind(lambda value: str(value), "yyyy-mm-dd", width=12, is_number=False)
MOMENT = Kind(_shown_moment, "yyyy-mm-dd hh:mm", "UTC", "UTC", width=18, is_number=False)
YES_NO = Kind(lambda value: "yes 是" if value else "no 否", "General", width=10, is_number=False)
SEVERITY = coded(
    {
        **{"critical": "critical 严重", "warning": "warning 警告", "note": "note 提示"},
        **{"worse": "▼ worse 变差", "better": "▲ better 变好", "other": "other 其他"},
    }
)
