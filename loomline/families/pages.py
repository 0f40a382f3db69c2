"""The pages of docs/features: every feature in a line, a page a domain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loomline.families.catalogue import features
from loomline.families.model import Family, Feature

INDEX = "README.md"
HEAD = """# Features of enterprises

Written by `make docs` from `catalog/families/`; do not edit it by hand. {count:,} features of
{measures:,} daily measures, by what of the firm they speak of. `loomline feature show NAME` says of
one what it is made of, what a missing value means and, with a date, what firms have.

| domain | features | measures | families |
| --- | --- | --- | --- |
"""
DOMAIN_HEAD = """# Features: {domain}

Written by `make docs` from `catalog/families/`; do not edit it by hand. {count:,} features.
"""


def _title(domain: str) -> str:
    return domain.replace("_", " ")


def _line(feature: Feature) -> str:
    said = f"{feature.description_en} · {feature.description_zh}"
    return f"- `{feature.name}` ({feature.unit}): {said}\n"


def _domain_page(domain: str, families: Sequence[Family], of_domain: Sequence[Feature]) -> str:
    parts = [DOMAIN_HEAD.format(domain=_title(domain), count=len(of_domain))]
    for family in families:
        parts.append(f"\n## {_title(family.family)}\n\n{family.description}\n\n")
        parts += [_line(feature) for feature in of_domain if feature.family == family.family]
    return "".join(parts)


def feature_pages(families: Sequence[Family]) -> dict[str, str]:
    """The pages by file name: one a domain, and an index of them."""
    made = features(families)
    measures = sum(len(family.measures) for family in families)
    pages, index = {}, [HEAD.format(count=len(made), measures=measures)]
    for domain in sorted({family.domain for family in families}):
        own = [family for family in families if family.domain == domain]
        of_domain = [feature for feature in made if feature.domain == domain]
        pages[f"{domain}.md"] = _domain_page(domain, own, of_domain)
        count = sum(len(family.measures) for family in own)
        names = ", ".join(_title(family.family) for family in own)
        index.append(
            f"| [{_title(domain)}]({domain}.md) | {len(of_domain):,} | {count:,} | {names} |\n"
        )
    return pages | {INDEX: "".join(index)}


def write_feature_pages(families: Sequence[Family], folder: Path) -> None:
    """Write the pages to a folder, and remove those of domains that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = feature_pages(families)
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
