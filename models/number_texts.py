"""Numbers as a person writes them, one or a column of them at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.arrays import Floats

UNITS_ZH = {
    "invoices": "张",
    "months": "个月",
    "days": "天",
    "customers": "家",
    "suppliers": "家",
}
# In steps of the last digit shown: many times what the arithmetic of the rounding may err.
UNCLEAR = 1e-6


def format_number(value: float, unit: str) -> str:
    """The number of a value as a person writes it, without its unit."""
    if unit in ("ratio", "index") and abs(value) < 1000:
        return f"{value:.3g}"
    if unit == "CNY" or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.1f}".removesuffix(".0")


def around_number(unit: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """What stands before and after a number of the unit, in English and in Chinese."""
    if unit in ("ratio", "index"):
        return ("", ""), ("", "")
    if unit == "CNY":
        return ("CNY ", ""), ("", "元")
    return ("", f" {unit}"), ("", UNITS_ZH.get(unit, unit))


def format_value(value: float, unit: str) -> tuple[str, str]:
    """A value as a person writes it, in English and Chinese: `CNY 1,200` and `1,200元`."""
    number = format_number(value, unit)
    (before_en, after_en), (before_zh, after_zh) = around_number(unit)
    return f"{before_en}{number}{after_en}", f"{before_zh}{number}{after_zh}"


def _as_shown(values: Floats, unit: str) -> Floats:
    """Values rounded as `format_number` shows them: those that become equal have equal texts.

    A value so near the middle between two texts that arithmetic may err about it stays as it is,
    and so does one that rounding may bring to 1,000, where the style of the text changes.
    """
    size = np.abs(values)
    is_whole = (size >= 1000) | (unit == "CNY")
    with np.errstate(all="ignore"):
        significant = 2 - np.floor(np.log10(size))
        fine = significant if unit in ("ratio", "index") else 1.0
        scale = 10 ** np.where(is_whole, 0.0, fine)
        steps = values * scale
        rounded = np.rint(steps) / scale
        is_clear = np.abs(np.abs(steps - np.rint(steps)) - 0.5) > UNCLEAR
    return np.where(is_whole | (is_clear & (size < 999)), rounded, values)


def one_of_each(keys: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of each key, (rows,), among the distinct ones, and an entry of `of` for each."""
    places, distinct = pd.factorize(keys)
    found = np.empty(len(distinct), dtype=of.dtype)
    found[places] = of
    return places, found


def number_texts(values: Floats, unit: str) -> tuple[np.ndarray, list[str]]:
    """The numbers of a column, (rows,): for each value its place in a list, and that list.

    Values that look the same share a text, so that few texts are made. A missing value's is empty.
    """
    # By their bits, so that 0 and -0, which are written differently, are kept apart.
    places, found = one_of_each(_as_shown(values, unit).view(np.int64), values)
    return places, ["" if x != x else format_number(x, unit) for x in found.tolist()]
