"""Trees as one list of steps over NumPy arrays; what trees share is computed once.

A condition is two arrays, where it is true and where it is false; it is unknown where it is
neither. An expression is one array of doubles, NaN where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from loomline.enterprise_inputs import EnterpriseInputs, Floats
from loomline.rules.tree import (
    MIRRORED,
    And,
    Arithmetic,
    ArithmeticOperator,
    Comparison,
    ComparisonOperator,
    Input,
    Negative,
    Node,
    Not,
    Number,
    Or,
    TradeIn,
    inputs_of,
)

Bools: TypeAlias = NDArray[np.bool_]
# Where a condition is true, and where it is false.
Truth: TypeAlias = tuple[Bools, Bools]
# Enterprises that are worked on at once: the arrays of a step fit into the processor's cache.
BLOCK = 4096
UNKNOWN_TRADE = ""


@dataclass(frozen=True, eq=False)
class Block:
    """Some of the enterprises: columns of values, NaN where missing, and the trades."""

    values: Mapping[str, Floats]
    trades: NDArray[np.str_]


def blocks_of(inputs: EnterpriseInputs, names: Sequence[str]) -> Iterable[tuple[slice, Block]]:
    """The enterprises in blocks, each with its rows.

    Raises:
        KeyError: a name is not among the inputs.
    """
    trades = np.array(inputs.trades, dtype=np.str_)
    columns = {name: inputs.values[name] for name in names}
    for start in range(0, len(inputs.enterprise_ids), BLOCK):
        rows = slice(start, start + BLOCK)
        values = {name: np.ascontiguousarray(column[rows]) for name, column in columns.items()}
        yield rows, Block(values, trades[rows])


def _computed(operator: ArithmeticOperator, _: Block, left: Floats, right: Floats) -> Floats:
    with np.errstate(all="ignore"):
        match operator:
            case "+":
                return np.add(left, right)
            case "-":
                return np.subtract(left, right)
            case "*":
                return np.multiply(left, right)
            case "/":
                return np.where(right == 0, np.nan, np.divide(left, right))


def _compared(operator: ComparisonOperator, block: Block, left: Floats, right: Floats) -> Truth:
    # Comparisons of a missing value are false in NumPy, but for "not equal", which is not used.
    match operator:
        case "<":
            found = np.less(left, right), np.greater_equal(left, right)
        case "<=":
            found = np.less_equal(left, right), np.greater(left, right)
        case ">" | ">=":
            return _compared(MIRRORED[operator], block, right, left)
        case "=":
            found = np.equal(left, right), np.less(left, right) | np.greater(left, right)
        case "<>":
            is_equal, is_other = _compared("=", block, left, right)
            return is_other, is_equal
    if np.ndim(found[0]):
        return found
    shape = block.trades.shape
    return np.broadcast_to(found[0], shape), np.broadcast_to(found[1], shape)


def _trade_in(trades: tuple[str, ...], block: Block) -> Truth:
    is_in = np.isin(block.trades, trades)
    return is_in, ~is_in & (block.trades != UNKNOWN_TRADE)


def _denied(_: Block, of: Truth) -> Truth:
    return of[1], of[0]


def _all(_: Block, *parts: Truth) -> Truth:
    return reduce(np.logical_and, (t for t, _ in parts)), reduce(
        np.logical_or, (f for _, f in parts)
    )


def _any(_: Block, *parts: Truth) -> Truth:
    return reduce(np.logical_or, (t for t, _ in parts)), reduce(
        np.logical_and, (f for _, f in parts)
    )


def _step(node: Node) -> tuple[Callable[..., Any], tuple[Node, ...]]:
    """What computes a node from the block and the results of its parts, and those parts."""
    match node:
        case Number(value):
            constant = np.array(value)
            return lambda _: constant, ()
        case Input(name):
            return lambda block: block.values[name], ()
        case Negative(of):
            return lambda _, value: np.negative(value), (of,)
        case Arithmetic(operator, left, right):
            return partial(_computed, operator), (left, right)
        case Comparison(comparison, left, right):
            return partial(_compared, comparison), (left, right)
        case TradeIn(trades):
            return partial(_trade_in, trades), ()
        case Not(of):
            return _denied, (of,)
        case And(parts):
            return _all, parts
        case Or(parts):
            return _any, parts


class Program:
    """Trees compiled together: `run` computes them all.

    `names` are the inputs that are read; `step_count` tells how many different parts there are.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._places: dict[Node, int] = {}
        self._steps: list[tuple[Callable[..., Any], tuple[int, ...]]] = []
        self._roots = tuple(self._place(node) for node in nodes)
        self.names = tuple(sorted({name for node in nodes for name in inputs_of(node)}))

    @property
    def step_count(self) -> int:
        """How many different parts the trees have."""
        return len(self._steps)

    def _place(self, node: Node) -> int:
        if node not in self._places:
            function, parts = _step(node)
            places = tuple(self._place(part) for part in parts)
            self._places[node] = len(self._steps)
            self._steps.append((function, places))
        return self._places[node]

    def run(self, block: Block) -> list[Any]:
        """The result of each tree for a block: a `Truth` for a condition, else doubles."""
        results: list[Any] = []
        for function, places in self._steps:
            results.append(function(block, *[results[place] for place in places]))
        return [results[root] for root in self._roots]
