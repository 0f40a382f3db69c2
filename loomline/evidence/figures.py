"""All figures of all rules, a part of the rules at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from loomline.evidence.counts import by_date, by_enterprise
from loomline.evidence.early_warnings import EarlyWarnings, Hits, early_warnings, hits
from loomline.evidence.history import Firings, Floats, History
from loomline.evidence.lifts import Lifts, lifts
from loomline.evidence.overlap import Overlap, overlap
from loomline.evidence.stability import Stability, stability
from loomline.evidence.verdicts import q_values, verdicts

# Cells (rules, enterprises, dates) at a time: some 16 MB of truth values, and as much again a few
# times for what is counted of them.
CELLS = 1 << 24

Part = TypeVar("Part", Hits, Lifts, EarlyWarnings, Stability)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The figures of rules, in their order; each array is (rules,).

    `expected_enterprise_count` is how many defaulting enterprises would be among those that fired,
    did firing say nothing.
    """

    hits: Hits
    lifts: Lifts
    early_warnings: EarlyWarnings
    stability: Stability
    overlap: Overlap
    expected_enterprise_count: Floats
    q_value: Floats
    verdict: NDArray[np.str_]


def _joined(parts: Iterable[Part]) -> Part:
    """The figures of parts of the rules as those of all."""
    some = list(parts)
    kind = type(some[0])
    names = [field.name for field in fields(kind)]
    return kind(*(np.concatenate([getattr(part, name) for part in some]) for name in names))


def evidence(history: History, firings: Firings) -> Evidence:
    """What the history says of each rule.

    Raises:
        ValueError: there is no rule, or no date.
    """
    if not firings.rule_count or not len(history.as_of_dates):
        raise ValueError("There is no evidence without a rule and a date.")
    counted = firings.counted(history)
    step = max(1, CELLS // max(1, history.evaluated.size))
    found: list[tuple[Hits, Lifts, EarlyWarnings, Stability, Floats]] = []
    for first in range(0, firings.rule_count, step):
        rules = slice(first, min(first + step, firings.rule_count))
        scope, fired = firings.scope.of(rules), counted.dense(rules, history)
        enterprises = by_enterprise(fired, scope, history)
        dates = by_date(fired, scope, history)
        found.append(
            (
                hits(fired, scope, history),
                lifts(enterprises, dates, history.as_of_dates),
                early_warnings(fired, scope, history),
                stability(fired, scope, enterprises, dates, history),
                enterprises.expected(),
            )
        )
    every_hits, every_lifts, every_warnings, every_stability, expected = zip(*found, strict=True)
    all_lifts = _joined(every_lifts)
    found_at = q_values(all_lifts.p_value, all_lifts.least_p_value)
    return Evidence(
        _joined(every_hits),
        all_lifts,
        _joined(every_warnings),
        _joined(every_stability),
        overlap(counted, history),
        np.concatenate(expected),
        found_at,
        verdicts(all_lifts, found_at),
    )
