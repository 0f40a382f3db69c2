"""Units of expressions over inputs: a ratio is never set against an amount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from loomline.rules.tree import Arithmetic, Comparison, Expression, Input, Negative, Number, text_of

# What a unit is made of and to which power, by name; a ratio has none.
Unit: TypeAlias = tuple[tuple[str, int], ...]
RATIO: Unit = ()


class UnitMismatch(ValueError):
    """Two units that cannot be added or compared."""


def _multiplied(left: Unit, right: Unit, sign: int) -> Unit:
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + sign * power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def parse_unit(text: str) -> Unit:
    """The unit that a declaration names, such as `ratio`, `days` or `CNY an invoice`."""
    if text == "ratio":
        return RATIO
    words = text.removeprefix("as in ").replace(" an ", " a ").split(" a ")
    units = [((word.strip().removesuffix("s"), 1),) for word in words]
    found: Unit = units[0]
    for divisor in units[1:]:
        found = _multiplied(found, divisor, -1)
    return found


def _shown(unit: Unit) -> str:
    words = [name if power == 1 else f"{name}^{power}" for name, power in unit]
    return " ".join(words) or "ratio"


def _same(left: Unit | None, right: Unit | None, where: str) -> Unit | None:
    if left is None or right is None or left == right:
        return right if left is None else left
    raise UnitMismatch(f"{where} sets {_shown(left)} against {_shown(right)}")


def unit_of(expression: Expression, units: Mapping[str, Unit]) -> Unit | None:
    """The unit of an expression; None for a constant, which takes that of what it is set against.

    Raises:
        UnitMismatch: two different units are added up.
    """
    match expression:
        case Number():
            return None
        case Input(name):
            return units[name]
        case Negative(of):
            return unit_of(of, units)
        case Arithmetic(operator, left, right):
            first, second = unit_of(left, units), unit_of(right, units)
            if operator in "+-":
                return _same(first, second, text_of(expression))
            if first is None and second is None:
                return None
            return _multiplied(first or RATIO, second or RATIO, 1 if operator == "*" else -1)


def check_comparison(comparison: Comparison, units: Mapping[str, Unit]) -> None:
    """Refuse a comparison of different units.

    Raises:
        UnitMismatch: the units differ.
    """
    left, right = unit_of(comparison.left, units), unit_of(comparison.right, units)
    _same(left, right, text_of(comparison))
