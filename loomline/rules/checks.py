"""What is wrong with rules before any data is seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from loomline.known_inputs import KnownInput
from loomline.rules.catalogue import RuleCatalogue
from loomline.rules.firings import PLACEHOLDER, SUBJECT
from loomline.rules.intervals import can_be_true
from loomline.rules.model import DecisionTable, Row, Rule
from loomline.rules.normal import normal
from loomline.rules.ranges import range_of
from loomline.rules.tree import Not, comparisons_of, inputs_of, text_of
from loomline.rules.units import UnitMismatch, check_comparison, parse_unit, unit_of


@dataclass(frozen=True)
class Finding:
    """Something wrong with a rule or a table: what kind, of what, and what exactly."""

    kind: str
    name: str
    message: str


def check_rules(rules: Sequence[Rule], inputs: Mapping[str, KnownInput]) -> list[Finding]:
    """Everything that is wrong with rules.

    Kinds: `unknown_input`, `unit_mismatch`, `unreachable` (it can never fire), `certain` (it fires
    whatever the values), `duplicate` (two rules of one condition, scope and action on the same
    days) and `contradiction` (of one condition and scope, but with different actions).
    """
    known: list[Rule] = []
    found: list[Finding] = []
    for rule in rules:
        unknown = [name for name in _names(rule) if name not in inputs]
        found += [Finding("unknown_input", rule.name, f"there is no input {x}") for x in unknown]
        if not unknown:
            known.append(rule)
    units = {name: parse_unit(one.unit) for name, one in inputs.items()}
    ranges = {name: range_of(one) for name, one in inputs.items()}
    for rule in known:
        try:
            unit_of(rule.subject, units)
            for comparison in comparisons_of(rule.condition):
                check_comparison(comparison, units)
        except UnitMismatch as error:
            found.append(Finding("unit_mismatch", rule.name, str(error)))
        own = {name: ranges[name] for name in inputs_of(rule.condition)}
        if not can_be_true(rule.condition, own):
            found.append(Finding("unreachable", rule.name, f"never: {text_of(rule.condition)}"))
        elif not can_be_true(Not(rule.condition), own):
            found.append(Finding("certain", rule.name, f"always: {text_of(rule.condition)}"))
    return found + list(_said_twice(rules))


def _names(rule: Rule) -> Iterator[str]:
    """The inputs that a rule reads or tells, each once."""
    told = PLACEHOLDER.findall(rule.reason_en) + PLACEHOLDER.findall(rule.reason_zh)
    named = (*inputs_of(rule.condition), *inputs_of(rule.subject), *told)
    yield from dict.fromkeys(name for name in named if name != SUBJECT)


def _said_twice(rules: Iterable[Rule]) -> Iterator[Finding]:
    """Rules of one condition that hold for the same product on the same day."""
    same: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        key = text_of(normal(rule.condition))
        for other in same[key]:
            if _on_one_day(rule, other) and set(rule.products) & set(other.products):
                is_same = (rule.action, rule.when_missing) == (other.action, other.when_missing)
                kind = "duplicate" if is_same else "contradiction"
                yield Finding(kind, rule.name, f"has the condition of {other.name}: {key}")
        same[key].append(rule)


def _on_one_day(one: Rule, other: Rule) -> bool:
    first_end, second_end = one.effective_to or date.max, other.effective_to or date.max
    return one.effective_from < second_end and other.effective_from < first_end


def check_bands(tables: Iterable[DecisionTable]) -> list[Finding]:
    """Gaps between the bands of a table, and overlaps: kinds `gap` and `overlap`."""
    found = []
    for table in tables:
        by_window: dict[int, list[Row]] = defaultdict(list)
        for row in table.rows:
            by_window[row.window].append(row)
        for window, rows in by_window.items():
            ordered = sorted(rows, key=lambda row: float("-inf") if row.low is None else row.low)
            for before, after in pairwise(ordered):
                end = float("inf") if before.high is None else before.high
                start = float("-inf") if after.low is None else after.low
                if end != start:
                    kind = "gap" if end < start else "overlap"
                    message = f"{window} days: from {min(end, start):g} to {max(end, start):g}"
                    found.append(Finding(kind, table.table, message))
    return found


def check_catalogue(catalogue: RuleCatalogue, inputs: Mapping[str, KnownInput]) -> list[Finding]:
    """Everything that is wrong with the rules of the catalogue, its tables and its signs.

    Further kind: `unused_sign`, which no table is told with.
    """
    used = {pairing.sign for table in catalogue.tables for pairing in table.together}
    unused = [
        Finding("unused_sign", name, "no decision table uses it")
        for name in catalogue.signs
        if name not in used
    ]
    return check_rules(catalogue.rules, inputs) + check_bands(catalogue.tables) + unused
