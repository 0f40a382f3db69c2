"""The declared rules: what is refused, what the checks find, and that the catalogue holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from loomline.enterprise_inputs import EnterpriseInputs
from loomline.errors import CatalogueError, LoomlineError
from loomline.known_inputs import SCORES, KnownInput, known_inputs
from loomline.rules.catalogue import RuleCatalogue, load_rules
from loomline.rules.checks import check_bands, check_catalogue, check_rules
from loomline.rules.firings import Explainer
from loomline.rules.model import Rule
from loomline.rules.pages import rule_pages
from loomline.rules.parsing import parse_condition, parse_expression
from loomline.rules.replay import Case, replay
from loomline.rules.stored import check_unchanged, rule_of, rule_row
from loomline.rules.tree import text_of
from loomline.rules.verdicts import CompiledRules
from loomline.settings import PROJECT_ROOT
from spark_jobs.enterprise_inputs import SCORE_COLUMNS
from tests.unit import test_rule_trees

SIGNS = """signs:
  - sign: sales_fall
    name: {en: with falling sales, zh: 销售下滑}
    values: {sales: "sales_{window}d"}
    when: sales < -0.2
    says: {en: "sales changed {sales}", zh: "销售变化{sales}"}
"""
RULES = """domain: trial
owner: tester
description: A trial.
effective_from: 2017-01-01
source: {kind: policy, document: Trial, says: It is tried.}
tables:
  - table: energy_fall
    name: {en: Energy falls, zh: 用电下滑}
    subject: energy_{window}d
    says: {en: "Energy changed {subject} in {window} days", zh: "{window}天用电变化{subject}"}
    rows:
      - {window: 30, band: marked, from: -0.5, to: -0.3, severity: low, action: watch}
      - {window: 30, band: severe, to: -0.5, severity: medium, action: watch}
    alone: {en: It slows., zh: 放缓。}
    together:
      - {sign: sales_fall, raises: 1, review: true, means: {en: It shrinks., zh: 萎缩。}}
