"""One normal form for conditions that say the same in another order or in other words."""

from __future__ import annotations

from loomline.rules.tree import (
    DENIED,
    MIRRORED,
    And,
    Arithmetic,
    Comparison,
    Condition,
    Expression,
    Negative,
    Not,
    Number,
    Or,
    TradeIn,
    text_of,
)


def without_not(condition: Condition, is_denied: bool = False) -> Condition:
    """The condition, or what denies it, with no `not` but before a list of trades.

    It is true, false and unknown where the other is: that holds of SQL's three values.
    """
    match condition:
        case Comparison(operator, left, right):
            return Comparison(DENIED[operator], left, right) if is_denied else condition
        case TradeIn():
            return Not(condition) if is_denied else condition
        case Not(of):
            return without_not(of, not is_denied)
        case And(parts) | Or(parts):
            inner = tuple(without_not(part, is_denied) for part in parts)
            return And(inner) if isinstance(condition, And) != is_denied else Or(inner)


def normal(condition: Condition) -> Condition:
    """The normal form: no `not`, constants to the right, parts flat, sorted and each once."""
    return _sorted(without_not(condition))


def _sorted(condition: Condition) -> Condition:
    match condition:
        case Comparison():
            return _turned(condition)
        case And(parts) | Or(parts):
            kind = And if isinstance(condition, And) else Or
            flat: dict[str, Condition] = {}
            for part in parts:
                inner = _sorted(part)
                same = inner.parts if isinstance(inner, And | Or) and type(inner) is kind else None
                flat |= {text_of(one): one for one in same or (inner,)}
            ordered = tuple(flat[text] for text in sorted(flat))
            return ordered[0] if len(ordered) == 1 else kind(ordered)
        case _:
            return condition


def _turned(comparison: Comparison) -> Comparison:
    """A constant to the right, and of two other sides the one to the left that sorts first."""
    operator = comparison.operator
    left, right = _plain(comparison.left), _plain(comparison.right)
    both_are_constant = isinstance(left, Number) and isinstance(right, Number)
    if not both_are_constant and _order(right) < _order(left):
        operator, left, right = MIRRORED[operator], right, left
    if isinstance(left, Negative) and isinstance(right, Number):
        operator, left, right = MIRRORED[operator], left.of, Number(-right.value)
    return Comparison(operator, left, right)


def _order(expression: Expression) -> tuple[bool, str]:
    return isinstance(expression, Number), text_of(expression)


def _plain(expression: Expression) -> Expression:
    """Without minus signs before numbers and before minus signs."""
    match expression:
        case Negative(of):
            inner = _plain(of)
            if isinstance(inner, Number):
                return Number(-inner.value)
            return inner.of if isinstance(inner, Negative) else Negative(inner)
        case Arithmetic(operator, left, right):
            return Arithmetic(operator, _plain(left), _plain(right))
        case _:
            return expression
