"""What a code or spelling is linked to, from when until when.

Everything that speaks for or against a link is known from some moment on. Between two such moments
nothing changes, so that each stretch between them is judged by what was known at its start alone,
and what becomes known later can't change an earlier answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from spark_jobs.linking.scoring import Evidence

OWN_CODE, CREDIT_CODE, MODEL, CONFIRMED = "own code", "credit code", "splink", "confirmed"


@dataclass(frozen=True)
class Span:
    """From `start` until just before `end`; None is for good."""

    start: datetime
    end: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether the moment is inside."""
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True)
class Owner:
    """That an identity is that of an enterprise, for a span."""

    enterprise_id: str
    span: Span


@dataclass(frozen=True)
class Claim:
    """That a record is of the firm `identity`, known from `since` on.

    `weight` is the base-two logarithm of its odds; None: it is certain.
    """

    identity: str
    since: datetime
    weight: float | None
    method: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Ruling:
    """A person's decision on an enterprise, from `since` on."""

    enterprise_id: str
    since: datetime
    is_confirmed: bool
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a record is held for; without an enterprise it is a firm that is none of the lake's."""

    enterprise_id: str | None
    probability: float
    method: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Stretch:
    """Verdicts that stand for a span, the likeliest first."""

    span: Span
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Case:
    """All that speaks for or against links of one version of a record."""

    span: Span
    claims: Sequence[Claim]
    rulings: Sequence[Ruling]


def _owner_at(owners: Iterable[Owner], moment: datetime) -> str | None:
    standing = [owner.enterprise_id for owner in owners if owner.span.holds_at(moment)]
    # Two enterprises with one credit code: the first by name, so that every run takes the same.
    return min(standing, default=None)


def _best_by_identity(claims: Iterable[Claim]) -> list[Claim]:
    """The strongest claim of each identity: several records of a firm are not several firms."""
    best: dict[str, Claim] = {}
    for claim in claims:
        rival = best.get(claim.identity)
        if rival is None or _strength(claim) > _strength(rival):
            best[claim.identity] = claim
    return sorted(best.values(), key=lambda claim: (-_strength(claim), claim.identity))


def _strength(claim: Claim) -> float:
    return math.inf if claim.weight is None else claim.weight


def judge(
    claims: Iterable[Claim], rulings: Iterable[Ruling], owners: dict[str, list[Owner]], at: datetime
) -> tuple[Verdict, ...]:
    """The verdicts of a moment: one of the firms at most is meant, or a firm of no list.

    So the odds of the claims share one whole with the odds of none of them, and two firms that
    are equally like a record get less than a half each.
    """
    standing = [ruling for ruling in rulings if ruling.since <= at]
    for ruling in standing:
        if ruling.is_confirmed:
            return (Verdict(ruling.enterprise_id, 1.0, CONFIRMED, ruling.evidence),)
    rejected = {ruling.enterprise_id for ruling in standing}
    known = [(claim, _owner_at(owners.get(claim.identity, ()), at)) for claim in claims]
    owner_of = {claim.identity: owner for claim, owner in known if owner not in rejected}
    best = _best_by_identity(
        claim for claim, _ in known if claim.since <= at and claim.identity in owner_of
    )
    if not best:
        return ()
    if best[0].weight is None:
        first = best[0]
        return (Verdict(owner_of[first.identity], 1.0, first.method, first.evidence),)
    odds = [2.0 ** (claim.weight or 0.0) for claim in best]
    whole = 1.0 + sum(odds)
    return tuple(
        Verdict(owner_of[claim.identity], round(part / whole, 6), claim.method, claim.evidence)
        for claim, part in zip(best, odds, strict=True)
    )


def stretches(case: Case, owners: dict[str, list[Owner]]) -> list[Stretch]:
    """The verdicts of a version over its span; neighbours that say the same are one stretch."""
    moments = {case.span.start}
    moments.update(claim.since for claim in case.claims)
    moments.update(ruling.since for ruling in case.rulings)
    for claim in case.claims:
        for owner in owners.get(claim.identity, ()):
            moments.add(owner.span.start)
            if owner.span.end is not None:
                moments.add(owner.span.end)
    starts = sorted(moment for moment in moments if case.span.holds_at(moment))
    found: list[Stretch] = []
    for start, end in zip(starts, [*starts[1:], case.span.end], strict=True):
        verdicts = judge(case.claims, case.rulings, owners, start)
        if found and found[-1].verdicts == verdicts:
            found[-1] = Stretch(Span(found[-1].span.start, end), verdicts)
        else:
            found.append(Stretch(Span(start, end), verdicts))
    return found
