"""The condition of a rule as a typed tree, and the two ways of writing one down.

A condition is true, false or unknown, as in SQL: a comparison with a missing value is unknown, and
so is one with what cannot be computed, such as a division by 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

ComparisonOperator = Literal["<", "<=", ">", ">=", "=", "<>"]
ArithmeticOperator = Literal["+", "-", "*", "/"]
# What an operator turns into where both sides change places, and where it is denied.
MIRRORED: dict[ComparisonOperator, ComparisonOperator] = {
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
    "=": "=",
    "<>": "<>",
}
DENIED: dict[ComparisonOperator, ComparisonOperator] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "=": "<>",
    "<>": "=",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Input:
    """A named value of an enterprise; it may be missing."""

    name: str


@dataclass(frozen=True, slots=True)
class Negative:
    """Less than nothing by so much."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers joined; a division by 0 is missing."""

    operator: ArithmeticOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two numbers compared."""

    operator: ComparisonOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class TradeIn:
    """Whether the enterprise's trade is one of these; unknown where its trade is not known."""

    trades: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What its part denies."""

    of: Condition


@dataclass(frozen=True, slots=True)
class And:
    """True where all parts are."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True where a part is."""

    parts: tuple[Condition, ...]


Expression: TypeAlias = Number | Input | Negative | Arithmetic
Condition: TypeAlias = Comparison | TradeIn | Not | And | Or
Node: TypeAlias = Expression | Condition


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Negative(of) | Not(of):
            return (of,)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return (left, right)
        case And(parts) | Or(parts):
            return parts
        case _:
            return ()


def inputs_of(node: Node) -> tuple[str, ...]:
    """The names of the inputs of a tree, each once, as they come."""

    def walk(one: Node) -> Iterator[str]:
        if isinstance(one, Input):
            yield one.name
        for child in _children(one):
            yield from walk(child)

    return tuple(dict.fromkeys(walk(node)))


def comparisons_of(condition: Condition) -> Iterator[Comparison]:
    """The comparisons of a condition, from left to right."""
    match condition:
        case Comparison():
            yield condition
        case Not(of):
            yield from comparisons_of(of)
        case And(parts) | Or(parts):
            for part in parts:
                yield from comparisons_of(part)


def text_of(node: Node) -> str:
    """The tree as the SQL text that it is parsed from."""
    return _text(node, _Style(str, lambda value: f"{value:.12g}", is_guarded=False))


def spark_sql(node: Node, column: Callable[[str], str], trade: str) -> str:
    """The tree as a native expression of Spark SQL, whose null is this tree's unknown.

    `column` gives the double that an input is read from, null where it is missing, and `trade` is
    the text of the two digits of the trade, null where it is not known.
    """
    return _text(node, _Style(column, lambda value: f"{value!r}D", is_guarded=True, trade=trade))


@dataclass(frozen=True)
class _Style:
    column: Callable[[str], str]
    number: Callable[[float], str]
    # Whether what cannot be computed must be turned into null.
    is_guarded: bool
    trade: str = "trade"


def _text(node: Node, style: _Style) -> str:
    match node:
        case Number(value):
            return style.number(value)
        case Input(name):
            return style.column(name)
        case Negative(of):
            return f"-{_inner(of, style)}"
        case Arithmetic(operator, left, right):
            divisor = _inner(right, style)
            if operator == "/" and style.is_guarded:
                divisor = f"nullif({divisor}, 0D)"
            return f"{_inner(left, style)} {operator} {divisor}"
        case Comparison(operator, left, right):
            return f"{_compared(left, style)} {operator} {_compared(right, style)}"
        case TradeIn(trades):
            return f"{style.trade} in ({', '.join(repr(trade) for trade in trades)})"
        case Not(of):
            return f"not ({_text(of, style)})"
        case And(parts) | Or(parts):
            word = " and " if isinstance(node, And) else " or "
            return word.join(_inner(part, style) for part in parts)


def _inner(node: Node, style: _Style) -> str:
    """A part of a larger text, in brackets where it would fall apart without."""
    text = _text(node, style)
    is_loose = isinstance(node, Arithmetic | And | Or | Negative) or text.startswith("-")
    return f"({text})" if is_loose else text


def _compared(node: Expression, style: _Style) -> str:
    text = _text(node, style)
    # Two infinite amounts less one another are no number, which Spark takes to be above all others.
    is_computed = style.is_guarded and isinstance(node, Arithmetic | Negative)
    return f"nanvl({text}, cast(null as double))" if is_computed else text
