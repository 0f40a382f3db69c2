"""Conditions of rules: how they are read and written, and that every evaluation is the same."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.rules.intervals import Interval, can_be_true
from loomline.rules.model import Rule, Source
from loomline.rules.normal import normal
from loomline.rules.parsing import ConditionError, parse_condition
from loomline.rules.tree import Condition, Input, inputs_of, text_of
from loomline.rules.verdicts import CompiledRules, overlaps
from tests.unit.slow_rules import Firm, conditions, enterprise_inputs, firms, truth

SOME_FIRMS = st.lists(firms, min_size=1, max_size=12)
MISSING = st.sampled_from(["fires", "does_not_fire", "cannot_say"])


def rule_of(condition: Condition, when_missing: str = "cannot_say", name: str = "trial") -> Rule:
    """A rule of which only the condition matters."""
    return Rule(
        name=name,
        version=1,
        effective_from=date(2017, 1, 1),
        effective_to=None,
        table="trial",
        domain="trial",
        owner="tester",
        name_en="A trial",
        name_zh="试验",
        condition=condition,
        subject=Input("a"),
        when_missing=when_missing,  # type: ignore[arg-type]
        severity="low",
        action="watch",
        products=("working_capital",),
        trades=(),
        source=Source(kind="policy", document="Trial", says="It is tried."),
        reason_en="It is {subject}.",
        reason_zh="为{subject}。",
    )


@given(conditions, SOME_FIRMS, MISSING)
def test_the_verdicts_of_numpy_are_those_of_a_slow_evaluator(
    condition: Condition, some: list[Firm], when_missing: str
) -> None:
    found = CompiledRules([rule_of(condition, when_missing)]).judge(enterprise_inputs(some))
    for place, firm in enumerate(some):
        expected = truth(condition, firm)
        unknown = expected is None
        assert found.fired[0, place] == (when_missing == "fires" if unknown else expected), text_of(
            condition
        )
        assert found.cannot_say[0, place] == (unknown and when_missing == "cannot_say")


@given(st.lists(conditions, min_size=2, max_size=5), SOME_FIRMS)
def test_rules_that_share_parts_are_judged_as_each_alone(
    some_conditions: list[Condition], some: list[Firm]
) -> None:
    inputs = enterprise_inputs(some)
    rules = [rule_of(condition) for condition in some_conditions]
    together = CompiledRules(rules).judge(inputs)
    for place, rule in enumerate(rules):
        alone = CompiledRules([rule]).judge(inputs)
        np.testing.assert_array_equal(together.fired[place], alone.fired[0])
        np.testing.assert_array_equal(together.cannot_say[place], alone.cannot_say[0])


@given(conditions)
def test_a_condition_that_was_read_is_read_back_from_its_text_as_it_was(
    condition: Condition,
) -> None:
    read = parse_condition(text_of(condition))
    assert parse_condition(text_of(read)) == read


@given(conditions, firms)
def test_the_text_of_a_condition_means_what_the_condition_means(
    condition: Condition, firm: Firm
) -> None:
    assert truth(parse_condition(text_of(condition)), firm) == truth(condition, firm)


@given(conditions, firms)
def test_the_normal_form_means_what_the_condition_means(condition: Condition, firm: Firm) -> None:
    assert truth(normal(condition), firm) == truth(condition, firm)


@given(conditions)
def test_the_normal_form_of_a_normal_form_is_itself(condition: Condition) -> None:
    assert normal(normal(condition)) == normal(condition)


@given(conditions, firms)
def test_no_enterprise_fulfils_what_intervals_rule_out(condition: Condition, firm: Firm) -> None:
    ranges = {name: Interval(-2, 3) for name in inputs_of(condition)}
    if truth(condition, firm):
        assert can_be_true(condition, ranges)


@pytest.mark.parametrize(
    "text",
    [
        "a < 0.2 and a >= 0.2",
        "a > 1 and not (a > 0.5)",
        "a < -2",
        "a - b > 0.4 and a < -0.2 and b > -0.1",
        "trade in ('13') and trade in ('17')",
        "trade in ('13') and not (trade in ('13', '17'))",
        "(a < 0 or a > 3) and a between 1 and 2",
    ],
)
def test_what_can_never_be_is_found(text: str) -> None:
    condition = parse_condition(text)
    assert not can_be_true(condition, {name: Interval(-2, 3) for name in inputs_of(condition)})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a > 1 and b < 2", "2 > b and 1 < a"),
        ("not (a > 1 or b < 2)", "a <= 1 and b >= 2"),
        ("a between 0 and 1", "a <= 1 and a >= 0"),
        ("a > b", "b < a"),
        ("-a < 1", "a > -1"),
        ("a > 1 and (b > 1 and (c > 1 and a > 1))", "c > 1 and b > 1 and a > 1"),
        ("trade in ('17', '13')", "trade in ('13', '17')"),
    ],
)
def test_conditions_that_say_the_same_have_one_normal_form(one: str, other: str) -> None:
    assert normal(parse_condition(one)) == normal(parse_condition(other))


@pytest.mark.parametrize(
    "text",
    [
        "a >",
        "a",
        "a + 1",
        "a > 'x'",
        "a is null",
        "a > (select 1)",
        "abs(a) > 1",
        "a in (1, 2)",
        "trade > 3",
        "trade = '13'",
        "trade in (13)",
        "t.a > 1",
        "a > 1; drop table x",
        "a like 'b'",
        "case when a > 1 then b > 1 end",
        "a <=> b",
        "a % 2 > 1",
        "true",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        parse_condition(text)


def test_overlap_is_the_share_of_either_that_is_of_both() -> None:
    fired = np.array([[1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 0, 0]], dtype=bool)
    found = overlaps(fired)
    assert found[0, 0] == 1
    assert found[0, 1] == found[1, 0] == pytest.approx(2 / 4)
    assert found[0, 2] == 0
    assert np.isnan(found[2, 2])
