"""Which rules the history says could go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loomline.evidence.early_warnings import Hits
from loomline.evidence.figures import Evidence
from loomline.evidence.history import Booleans, Floats, Integers
from loomline.evidence.overlap import NO_RULE
from loomline.evidence.vocabulary import ALWAYS_FIRES, COVERED, NEVER_FIRES, NO_LIFT, NONE

# Of so many enterprises none: fewer than 1 % at a confidence of 95 %, by the rule of three (Hanley
# and Lippman-Hand, 1983, "If nothing goes wrong, is everything all right?").
ENOUGH_ENTERPRISES = 300
ALWAYS_RATIO = 0.99
# So many caught enterprises should have been expected of a rule that says nothing.
ENOUGH_EXPECTED = 10.0
COVERED_SHARE = 0.95
# Below so many fired enterprises a share of 95 % is all of them.
ENOUGH_FIRED = 20


@dataclass(frozen=True)
class Retirement:
    """That a rule could go: its position, why, and for `covered` the position of the better one."""

    rule: int
    reason: str
    better_rule: int = NO_RULE


def _ranks(evidence: Evidence, names: Sequence[str]) -> Integers:
    """The rank of each rule from the best, (rules,): by lower end of the lift, lift, then name."""
    lower, lift = (
        np.nan_to_num(part, nan=-1.0) for part in (evidence.lifts.lift_lower, evidence.lifts.lift)
    )
    order = np.lexsort((np.asarray(names, dtype=str), -lift, -lower))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def better_rules(shares: Floats, ranks: Integers) -> Integers:
    """The best of the better rules that fire on nearly all that a rule fires on, (rules,), or -1.

    `shares` is (rules, rules) as `Overlap.shares`.
    """
    covers = (np.nan_to_num(shares) > COVERED_SHARE) & (ranks[None, :] < ranks[:, None])
    ranked = np.where(covers, ranks[None, :], len(ranks))
    best = ranked.argmin(axis=1)
    return np.where(covers.any(axis=1), best, NO_RULE).astype(np.int64)


def asked_enterprises(hits: Hits, cannot_say_count: Integers) -> Floats:
    """Of how many enterprises each rule could say something, (rules,), on average of its dates.

    `cannot_say_count` are the enterprise-dates on which a value that it needs was missing.
    """
    missing = cannot_say_count / np.maximum(hits.evaluated_count, 1)
    return hits.enterprise_count * (1 - missing)


def retirements(
    evidence: Evidence, names: Sequence[str], stands: Booleans, asked: Floats
) -> list[Retirement]:
    """The rules that could go, in their order, each for the first of the reasons that holds.

    Only those that still stand, (rules,), are looked at, and only those can cover others. `asked`
    are `asked_enterprises`: a rule whose data the lake does not have is not to blame.

    `never_fires`, `always_fires`: for or for all but one in a hundred of at least 300 enterprises
    that it could say something of.
    `no_lift`: a lift of 1 or less though ten caught enterprises should have been expected.
    `covered`: a rule with a better lift fires on more than 95 % of what it fires on, so that it
    warns of nobody else. Names break ties, so that of two equal rules one stays.
    """
    hits, lifts = evidence.hits, evidence.lifts
    is_asked = asked >= ENOUGH_ENTERPRISES
    is_idle = (
        (evidence.verdict == NONE)
        & (evidence.expected_enterprise_count >= ENOUGH_EXPECTED)
        & (lifts.lift <= 1)
    )
    shares = np.where(stands[None, :], evidence.overlap.shares, 0.0)
    better = better_rules(shares, _ranks(evidence, names))
    is_covered = (better != NO_RULE) & (hits.fired_enterprise_count >= ENOUGH_FIRED)
    reasons = np.select(
        [
            is_asked & (hits.fired_count == 0),
            is_asked & (hits.hit_ratio >= ALWAYS_RATIO),
            is_idle,
            is_covered,
        ],
        [NEVER_FIRES, ALWAYS_FIRES, NO_LIFT, COVERED],
        default="",
    )
    return [
        Retirement(int(rule), str(reason), int(better[rule]) if reason == COVERED else NO_RULE)
        for rule, reason in enumerate(reasons)
        if reason and stands[rule]
    ]
