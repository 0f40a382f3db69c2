"""From the SQL text of a condition to its tree: a small part of SQL, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
from sqlglot import expressions as sql
from sqlglot.errors import SqlglotError

from loomline.rules.tree import (
    And,
    Arithmetic,
    ArithmeticOperator,
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

TRADE = "trade"
_COMPARISONS: dict[type[sql.Expr], ComparisonOperator] = {
    sql.LT: "<",
    sql.LTE: "<=",
    sql.GT: ">",
    sql.GTE: ">=",
    sql.EQ: "=",
    sql.NEQ: "<>",
}
_ARITHMETIC: dict[type[sql.Expr], ArithmeticOperator] = {
    sql.Add: "+",
    sql.Sub: "-",
    sql.Mul: "*",
    sql.Div: "/",
}


class ConditionError(ValueError):
    """A text that is no condition, or no expression, of a rule."""


def _parsed(text: str) -> sql.Expr:
    try:
        found = sqlglot.parse_one(text, read="spark")
    except SqlglotError as error:
        raise ConditionError(f"{text!r} is not SQL") from error
    return found


def parse_condition(text: str, expressions: Mapping[str, Expression] | None = None) -> Condition:
    """The condition that a text says; names among `expressions` stand for those.

    Raises:
        ConditionError: it is not SQL, or says more than conditions of rules may.
    """
    return _condition(_parsed(text), expressions or {})


def parse_expression(text: str, expressions: Mapping[str, Expression] | None = None) -> Expression:
    """The number that a text says; names among `expressions` stand for those.

    Raises:
        ConditionError: it is not SQL, or says more than conditions of rules may.
    """
    return _expression(_parsed(text), expressions or {})


def _refused(node: sql.Expr, wanted: str) -> ConditionError:
    return ConditionError(f"{node.sql()!r} is not {wanted}")


def _condition(node: sql.Expr, named: Mapping[str, Expression]) -> Condition:
    if isinstance(node, sql.Paren):
        return _condition(node.this, named)
    if isinstance(node, sql.Not):
        return Not(_condition(node.this, named))
    if isinstance(node, sql.And | sql.Or):
        parts = tuple(_condition(part, named) for part in node.flatten())
        return And(parts) if isinstance(node, sql.And) else Or(parts)
    if isinstance(node, sql.Between) and not node.args.get("symmetric"):
        value = _expression(node.this, named)
        low, high = (_expression(node.args[end], named) for end in ("low", "high"))
        return And((Comparison(">=", value, low), Comparison("<=", value, high)))
    if isinstance(node, sql.In):
        return _trade_in(node)
    for kind, operator in _COMPARISONS.items():
        if type(node) is kind:
            left, right = _expression(node.this, named), _expression(node.expression, named)
            return Comparison(operator, left, right)
    raise _refused(node, "a condition: use and, or, not, comparisons, between, trade in (...)")


def _trade_in(node: sql.In) -> TradeIn:
    is_trade = isinstance(node.this, sql.Column) and node.this.name == TRADE
    listed = node.expressions
    if not is_trade or not listed:
        raise _refused(node, "a list of trades: only trade can be in (...)")
    for one in listed:
        if not (isinstance(one, sql.Literal) and one.is_string):
            raise _refused(one, "the text of a trade")
    return TradeIn(tuple(sorted({one.name for one in listed})))


def _expression(node: sql.Expr, named: Mapping[str, Expression]) -> Expression:
    if isinstance(node, sql.Paren):
        return _expression(node.this, named)
    if isinstance(node, sql.Literal) and not node.is_string:
        return Number(float(node.name))
    if isinstance(node, sql.Column) and not node.table:
        if node.name == TRADE:
            raise _refused(node, "a number: trade is a text, to be used in trade in (...)")
        return named.get(node.name) or Input(node.name)
    if isinstance(node, sql.Neg):
        inner = _expression(node.this, named)
        return Number(-inner.value) if isinstance(inner, Number) else Negative(inner)
    for kind, operator in _ARITHMETIC.items():
        if type(node) is kind:
            left, right = _expression(node.this, named), _expression(node.expression, named)
            return Arithmetic(operator, left, right)
    raise _refused(node, "a number: use inputs, numbers, + - * and /")