"""
INPUTS = {
    "energy_30d": KnownInput("energy_30d", "energy", "ratio", "Energy", "用电"),
    "sales_30d": KnownInput("sales_30d", "invoice", "ratio", "Sales", "销售"),
    "amount": KnownInput("amount", "invoice", "CNY", "Amount", "金额"),
    "size": KnownInput("size", "invoice", "CNY an invoice", "Size", "大小"),
    "count": KnownInput("count", "invoice", "invoices", "Count", "张数"),
    "default_probability": SCORES[0],
}


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    for folder in ("rules", "signs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "signs" / "trial.yml").write_text(SIGNS, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def declared(catalog: Path) -> RuleCatalogue:
    return load_rules(catalog)


@pytest.fixture(scope="module")
def inputs(catalog: Path) -> dict[str, KnownInput]:
    return known_inputs(catalog)


def loaded(trial: Path, text: str = RULES) -> RuleCatalogue:
    (trial / "rules" / "trial.yml").write_text(text, encoding="utf-8")
    return load_rules(trial)


def rule_where(text: str, name: str = "trial", action: str = "watch") -> Rule:
    rule = test_rule_trees.rule_of(parse_condition(text), name=name)
    subject = parse_expression("energy_30d")
    return replace(rule, action=action, subject=subject)  # type: ignore[arg-type]


def kinds(*rules: Rule) -> list[str]:
    return [finding.kind for finding in check_rules(rules, INPUTS)]


def test_a_table_makes_a_rule_of_each_row_alone_and_with_each_sign(trial: Path) -> None:
    found = {rule.name: rule for rule in loaded(trial).rules}
    assert list(found) == [
        "energy_fall_30d_marked",
        "energy_fall_30d_sales_fall_marked",
        "energy_fall_30d_severe",
        "energy_fall_30d_sales_fall_severe",
    ]
    alone, paired = found["energy_fall_30d_severe"], found["energy_fall_30d_sales_fall_severe"]
    assert text_of(alone.condition) == "energy_30d < -0.5"
    assert text_of(paired.condition) == "energy_30d < -0.5 and sales_30d < -0.2"
    assert (alone.severity, alone.action) == ("medium", "watch")
    assert (paired.severity, paired.action) == ("high", "review")
    marked = found["energy_fall_30d_sales_fall_marked"]
    assert (marked.severity, marked.action) == ("medium", "watch")
    assert paired.name_zh == "用电下滑，销售下滑（30天，严重）"


def test_a_reason_has_the_values_filled_in_and_the_values_are_kept(trial: Path) -> None:
    rules = loaded(trial).rules
    values = {
        "energy_30d": np.array([-0.6123, -0.4, np.nan]),
        "sales_30d": np.array([-0.3, np.nan, -0.3]),
    }
    given = EnterpriseInputs(["A", "B", "C"], ["", "", ""], date(2020, 1, 31), values)
    verdicts = CompiledRules(rules).judge(given)
    rows = Explainer(rules, INPUTS).explain(verdicts, given).to_pylist()
    fired = [(rules[row["rule"]].name, row["enterprise"]) for row in rows]
    assert fired == [
        ("energy_fall_30d_marked", 1),
        ("energy_fall_30d_severe", 0),
        ("energy_fall_30d_sales_fall_severe", 0),
    ]
    assert (
        rows[2]["reason_en"]
        == "Energy changed -61.2% in 30 days; sales changed -30.0%. It shrinks."
    )
    assert rows[2]["reason_zh"] == "30天用电变化-61.2%；销售变化-30.0%。萎缩。"
    assert dict(rows[2]["input_values"]) == {"energy_30d": -0.6123, "sales_30d": -0.3}
    assert verdicts.cannot_say.tolist() == [
        [False, False, True],
        [False, True, True],
        [False, False, True],
        [False, False, True],
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("subject: energy_{window}d", "subject: abs(energy)", 7, "is not a number"),
        ("sign: sales_fall", "sign: sales_rise", 16, "there is no sign"),
        ("to: -0.3", "to: -0.6", 12, "a band begins below its end"),
        ("action: watch", "action: look", 12, "Input should be"),
        ("band: severe, to: -0.5", "band: marked, to: -0.5", 13, "is given twice"),
        ("kind: policy", "kind: regulation", 5, "names its article"),
    ],
)
def test_what_does_not_hold_is_refused_with_its_line(
    trial: Path, old: str, new: str, line: int, message: str
) -> None:
    with pytest.raises(CatalogueError) as error:
        loaded(trial, RULES.replace(old, new, 1))
    assert f"trial.yml:{line}:" in str(error.value)
    assert message in str(error.value)


def test_versions_of_a_table_that_hold_on_one_day_are_refused(trial: Path) -> None:
    table = RULES[RULES.index("  - table") :]
    later = table.replace("energy_fall\n", "energy_fall\n    version: 2\n")
    with pytest.raises(CatalogueError, match="versions 1 and 2 hold on the same days"):
        loaded(trial, RULES + later)
    ended = RULES.replace("energy_fall\n", "energy_fall\n    effective_to: 2020-01-01\n")
    begun = later.replace("version: 2\n", "version: 2\n    effective_from: 2020-01-01\n")
    found = loaded(trial, ended + begun)
    assert {rule.version for rule in found.effective(date(2019, 12, 31))} == {1}
    assert {rule.version for rule in found.effective(date(2020, 1, 1))} == {2}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("nobody > 1", "unknown_input"),
        ("amount > energy_30d", "unit_mismatch"),
        ("amount - energy_30d > 1", "unit_mismatch"),
        ("size > amount", "unit_mismatch"),
        ("default_probability > 1.5", "unreachable"),
        ("energy_30d > 1 and energy_30d < 0.5", "unreachable"),
        ("default_probability >= 0", "certain"),
    ],
)
def test_a_rule_that_cannot_be_right_is_found(text: str, kind: str) -> None:
    assert kinds(rule_where(text)) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "amount / count > size",
        "size * count - amount > 100",
        "amount * 0.5 > amount - 3",
        "1 / count > 0.1",
    ],
)
def test_units_that_come_out_the_same_can_be_compared(text: str) -> None:
    assert kinds(rule_where(text)) == []


def test_rules_of_one_condition_are_duplicates_or_contradict_one_another() -> None:
    one = rule_where("energy_30d > 1 and amount < 5", "one")
    assert kinds(one, rule_where("5 > amount and energy_30d > 1", "two")) == ["duplicate"]
    other = rule_where("5 > amount and energy_30d > 1", "two", action="decline")
    assert kinds(one, other) == ["contradiction"]
    assert kinds(one, replace(other, products=("receipt_pledge",))) == []
    ended = replace(one, effective_to=date(2020, 1, 1))
    assert kinds(ended, replace(other, effective_from=date(2020, 1, 1))) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [("to: -0.5,", "to: -0.6,", ["gap"]), ("to: -0.5,", "to: -0.4,", ["overlap"]), ("", "", [])],
)
def test_bands_of_a_table_leave_no_gap_and_do_not_overlap(
    trial: Path, old: str, new: str, expected: list[str]
) -> None:
    severe = RULES.index("band: severe")
    text = RULES[:severe] + RULES[severe:].replace(old, new, 1)
    assert [finding.kind for finding in check_bands(loaded(trial, text).tables)] == expected


def test_a_sign_that_no_table_uses_is_found(trial: Path) -> None:
    found = loaded(trial, RULES[: RULES.index("    together")])
    assert [one.kind for one in check_catalogue(found, INPUTS)] == ["unused_sign"]


def test_a_stored_rule_is_read_back(declared: RuleCatalogue) -> None:
    for rule in declared.rules:
        assert rule_row(rule_of(rule_row(rule))) == rule_row(rule)


def test_a_stored_version_may_get_better_words_but_no_other_condition(trial: Path) -> None:
    rules = loaded(trial).rules
    stored = [rule_row(rule) for rule in rules]
    check_unchanged([replace(rule, reason_en="Other words.") for rule in rules], stored)
    changed = replace(rules[0], action="decline")
    with pytest.raises(LoomlineError, match="energy_fall_30d_marked has another action"):
        check_unchanged([changed, *rules[1:]], stored)


def test_a_replay_tells_what_the_rules_of_the_day_and_of_today_say(trial: Path) -> None:
    rules = loaded(trial).rules
    case = Case("A", date(2020, 1, 31), "", {"energy_30d": -0.4})
    stricter = [replace(rules[0], action="decline"), *rules[1:3]]
    found = {one.rule: one for one in replay(rules, stricter, case)}
    marked = found["energy_fall_30d_marked"]
    assert (marked.then, marked.action_then) == ("fired", "watch")
    assert (marked.now, marked.action_now) == ("fired", "decline")
    assert marked.differs
    assert found["energy_fall_30d_sales_fall_marked"].then == "cannot say"
    assert found["energy_fall_30d_sales_fall_severe"].now == "no rule"
    assert not found["energy_fall_30d_severe"].differs


def test_the_catalogue_holds(declared: RuleCatalogue, inputs: dict[str, KnownInput]) -> None:
    assert check_catalogue(declared, inputs) == []


def test_the_scores_among_the_inputs_are_those_that_are_read() -> None:
    assert {score.name for score in SCORES} == set(SCORE_COLUMNS)


def test_every_reason_is_said_in_both_languages(declared: RuleCatalogue) -> None:
    for rule in declared.rules:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in rule.reason_zh), rule.name
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in rule.reason_en), rule.name


def test_the_pages_in_the_docs_are_in_step_with_the_rules(declared: RuleCatalogue) -> None:
    written = {
        path.name: path.read_text(encoding="utf-8")
        for path in (PROJECT_ROOT / "docs" / "rules").glob("*.md")
    }
    assert written == rule_pages(declared.rules), "run `make docs`"
