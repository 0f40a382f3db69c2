"""Whether a condition can be true of any enterprise, by the ranges of what it compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isnan

from loomline.rules.normal import normal
from loomline.rules.tree import (
    And,
    Arithmetic,
    Comparison,
    ComparisonOperator,
    Condition,
    Expression,
    Input,
    Negative,
    Not,
    Number,
    Or,
    TradeIn,
)


@dataclass(frozen=True)
class Interval:
    """The numbers from `low` to `high`, without an end that is open."""

    low: float = -inf
    high: float = inf
    is_low_open: bool = False
    is_high_open: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether no number lies in it."""
        is_open = self.is_low_open or self.is_high_open
        return self.low > self.high or (self.low == self.high and is_open)

    def within(self, other: Interval) -> Interval:
        """What lies in both."""
        low = max((self.low, self.is_low_open), (other.low, other.is_low_open))
        high = min((self.high, not self.is_high_open), (other.high, not other.is_high_open))
        return Interval(low[0], high[0], low[1], not high[1])


def _side(operator: ComparisonOperator, of: Interval) -> Interval:
    """Where a value must lie that compares so with some number of `of`."""
    match operator:
        case "<" | "<=":
            return Interval(high=of.high, is_high_open=operator == "<" or of.is_high_open)
        case ">" | ">=":
            return Interval(low=of.low, is_low_open=operator == ">" or of.is_low_open)
        case "=":
            return of
        case _:
            return Interval()


def _ends(ends: list[float]) -> Interval:
    return Interval() if any(map(isnan, ends)) else Interval(min(ends), max(ends))


def _range(expression: Expression, box: Mapping[str, Interval]) -> Interval:
    """Where the value lies, inputs being in their intervals; ends of computed ones are closed."""
    match expression:
        case Number(value):
            return Interval(value, value)
        case Input(name):
            return box[name]
        case Negative(of):
            inner = _range(of, box)
            return Interval(-inner.high, -inner.low, inner.is_high_open, inner.is_low_open)
        case Arithmetic(operator, left, right):
            a, b = _range(left, box), _range(right, box)
            if operator == "+":
                return _ends([a.low + b.low, a.high + b.high])
            if operator == "-":
                return _ends([a.low - b.high, a.high - b.low])
            if operator == "/" and b.low <= 0 <= b.high:
                return Interval()
            pairs = [(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
            return _ends([x * y if operator == "*" else x / y for x, y in pairs])


@dataclass(frozen=True)
class _Known:
    """What is known so far on a way through the condition."""

    box: Mapping[str, Interval]
    trades: frozenset[str] | None
    other_trades: frozenset[str]
    comparisons: tuple[Comparison, ...]

    def can_be(self) -> bool:
        if self.trades is not None and not self.trades - self.other_trades:
            return False
        if any(interval.is_empty for interval in self.box.values()):
            return False
        return all(
            not _range(one.left, self.box)
            .within(_side(one.operator, _range(one.right, self.box)))
            .is_empty
            for one in self.comparisons
        )

    def and_also(self, part: Condition) -> _Known:
        match part:
            case TradeIn(trades):
                listed = frozenset(trades)
                some = listed if self.trades is None else listed & self.trades
                return _Known(self.box, some, self.other_trades, self.comparisons)
            case Not(TradeIn(trades)):
                others = self.other_trades | frozenset(trades)
                return _Known(self.box, self.trades, others, self.comparisons)
            case Comparison(operator, Input(name), Number(value)):
                narrowed = self.box[name].within(_side(operator, Interval(value, value)))
                box = {**self.box, name: narrowed}
                return _Known(box, self.trades, self.other_trades, self.comparisons)
            case Comparison():
                more = (*self.comparisons, part)
                return _Known(self.box, self.trades, self.other_trades, more)
            case _:
                raise TypeError(f"{part} is not the part of a normal form.")


def can_be_true(condition: Condition, ranges: Mapping[str, Interval]) -> bool:
    """Whether some values of the inputs, each within its range, might make the condition true.

    False is certain; true means that intervals alone do not rule it out.
    """
    start = _Known(dict(ranges), None, frozenset(), ())
    return _can_be_true((normal(condition),), start)


def _can_be_true(waiting: tuple[Condition, ...], known: _Known) -> bool:
    if not waiting:
        return known.can_be()
    first, rest = waiting[0], waiting[1:]
    if isinstance(first, And):
        return _can_be_true((*first.parts, *rest), known)
    if isinstance(first, Or):
        return any(_can_be_true((part, *rest), known) for part in first.parts)
    return _can_be_true(rest, known.and_also(first))
