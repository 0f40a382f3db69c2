"""The page that lists all rules, one line a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from loomline.rules.model import Rule

HEAD = """# Rules

Written by `make docs` from `catalog/rules/` and `catalog/signs/`; do not edit it by hand. How rules
are written and checked: [rules.md](rules.md). Missing: what a rule does where a value is missing.
"""


def listing_text(rules: Sequence[Rule]) -> str:
    """The page as Markdown: a section a domain, a line a rule."""
    by_domain: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_domain[rule.domain].append(rule)
    parts = [HEAD, f"{len(rules):,} rules in {len(by_domain)} domains.\n"]
    for domain, some in by_domain.items():
        lines = [
            f"- `{rule.name}`: {rule.name_en} / {rule.name_zh}; {rule.action}, {rule.severity}; "
            f"missing: {rule.when_missing.replace('_', ' ')}"
            for rule in some
        ]
        parts.append(f"## {domain} ({len(some):,})\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def write_listing(rules: Sequence[Rule], out: Path) -> None:
    """Write the page to a file."""
    out.write_text(listing_text(rules), encoding="utf-8")
