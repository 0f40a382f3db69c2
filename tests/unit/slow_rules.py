"""Conditions once more: one enterprise at a time in plain Python, and trees drawn at random.

A truth is True, False, or None where it cannot be said; a missing value is None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import numpy as np
from hypothesis import strategies as st

from loomline.enterprise_inputs import EnterpriseInputs
from loomline.rules.tree import (
    And,
    Arithmetic,
    Comparison,
    Condition,
    Expression,
    Input,
    Negative,
    Not,
    Number,
    Or,
    TradeIn,
)

INPUTS = ("a", "b", "c")
TRADES = ("13", "17", "30")
# Few values, so that comparisons meet equal ones, zeros and what is missing.
VALUES = (-2.0, -0.5, 0.0, 0.25, 1.0, 3.0, None)

numbers = st.builds(Number, st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0, 2.0]))
inputs = st.builds(Input, st.sampled_from(INPUTS))
expressions: st.SearchStrategy[Expression] = st.recursive(
    numbers | inputs,
    lambda inner: (
        st.builds(Negative, inner)
        | st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner)
    ),
    max_leaves=4,
)
comparisons = st.builds(
    Comparison, st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), expressions, expressions
)
trades = st.builds(
    lambda some: TradeIn(tuple(sorted(some))), st.sets(st.sampled_from(TRADES), min_size=1)
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    comparisons | trades,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)
firms = st.fixed_dictionaries(
    {**dict.fromkeys(INPUTS, st.sampled_from(VALUES)), "trade": st.sampled_from([*TRADES, ""])}
)
Firm = Mapping[str, float | str | None]


def value(expression: Expression, firm: Firm) -> float | None:
    match expression:
        case Number(number):
            return number
        case Input(name):
            return firm[name]  # type: ignore[return-value]
        case Negative(of):
            inner = value(of, firm)
            return None if inner is None else -inner
        case Arithmetic(operator, left, right):
            first, second = value(left, firm), value(right, firm)
            if first is None or second is None or (operator == "/" and second == 0):
                return None
            found = {
                "+": lambda: first + second,
                "-": lambda: first - second,
                "*": lambda: first * second,
                "/": lambda: first / second,
            }[operator]()
            return None if math.isnan(found) else found


def truth(condition: Condition, firm: Firm) -> bool | None:
    match condition:
        case Comparison(operator, left, right):
            first, second = value(left, firm), value(right, firm)
            if first is None or second is None:
                return None
            return {
                "<": first < second,
                "<=": first <= second,
                ">": first > second,
                ">=": first >= second,
                "=": first == second,
                "<>": first != second,
            }[operator]
        case TradeIn(some):
            return firm["trade"] in some if firm["trade"] else None
        case Not(of):
            inner = truth(of, firm)
            return None if inner is None else not inner
        case And(parts):
            found = [truth(part, firm) for part in parts]
            return False if False in found else None if None in found else True
        case Or(parts):
            found = [truth(part, firm) for part in parts]
            return True if True in found else None if None in found else False


def enterprise_inputs(some: list[Firm]) -> EnterpriseInputs:
    """The firms as the engine reads them."""
    values = {
        name: np.array([np.nan if firm[name] is None else firm[name] for firm in some], float)
        for name in INPUTS
    }
    ids = [f"E{place}" for place in range(len(some))]
    return EnterpriseInputs(ids, [str(firm["trade"]) for firm in some], date(2020, 1, 31), values)
