"""What a text looks like by itself: a number, a moment, a yes or no."""

from __future__ import annotations

import re

from loomline.fields import BLANKS

INTEGER = re.compile(r"-?[0-9]{1,18}")
DECIMAL = re.compile(r"-?[0-9]{1,20}\.[0-9]{1,18}")
DOUBLE = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
GROUPED = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
DECIMAL_COMMA = re.compile(r"-?[0-9]{1,3}(\.[0-9]{3})*,[0-9]+|-?[0-9]+,[0-9]+")
_MOMENT = re.compile(r"[0-9]{1,4}[-/.年][0-9A-Za-z]{1,3}[-/.月][0-9]{1,4}日?([ T][0-9:.+Z-]+)?")

# Texts that stand for a missing value, in lower case.
MISSING = frozenset(
    ["-", "--", "无", "空", "null", "none", "nan", "na", "n/a", "#n/a", "\\n", "?", "/"]
)
YES_NO = {
    "是": True, "否": False, "有": True, "无": False, "y": True, "n": False, "yes": True,
    "no": False, "true": True, "false": False, "t": True, "f": False,
}  # fmt: skip


def stripped(text: str | None) -> str:
    """A text without the blanks that a contract leaves out."""
    return (text or "").strip(BLANKS)


def is_typed(text: str | None) -> bool:
    """Whether a text is a number or a date, and so hardly a column's name."""
    plain = stripped(text)
    patterns = (DOUBLE, GROUPED, DECIMAL_COMMA, _MOMENT)
    return any(pattern.fullmatch(plain) is not None for pattern in patterns)
