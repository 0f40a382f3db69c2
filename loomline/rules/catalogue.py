"""The rules that `catalog/rules/*.yml` declares: decision tables, row by row and sign by sign."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from loomline.declarations import catalogue_error, read_declaration
from loomline.errors import CatalogueError
from loomline.rules.firings import PLACEHOLDER, SUBJECT
from loomline.rules.model import (
    ACTIONS,
    BANDS,
    SEVERITIES,
    STRONG_BANDS,
    Action,
    DecisionTable,
    Pairing,
    Row,
    Rule,
    RuleFile,
    Sign,
    SignFile,
    Words,
)
from loomline.rules.parsing import ConditionError, parse_condition, parse_expression
from loomline.rules.tree import (
    And,
    Comparison,
    Condition,
    Expression,
    Number,
    TradeIn,
    inputs_of,
    text_of,
)

Location = tuple[str | int, ...]
Step = TypeVar("Step")
REVIEW: Action = "review"


@dataclass(frozen=True)
class RuleCatalogue:
    """Every version of every rule, in the order of files, tables and rows, and what declares it."""

    rules: tuple[Rule, ...]
    tables: tuple[DecisionTable, ...]
    signs: Mapping[str, Sign]

    def effective(self, as_of_date: date) -> tuple[Rule, ...]:
        """The rules that are applied to an as-of date: of each one version."""
        return tuple(rule for rule in self.rules if rule.is_effective(as_of_date))


def load_signs(catalog: Path) -> dict[str, Sign]:
    """The signs by name.

    Raises:
        CatalogueError: a file does not hold, or gives a sign twice.
    """
    found: dict[str, Sign] = {}
    for path in sorted((catalog / "signs").glob("*.yml")):
        for place, sign in enumerate(read_declaration(path, SignFile).signs):
            if sign.sign in found:
                where: Location = ("signs", place, "sign")
                raise catalogue_error(path, where, f"{sign.sign!r} is given twice")
            found[sign.sign] = sign
    return found


def load_rules(catalog: Path) -> RuleCatalogue:
    """Read all signs and rules.

    Raises:
        CatalogueError: a file does not hold, a condition is not one, a sign is not declared, a rule
            is given twice, or two versions of a table hold on one day; it names file and line. Or
            there is no rule.
    """
    signs = load_signs(catalog)
    rules: dict[tuple[str, int], Rule] = {}
    tables: list[DecisionTable] = []
    spans: dict[str, list[_Span]] = defaultdict(list)
    for path in sorted((catalog / "rules").glob("*.yml")):
        file = read_declaration(path, RuleFile)
        for place, table in enumerate(file.tables):
            start = table.effective_from or file.effective_from
            span = _Span(table.version, start, table.effective_to)
            for other in spans[table.table]:
                if span.meets(other):
                    message = f"versions {other.version} and {span.version} hold on the same days"
                    raise catalogue_error(path, ("tables", place, "table"), message)
            spans[table.table].append(span)
            for rule, location in _rules_of(path, place, file, table, signs):
                if (rule.name, rule.version) in rules:
                    raise catalogue_error(path, location, f"{rule.name} is given twice")
                rules[rule.name, rule.version] = rule
            tables.append(table)
    if not rules:
        raise CatalogueError(f"No rule is declared in {catalog / 'rules'}.")
    return RuleCatalogue(tuple(rules.values()), tuple(tables), signs)


@dataclass(frozen=True)
class _Span:
    """The as-of dates for which a version of a table holds."""

    version: int
    start: date
    end: date | None

    def meets(self, other: _Span) -> bool:
        is_before = self.end is not None and self.end <= other.start
        is_after = other.end is not None and other.end <= self.start
        return not is_before and not is_after


def _rules_of(
    path: Path, place: int, file: RuleFile, table: DecisionTable, signs: Mapping[str, Sign]
) -> Iterator[tuple[Rule, Location]]:
    for position, row in enumerate(table.rows):
        where: Location = ("tables", place, "rows", position)
        if table.alone is not None:
            try:
                yield _rule(file, table, row, table.alone), where
            except ConditionError as error:
                raise catalogue_error(path, ("tables", place), str(error)) from error
        for order, pairing in enumerate(table.together):
            if pairing.windows and row.window not in pairing.windows:
                continue
            paired: Location = ("tables", place, "together", order)
            if pairing.sign not in signs:
                message = f"there is no sign {pairing.sign!r}"
                raise catalogue_error(path, (*paired, "sign"), message)
            sign = signs[pairing.sign]
            try:
                rule = _rule(file, table, row, pairing.means, (pairing, sign))
            except ConditionError as error:
                raise catalogue_error(path, paired, str(error)) from error
            yield rule, paired


def _at(window: int, text: str) -> str:
    return text.replace("{window}", str(window))


def _named(values: Mapping[str, str], window: int) -> dict[str, Expression]:
    """The expressions that names stand for, over a window."""
    return {name: parse_expression(_at(window, text)) for name, text in values.items()}


def _told(text: str, window: int, named: Mapping[str, Expression]) -> str:
    """A text whose placeholders are inputs, or the subject."""

    def put(found: re.Match[str]) -> str:
        name = found[1]
        if name == SUBJECT or name not in named:
            return found[0]
        inputs = inputs_of(named[name])
        if text_of(named[name]) != inputs[0]:
            raise ConditionError(f"{{{name}}} is computed: a text has inputs and the subject")
        return f"{{{inputs[0]}}}"

    return PLACEHOLDER.sub(put, _at(window, text))


def _band(row: Row, subject: Expression) -> list[Condition]:
    found: list[Condition] = []
    if row.low is not None:
        found.append(Comparison(">=", subject, Number(row.low)))
    if row.high is not None:
        found.append(Comparison("<", subject, Number(row.high)))
    return found


def _step(steps: Sequence[Step], now: Step, by: int) -> Step:
    """So many steps further, up to the last or the first."""
    return steps[min(max(steps.index(now) + by, 0), len(steps) - 1)]


def _rule(
    file: RuleFile,
    table: DecisionTable,
    row: Row,
    means: Words,
    together: tuple[Pairing, Sign] | None = None,
) -> Rule:
    """The rule of a row, alone or together with a sign."""
    window = row.window
    named = _named(table.values, window)
    subject = parse_expression(_at(window, table.subject), named)
    parts = _band(row, subject)
    if table.when is not None:
        parts.append(parse_condition(_at(window, table.when), named))
    said_en, said_zh = [_told(table.says.en, window, named)], [_told(table.says.zh, window, named)]
    name, name_en, name_zh = f"{table.table}_{window}d", table.name.en, table.name.zh
    raises, action = 0, row.action
    if together is not None:
        pairing, sign = together
        raises, over = pairing.raises, pairing.window or window
        if pairing.review and row.band in STRONG_BANDS:
            action = max(action, REVIEW, key=ACTIONS.index)
        own = _named(sign.values, over)
        parts.append(parse_condition(_at(over, sign.when), own))
        said_en.append(_told(sign.says.en, over, own))
        said_zh.append(_told(sign.says.zh, over, own))
        name, name_en = f"{name}_{sign.sign}", f"{name_en}, {sign.name.en}"
        name_zh = f"{name_zh}，{sign.name.zh}"
    if table.trades:
        parts.append(TradeIn(tuple(sorted(table.trades))))
    return Rule(
        name=f"{name}_{row.band}",
        version=table.version,
        effective_from=table.effective_from or file.effective_from,
        effective_to=table.effective_to,
        table=table.table,
        domain=file.domain,
        owner=file.owner,
        name_en=f"{name_en} ({window} days, {row.band})",
        name_zh=f"{name_zh}（{window}天，{BANDS[row.band]}）",
        condition=And(tuple(parts)) if len(parts) > 1 else parts[0],
        subject=subject,
        when_missing=table.when_missing,
        severity=_step(SEVERITIES, row.severity, raises),
        action=action,
        products=table.products or file.products,
        trades=table.trades,
        source=table.source or file.source,
        reason_en=f"{'; '.join(said_en)}. {means.en}",
        reason_zh=f"{'；'.join(said_zh)}。{means.zh}",
    )
