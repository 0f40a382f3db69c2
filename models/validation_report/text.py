"""How numbers look in the report."""

from __future__ import annotations

from models.metrics import Estimate

NOTHING = "–"


def number(value: float | None, decimals: int = 3) -> str:
    """A number with thousand separators and a real minus sign, never a minus nought."""
    if value is None:
        return NOTHING
    text = f"{value:,.{decimals}f}"
    if not text.startswith("-"):
        return text
    return "−" + text[1:] if any(x in text for x in "123456789") else text[1:]


def signed(value: float, decimals: int) -> str:
    """A number with its sign; nought has none."""
    text = number(value, decimals)
    is_positive = value > 0 and any(x in text for x in "123456789")
    return f"+{text}" if is_positive else text


def percent(value: float | None, decimals: int = 1) -> str:
    """A ratio as a percentage."""
    return NOTHING if value is None else f"{number(100 * value, decimals)}%"


def percent_points(value: float, decimals: int = 2) -> str:
    """A difference of ratios in percentage points, with its sign."""
    return signed(100 * value, decimals)


def p_value(value: float | None) -> str:
    """A p-value; below a thousandth its size is of no use."""
    if value is None:
        return NOTHING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def with_interval(estimate: Estimate, decimals: int = 3) -> str:
    """An estimate with its interval, `0.863 [0.772, 0.941]`."""
    ends = f"[{number(estimate.lower, decimals)}, {number(estimate.upper, decimals)}]"
    return f"{number(estimate.value, decimals)} {ends}"


def measured(value: float | None) -> str:
    """A number of any size with as many decimals as a reader needs."""
    if value is None:
        return NOTHING
    size = abs(value)
    return number(value, 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3)


def counted(count: int, singular: str, plural: str = "") -> str:
    """A count with its noun: `1 firm`, `2 firms`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def listed(names: tuple[str, ...]) -> str:
    """Names as a sentence lists them: `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
