"""The pages of docs/rules: every rule in a line, a page a domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from loomline.rules.model import Rule
from loomline.rules.tree import text_of

INDEX = "README.md"
HEAD = """# Risk rules

Written by `make docs` from `catalog/rules/` and `catalog/signs/`; do not edit it by hand. {count:,}
rules, by what of the firm they speak of; how they are written and checked: [rules.md](../rules.md).
`loomline rule show NAME` says where one comes from and, with a date, what it found.

| domain | rules | decision tables |
| --- | --- | --- |
"""
DOMAIN_HEAD = """# Risk rules: {domain}

Written by `make docs` from `catalog/rules/`; do not edit it by hand. {count:,} rules: the name,
what it says, the action and severity, and when it fires. Where a value is missing a rule cannot
say, unless it says otherwise here.
"""


def _line(rule: Rule) -> str:
    missing = "" if rule.when_missing == "cannot_say" else f"; missing: {rule.when_missing}"
    return (
        f"- `{rule.name}`: {rule.name_en} · {rule.name_zh}; {rule.action}, {rule.severity}; "
        f"`{text_of(rule.condition)}`{missing}\n"
    )


def _domain_page(domain: str, rules: Sequence[Rule]) -> str:
    parts = [DOMAIN_HEAD.format(domain=domain.replace("_", " "), count=len(rules))]
    for table in dict.fromkeys(rule.table for rule in rules):
        own = [rule for rule in rules if rule.table == table]
        parts.append(f"\n## {own[0].table.replace('_', ' ')}\n\n")
        parts += [_line(rule) for rule in own]
    return "".join(parts)


def rule_pages(rules: Sequence[Rule]) -> dict[str, str]:
    """The pages as Markdown, by file name."""
    by_domain: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_domain[rule.domain].append(rule)
    head = [HEAD.format(count=len(rules))]
    for domain, own in sorted(by_domain.items()):
        tables = len({rule.table for rule in own})
        head.append(f"| [{domain.replace('_', ' ')}]({domain}.md) | {len(own):,} | {tables} |\n")
    pages = {f"{domain}.md": _domain_page(domain, own) for domain, own in by_domain.items()}
    return {INDEX: "".join(head)} | pages


def write_rule_pages(rules: Sequence[Rule], folder: Path) -> None:
    """Write the pages to a folder, in the place of those that were there."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        old.unlink()
    for name, text in rule_pages(rules).items():
        (folder / name).write_text(text, encoding="utf-8")
