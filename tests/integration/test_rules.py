"""The job `rules` on the sample, and its conditions as native Spark SQL beside NumPy."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from loomline.commands.rule_history import print_history, print_replay
from loomline.job import JobContext
from loomline.lake import sql_literal
from loomline.rules.catalogue import load_rules
from loomline.rules.tree import Condition, inputs_of, spark_sql
from loomline.rules.verdicts import CompiledRules, verdict_sql
from spark_jobs.enterprise_inputs import read_inputs
from tests.integration.conftest import RunJob
from tests.unit.slow_rules import INPUTS, Firm, conditions, enterprise_inputs, firms
from tests.unit.test_rule_trees import rule_of

# Tests of marts have scores of this date on the same engine, and so may the rules.
AS_OF = date(2019, 9, 30)
OF_DATE = f"as_of_date = date'{AS_OF}'"
# Rules that are asked of Spark too: one query with all of them would be long to plan.
EVERY = 17


@pytest.fixture(scope="module")
def judged(lake: JobContext, run: RunJob) -> JobContext:
    """The shared lake with the firings of `AS_OF`."""
    run("daily_state")
    run("window_features", AS_OF)
    run("rules", AS_OF)
    return JobContext(lake.settings, AS_OF)


def _verdict(fired: bool, cannot_say: bool) -> str:
    return "fired" if fired else "cannot_say" if cannot_say else "not_fired"


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(conditions, min_size=30, max_size=30),
    st.lists(firms, min_size=40, max_size=40),
    st.sampled_from(["fires", "does_not_fire", "cannot_say"]),
)
def test_spark_sql_and_numpy_come_to_the_same_verdicts_on_random_data(
    spark: SparkSession, some_conditions: list[Condition], some: list[Firm], when_missing: str
) -> None:
    rules = [rule_of(condition, when_missing) for condition in some_conditions]
    verdicts = CompiledRules(rules).judge(enterprise_inputs(some))
    columns = ", ".join(f"{name} double" for name in INPUTS)
    rows = [(*(firm[name] for name in INPUTS), firm["trade"] or None) for firm in some]
    frame = spark.createDataFrame(rows, f"{columns}, trade string").coalesce(1)
    asked = [
        verdict_sql(rule, spark_sql(rule.condition, lambda name: name, "trade")) for rule in rules
    ]
    found = frame.selectExpr(*[f"{one} as v{place}" for place, one in enumerate(asked)]).collect()
    for place in range(len(rules)):
        expected = [
            _verdict(verdicts.fired[place, firm], verdicts.cannot_say[place, firm])
            for firm in range(len(some))
        ]
        assert [row[place] for row in found] == expected


def test_the_counts_of_the_job_are_those_of_spark_sql_over_the_vectors(judged: JobContext) -> None:
    spark = judged.spark
    version = spark.table("features.window_value").where(OF_DATE).first()["families_version"]
    names = spark.table("features.window_feature").where(f"families_version = '{version}'")
    place_of = {row["feature"]: row["position"] for row in names.collect()}
    rules = [
        rule
        for rule in load_rules(judged.catalog).effective(AS_OF)[::EVERY]
        if set(inputs_of(rule.condition)) <= place_of.keys()
    ]
    trades = read_inputs(judged, []).trades
    asked = [
        verdict_sql(
            rule,
            spark_sql(rule.condition, lambda name: f"feature_values[{place_of[name]}]", "trade"),
        )
        for rule in rules
    ]
    vectors = spark.table("features.window_value").where(OF_DATE).orderBy("enterprise_id")
    ids = [row["enterprise_id"] for row in vectors.collect()]
    known = spark.createDataFrame(
        [(one, trade or None) for one, trade in zip(ids, trades, strict=True)],
        "enterprise_id string, trade string",
    )
    found = (
        vectors.join(known, "enterprise_id")
        .selectExpr(*[f"{one} as v{place}" for place, one in enumerate(asked)])
        .collect()
    )
    counts = {
        row["rule"]: (row["fired"], row["not_fired"], row["cannot_say"])
        for row in spark.table("rules.verdict_count").where(OF_DATE).collect()
    }
    assert rules
    for place, rule in enumerate(rules):
        column = [row[place] for row in found]
        expected = tuple(column.count(one) for one in ("fired", "not_fired", "cannot_say"))
        assert counts[rule.name] == expected, rule.name


def test_every_firing_keeps_the_values_of_its_condition(judged: JobContext) -> None:
    spark = judged.spark
    by_name = spark.table("features.window_value_by_name").where(OF_DATE)
    values = {
        (row["enterprise_id"], row["feature"]): row["feature_value"]
        for row in by_name.where("feature_value is not null").collect()
    }
    features = {feature for _, feature in values}
    rules = {rule.name: rule for rule in load_rules(judged.catalog).effective(AS_OF)}
    firings = spark.table("rules.firing").where(OF_DATE).collect()
    assert firings
    for row in firings:
        expected = {
            name: values[row["enterprise_id"], name]
            for name in inputs_of(rules[row["rule"]].condition)
            if (row["enterprise_id"], name) in values
        }
        kept = row["input_values"]
        # Scores and figures of consistency are kept too, where there are any of the date.
        assert kept.keys() <= set(inputs_of(rules[row["rule"]].condition))
        assert {name: kept[name] for name in kept.keys() & features} == pytest.approx(expected)
        assert "{" not in row["reason_en"] + row["reason_zh"]


def test_the_gate_lets_the_firings_pass(judged: JobContext, run: RunJob) -> None:
    result = run("gate_rules", AS_OF)
    assert result.rows_in > 0
    assert result.notes == ()


def test_a_rerun_leaves_the_same_firings(judged: JobContext, run: RunJob) -> None:
    firings = judged.spark.table("rules.firing").where(OF_DATE)
    before = sorted(map(str, firings.collect()))
    version = judged.spark.sql("describe history rules.rule limit 1").collect()[0]["version"]
    run("rules", AS_OF)
    assert sorted(map(str, firings.collect())) == before
    after = judged.spark.sql("describe history rules.rule limit 1").collect()[0]["version"]
    assert after == version  # Rules that have not changed are not written again.


def test_a_case_is_replayed_as_it_was_judged(
    judged: JobContext, capsys: pytest.CaptureFixture[str]
) -> None:
    firing = judged.spark.table("rules.firing").where(OF_DATE).first()
    enterprise = firing["enterprise_id"]
    of_case = f"{OF_DATE} and enterprise_id = {sql_literal(enterprise)}"
    fired = judged.spark.table("rules.firing").where(of_case).count()
    print_replay(judged.settings, enterprise, AS_OF)
    then, now = [line for line in capsys.readouterr().out.splitlines() if ": " in line][:2]
    assert f"{fired} fired" in then
    assert then.removeprefix("then") == now.removeprefix("now")
    rule = next(one for one in load_rules(judged.catalog).rules if one.name == firing["rule"])
    print_history(judged.settings, rule, AS_OF, enterprise)
    assert "fired" in capsys.readouterr().out
