"""The page docs/dimensions.md: every value dimension in a line, by domain."""

from __future__ import annotations

from itertools import groupby

from loomline.dimensions.catalogue import DeclaredDimension, DimensionCatalogue

HEAD = """# Value dimensions

Written by `make docs` from `catalog/dimensions/`; do not edit it by hand. {count} dimensions, each
from 0 to 100 among the peers of a trade. Every input is ranked among peers, the ranks are weighed
together, and what comes out is ranked again; `loomline dimension show NAME` says what one is made
of.

In brackets: the inputs with their weights, ↑ where high is better and ↓ where low is.
"""


def _line(one: DeclaredDimension) -> str:
    dimension = one.dimension
    total = sum(each.weight for each in dimension.inputs)
    made = ", ".join(
        f"{each.weight / total:.0%} `{each.input}` {'↑' if each.better == 'high' else '↓'}"
        for each in dimension.inputs
    )
    return (
        f"- **{dimension.name}**, {dimension.title_en} · {dimension.title_zh}: "
        f"{dimension.says_en} · {dimension.says_zh} ({made})\n"
    )


def dimensions_page(catalogue: DimensionCatalogue) -> str:
    """The page as Markdown."""
    parts = [HEAD.format(count=len(catalogue.dimensions))]
    by_domain = sorted(catalogue.dimensions, key=lambda one: one.domain)
    for domain, members in groupby(by_domain, key=lambda one: one.domain):
        parts.append(f"\n## {domain.replace('_', ' ')}\n\n")
        parts += [_line(one) for one in members]
    return "".join(parts)
