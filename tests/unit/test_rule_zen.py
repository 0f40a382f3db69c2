"""The verdicts of NumPy and those of zen-engine, on conditions that both can say."""

from __future__ import annotations

import zen
from hypothesis import assume, given
from hypothesis import strategies as st

from bench.zen_rules import divides, truths
from loomline.rules.tree import Condition
from loomline.rules.verdicts import CompiledRules
from tests.unit.slow_rules import INPUTS, Firm, conditions, enterprise_inputs, firms
from tests.unit.test_rule_trees import rule_of


@given(st.lists(conditions, min_size=3, max_size=8), st.lists(firms, min_size=1, max_size=8))
def test_zen_engine_comes_to_the_same_verdicts(
    some_conditions: list[Condition], some: list[Firm]
) -> None:
    common = [condition for condition in some_conditions if not divides(condition)]
    assume(common)
    verdicts = CompiledRules([rule_of(one) for one in common]).judge(enterprise_inputs(some))
    decision = zen.ZenEngine().create_decision(truths(common))
    for place, firm in enumerate(some):
        given_values = {name: firm[name] for name in INPUTS} | {"trade": firm["trade"] or None}
        found = decision.evaluate(given_values)["result"]
        for rule in range(len(common)):
            is_true, is_false = found[f"true_{rule}"], found[f"false_{rule}"]
            assert verdicts.fired[rule, place] == is_true
            assert verdicts.cannot_say[rule, place] == (not is_true and not is_false)
