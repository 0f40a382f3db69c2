"""A past case under the rules of its day and under those of today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from loomline.enterprise_inputs import EnterpriseInputs
from loomline.rules.model import Rule
from loomline.rules.verdicts import CompiledRules

Outcome = Literal["fired", "not fired", "cannot say", "no rule"]


@dataclass(frozen=True)
class Case:
    """What was known of an enterprise as of a date: values by name, without those that miss."""

    enterprise_id: str
    as_of_date: date
    trade: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Replayed:
    """The outcome of a rule for a case, and its action, by the rules of the day and of today."""

    rule: str
    then: Outcome
    action_then: str
    now: Outcome
    action_now: str

    @property
    def differs(self) -> bool:
        """Whether today's rules come to something else."""
        return (self.then, self.action_then) != (self.now, self.action_now)


def _outcomes(rules: Sequence[Rule], case: Case) -> dict[str, tuple[Outcome, str]]:
    """Outcome and action of each rule; an input that the day did not know is missing."""
    compiled = CompiledRules(rules)
    values = {name: np.array([case.values.get(name, np.nan)]) for name in compiled.names}
    ids, trades = [case.enterprise_id], [case.trade]
    verdicts = compiled.judge(EnterpriseInputs(ids, trades, case.as_of_date, values))
    found: dict[str, tuple[Outcome, str]] = {}
    for place, rule in enumerate(rules):
        outcome: Outcome = "not fired"
        if verdicts.fired[place, 0]:
            outcome = "fired"
        elif verdicts.cannot_say[place, 0]:
            outcome = "cannot say"
        found[rule.name] = outcome, rule.action
    return found


def replay(then: Iterable[Rule], now: Iterable[Rule], case: Case) -> list[Replayed]:
    """The outcomes of all rules of either day, on the values of the case, by name."""
    before, after = _outcomes(tuple(then), case), _outcomes(tuple(now), case)
    absent: tuple[Outcome, str] = ("no rule", "")
    return [
        Replayed(name, *before.get(name, absent), *after.get(name, absent))
        for name in sorted(before.keys() | after.keys())
    ]
