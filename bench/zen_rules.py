"""Rules as a model of zen-engine (JDM), made from the same trees.

zen-engine refuses to compare a missing value, so that each comparison asks first whether its inputs
are there; where a condition is true, and where it is false, are two expressions. Its numbers are
decimal: a quotient may differ from a double's in the last digit, so that rules that divide are left
out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from loomline.rules.model import Rule
from loomline.rules.normal import without_not
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
    comparisons_of,
    inputs_of,
)

OPERATORS = {"=": "==", "<>": "!="}
TRADE = "trade"


def divides(node: Condition | Expression) -> bool:
    """Whether there is a division in it."""
    match node:
        case Arithmetic(operator, left, right):
            return operator == "/" or divides(left) or divides(right)
        case Negative(of):
            return divides(of)
        case Number() | Input():
            return False
        case _:
            return any(divides(one.left) or divides(one.right) for one in comparisons_of(node))


def _number(expression: Expression) -> str:
    match expression:
        case Number(value):
            return f"{value:.12f}".rstrip("0").rstrip(".")
        case Input(name):
            return name
        case Negative(of):
            return f"(-({_number(of)}))"
        case Arithmetic(operator, left, right):
            return f"({_number(left)} {operator} {_number(right)})"


def is_true(condition: Condition) -> str:
    """An expression that is true where the condition is, and false else."""
    return _is_true(without_not(condition))


def is_false(condition: Condition) -> str:
    """An expression that is true where the condition is false, and false else."""
    return _is_true(without_not(condition, is_denied=True))


def _is_true(condition: Condition) -> str:
    match condition:
        case Comparison(operator, left, right):
            there = [f"{name} != null" for name in inputs_of(condition)]
            compared = f"{_number(left)} {OPERATORS.get(operator, operator)} {_number(right)}"
            return f"({' and '.join([*there, compared])})"
        case TradeIn(trades):
            return f"({TRADE} != null and {TRADE} in {json.dumps(list(trades))})"
        case Not(TradeIn(trades)):
            return f"({TRADE} != null and {TRADE} not in {json.dumps(list(trades))})"
        case And(parts):
            return f"({' and '.join(map(_is_true, parts))})"
        case Or(parts):
            return f"({' or '.join(map(_is_true, parts))})"
        case _:
            raise TypeError(f"{condition} is not without not.")


def _model(kind: str, content: dict[str, Any]) -> str:
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "given", "type": "inputNode", "name": "given", "position": place},
        {"id": "rules", "type": kind, "name": "rules", "position": place, "content": content},
        {"id": "found", "type": "outputNode", "name": "found", "position": place},
    ]
    edges = [
        {"id": "to", "type": "edge", "sourceId": "given", "targetId": "rules"},
        {"id": "from", "type": "edge", "sourceId": "rules", "targetId": "found"},
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def decision_table(rules: Sequence[Rule]) -> str:
    """A table of all rules that collects those that fire, each with the values of its inputs."""
    rows = []
    for place, rule in enumerate(rules):
        values = ", ".join(f"{name}: {name}" for name in inputs_of(rule.condition))
        fires = is_true(rule.condition)
        if rule.when_missing == "fires":
            fires = f"not {is_false(rule.condition)}"
        row = {"_id": str(place), "if": fires, "rule": json.dumps(rule.name)}
        rows.append({**row, "values": f"{{{values}}}"})
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": "if", "name": "if"}],
        "outputs": [
            {"id": "rule", "name": "rule", "field": "rule"},
            {"id": "values", "name": "values", "field": "values"},
        ],
        "rules": rows,
    }
    return _model("decisionTableNode", content)


def truths(conditions: Sequence[Condition]) -> str:
    """Two expressions a condition, `true_<position>` and `false_<position>`."""
    expressions = []
    for place, condition in enumerate(conditions):
        for word, text in (("true", is_true(condition)), ("false", is_false(condition))):
            key = f"{word}_{place}"
            expressions.append({"id": key, "key": key, "value": text})
    return _model("expressionNode", {"expressions": expressions})
