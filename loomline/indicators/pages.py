"""The page docs/indicators.md: every indicator in a line, by domain, and the policy."""

from __future__ import annotations

from itertools import groupby

from loomline.indicators.catalogue import DeclaredIndicator, IndicatorCatalogue
from loomline.indicators.model import WatchPolicy

HEAD = """# Warning indicators

Written by `make docs` from `catalog/indicators/` and `catalog/watch_list.yml`; do not edit it by
hand. {count:,} indicators. `loomline indicator show NAME` says of one what it watches, from where
on it warns, by trade where that matters, and what is done;
[decision 7](decisions/0007-indicators-and-dimensions.md) says how a state goes on from date to
date.

A warning that counts weighs {amber:g} at amber and {red:g} at red, and half as much with each
half-life after it has cleared. The {strongest} strongest make the weight of a domain, and an
enterprise weighs the mean of the domains that say anything of it and of {calm} that weigh nothing:
from {watch:g} on it is watched, from {escalate:g} on escalated if {domains} domains have a red one.
A red one marked *watch* or *escalated* gives that status by itself.

In brackets: amber and red, ranks among peers where marked, days until it counts, half-life in days.
"""


def _line(one: DeclaredIndicator) -> str:
    indicator = one.indicator
    sign = "≥" if indicator.bad == "high" else "≤"
    of = "rank " if indicator.scale == "rank" else ""
    alone = f", *{indicator.red_alone}*" if indicator.red_alone else ""
    levels = f"{of}{sign} {indicator.amber:g}, {indicator.red:g}"
    spans = f"{indicator.persistence_days}, {indicator.half_life_days}"
    return (
        f"- `{indicator.name}` ({levels}; {spans}{alone}) of `{indicator.input}`: "
        f"{indicator.says_en} · {indicator.says_zh}\n"
    )


def _responses(policy: WatchPolicy) -> str:
    lines = [
        f"- **{name}**, within {one.due_days} days: {one.action_en} {one.escalation_en} · "
        f"{one.action_zh}{one.escalation_zh}\n"
        for name, one in policy.responses.items()
    ]
    return "\n## What is done\n\n" + "".join(lines)


def indicators_page(catalogue: IndicatorCatalogue) -> str:
    """The page as Markdown."""
    policy = catalogue.policy
    head = HEAD.format(
        count=len(catalogue.indicators),
        amber=policy.points.amber,
        red=policy.points.red,
        strongest=policy.strongest_per_domain,
        calm=policy.calm_domains,
        watch=policy.watch_from,
        escalate=policy.escalate_from,
        domains=policy.escalate_domains,
    )
    parts = [head]
    by_domain = sorted(catalogue.indicators, key=lambda one: one.domain)
    for domain, members in groupby(by_domain, key=lambda one: one.domain):
        parts.append(f"\n## {domain.replace('_', ' ')}\n\n")
        parts += [_line(one) for one in members]
    return "".join([*parts, _responses(policy)])
