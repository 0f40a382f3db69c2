"""Rules as rows of `rules.rule`, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from loomline.errors import LoomlineError
from loomline.rules.model import Rule, Source
from loomline.rules.parsing import parse_condition, parse_expression
from loomline.rules.tree import text_of

# What a version of a rule may never change; its words may be put better.
FIXED = ("condition", "when_missing", "severity", "action", "products", "trades")


def rule_row(rule: Rule) -> dict[str, Any]:
    """A rule as a row of `rules.rule`, by column."""
    return {
        "rule": rule.name,
        "rule_version": rule.version,
        "effective_from": rule.effective_from,
        "effective_to": rule.effective_to,
        "name_en": rule.name_en,
        "name_zh": rule.name_zh,
        "decision_table": rule.table,
        "domain": rule.domain,
        "owner": rule.owner,
        "condition": text_of(rule.condition),
        "subject": text_of(rule.subject),
        "when_missing": rule.when_missing,
        "severity": rule.severity,
        "action": rule.action,
        "products": list(rule.products),
        "trades": list(rule.trades),
        "source_kind": rule.source.kind,
        "source_document": rule.source.document,
        "source_article": rule.source.article,
        "source_says": rule.source.says,
        "reason_en": rule.reason_en,
        "reason_zh": rule.reason_zh,
    }


def check_unchanged(rules: Iterable[Rule], stored: Iterable[Mapping[str, Any]]) -> None:
    """Refuse a version of a rule that is stored and says something else now.

    Raises:
        LoomlineError: one does; it names the rule, and its decision table has to be a new version.
    """
    declared = {(rule.name, rule.version): rule for rule in rules}
    for row in stored:
        rule = declared.get((row["rule"], row["rule_version"]))
        if rule is None:
            continue
        now = rule_row(rule)
        changed = [column for column in FIXED if now[column] != row[column]]
        if changed:
            raise LoomlineError(
                f"Version {rule.version} of the rule {rule.name} has another "
                f"{' and another '.join(changed)} than when it was run.",
                f"End version {rule.version} of the table {rule.table} by an effective_to, and "
                f"declare version {rule.version + 1} from that day.",
            )


def rule_of(row: Mapping[str, Any]) -> Rule:
    """The rule that a row of `rules.rule` holds."""
    return Rule(
        name=row["rule"],
        version=row["rule_version"],
        effective_from=row["effective_from"],
        effective_to=row["effective_to"],
        table=row["decision_table"],
        domain=row["domain"],
        owner=row["owner"],
        name_en=row["name_en"],
        name_zh=row["name_zh"],
        condition=parse_condition(row["condition"]),
        subject=parse_expression(row["subject"]),
        when_missing=row["when_missing"],
        severity=row["severity"],
        action=row["action"],
        products=tuple(row["products"]),
        trades=tuple(row["trades"]),
        source=Source(
            kind=row["source_kind"],
            document=row["source_document"],
            article=row["source_article"],
            says=row["source_says"],
        ),
        reason_en=row["reason_en"],
        reason_zh=row["reason_zh"],
    )
