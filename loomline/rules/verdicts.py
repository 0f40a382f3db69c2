"""The verdicts of all rules on all enterprises: fired, not fired, or cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loomline.enterprise_inputs import EnterpriseInputs, Floats
from loomline.rules.model import Rule
from loomline.rules.program import Bools, Program, blocks_of

# Cases whose firings are multiplied at once, so that they need not be held as numbers altogether.
CASES_AT_ONCE = 16_384


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Where rules fired, and where they cannot say: arrays (rules, enterprises).

    A rule did not fire where neither holds; both never hold.
    """

    fired: Bools
    cannot_say: Bools


class CompiledRules:
    """Rules that are ready to judge, in the order given; `names` are the inputs that they read."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._program = Program([rule.condition for rule in self.rules])
        self.names = self._program.names

    def judge(self, inputs: EnterpriseInputs) -> Verdicts:
        """The verdicts of all rules on all enterprises.

        Raises:
            KeyError: the inputs lack one that a rule reads.
        """
        shape = len(self.rules), len(inputs.enterprise_ids)
        fired, cannot_say = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        for rows, block in blocks_of(inputs, self.names):
            truths = self._program.run(block)
            for place, (is_true, is_false) in enumerate(truths):
                when_missing = self.rules[place].when_missing
                if when_missing == "fires":
                    np.logical_not(is_false, out=fired[place, rows])
                    continue
                fired[place, rows] = is_true
                if when_missing == "cannot_say":
                    is_known = np.logical_or(is_true, is_false)
                    np.logical_not(is_known, out=cannot_say[place, rows])
        return Verdicts(fired, cannot_say)


def verdict_sql(rule: Rule, condition: str) -> str:
    """The verdict of a rule as Spark SQL, given its condition as such.

    The text is `fired`, `not_fired` or `cannot_say`.
    """
    unknown = {"fires": "fired", "does_not_fire": "not_fired", "cannot_say": "cannot_say"}
    return (
        f"case when {condition} then 'fired' when not ({condition}) then 'not_fired' "
        f"else '{unknown[rule.when_missing]}' end"
    )


def overlaps(fired: Bools) -> Floats:
    """How alike the firings of each two rules are: of those of either, the share that is of both.

    `fired` is (rules, cases), a case being an enterprise at a date; the result (rules, rules) is
    the Jaccard index, 1 on the diagonal, NaN where neither rule ever fired. A pair above 0.95 says
    one thing twice.
    """
    both = np.zeros((len(fired), len(fired)))
    for start in range(0, fired.shape[1], CASES_AT_ONCE):
        some = fired[:, start : start + CASES_AT_ONCE].astype(np.float32)
        both += some @ some.T
    each = np.diag(both)
    either = each[:, None] + each[None, :] - both
    with np.errstate(invalid="ignore"):
        return both / either
