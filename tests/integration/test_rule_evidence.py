"""The job `rule_evidence` on the sample with planted firings, against a walk through the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from pyspark.sql import Row, SparkSession

from loomline.commands.rule_evidence import evidence as print_evidence
from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import (
    append_rows,
    create_tables,
    in_condition,
    known_condition,
    remove_rows,
    rows_frame,
)
from loomline.tables import table_declaration
from spark_jobs.evidence_inputs import COUNT, FIRING, RULE
from spark_jobs.rule_evidence import EVIDENCE
from spark_jobs.rule_proposals import PROPOSAL
from tests.integration.conftest import AS_OF_DATE, RunJob
from tests.unit import slow_evidence as slow
from tests.unit.slow_evidence import Firm, Rule

# No other module writes features of the families for these, or evidence for any date.
DAYS = [date(2018, 12, 31), date(2019, 1, 31)]
EARLY = date(2019, 8, 31)
PLANTED = ("planted_telling", "planted_telling_less", "planted_idle", "planted_silent")


def _defaults(context: JobContext) -> dict[str, date | None]:
    """The first default that was known of each enterprise with a credit record."""
    rows = context.spark.sql(
        "select enterprise_id, is_default, from_utc_timestamp(event_at, 'Asia/Shanghai') as at "
        f"from silver.credit_record where {known_condition(context.as_of_end)}"
    ).collect()
    found: dict[str, date | None] = {}
    for row in rows:
        days = [found.get(row["enterprise_id"]), row["at"].date() if row["is_default"] else None]
        found[row["enterprise_id"]] = min((day for day in days if day), default=None)
    return found


def _plant(
    spark: SparkSession, context: JobContext, name: str, rows: list[dict[str, object]]
) -> None:
    columns = table_declaration(context.catalog, name).columns
    values = [tuple(row.get(column) for column in columns) for row in rows]
    append_rows(rows_frame(spark, context.catalog, name, values), name)


def _rule(name: str) -> dict[str, object]:
    texts = (
        *("name_en", "name_zh", "decision_table", "domain", "owner", "condition", "subject"),
        *("source_document", "source_says", "reason_en", "reason_zh"),
    )
    return dict.fromkeys(texts, "planted") | {
        "rule": name,
        "rule_version": 1,
        "effective_from": date(2010, 1, 1),
        "when_missing": "cannot_say",
        "severity": "low",
        "action": "info",
        "products": ["working_capital"],
        "trades": [],
        "source_kind": "policy",
    }


@pytest.fixture(scope="module")
def judged(lake: JobContext, run: RunJob) -> Iterator[JobContext]:
    """The shared lake with planted rules, of which one knows who defaults, and their evidence."""
    spark, defaults = lake.spark, _defaults(lake)
    run("daily_state")
    for day in DAYS:
        run("window_features", day)
    create_tables(spark, lake.catalog, (RULE, FIRING, COUNT))
    firms = sorted(defaults)
    bad = [firm for firm in firms if defaults[firm] is not None]
    fired = {
        "planted_telling": [*bad[2:], *firms[:20]],
        "planted_telling_less": [*bad[2:9], *firms[:20]],
        "planted_idle": firms[::3],
        "planted_silent": [],
    }
    common = {"rule_version": 1, "severity": "low", "action": "info", "input_values": {}}
    _plant(spark, lake, RULE, [_rule(name) for name in PLANTED])
    _plant(
        spark,
        lake,
        FIRING,
        [
            common
            | {"as_of_date": day, "enterprise_id": firm, "rule": name}
            | {"reason_en": "planted", "reason_zh": "planted"}
            for name, some in fired.items()
            for day in DAYS
            for firm in sorted(set(some))
        ],
    )
    counts = {"rule_version": 1, "fired": 0, "not_fired": 0, "cannot_say": 3}
    _plant(
        spark,
        lake,
        COUNT,
        [counts | {"as_of_date": x, "rule": name} for name in PLANTED for x in DAYS],
    )
    for day in (AS_OF_DATE, EARLY):
        run("rule_evidence", day)
    yield lake
    for name in (RULE, FIRING, COUNT):
        remove_rows(spark, name, in_condition("rule", PLANTED))


def _world(context: JobContext) -> tuple[list[str], list[Firm], dict[str, Rule]]:
    """Firms and planted rules by the tables, on all month ends on which rules were run."""
    spark, defaults = context.spark, _defaults(context)
    rows = spark.sql(
        f"select distinct rule, as_of_date from {COUNT} "
        f"where as_of_date <= date'{context.as_of_date}'"
    ).collect()
    applied = [(row[0], row[1]) for row in rows if _is_month_end(row[1])]
    days = {day for _, day in applied}
    looked: dict[str, set[date]] = {}
    for row in spark.table("features.window_value").select("enterprise_id", "as_of_date").collect():
        if row[1] in days:
            looked.setdefault(row[0], set()).add(row[1])
    names = sorted(looked)
    firms = [
        Firm("", name in defaults, frozenset(looked[name]), defaults.get(name)) for name in names
    ]
    place_of = {name: place for place, name in enumerate(names)}
    fired = [
        (row["rule"], place_of[row["enterprise_id"]], row["as_of_date"])
        for row in spark.table(FIRING).where("rule like 'planted_%'").collect()
        if row["enterprise_id"] in place_of
    ]
    rules = {
        name: Rule(
            frozenset(day for rule, day in applied if rule == name),
            frozenset(),
            frozenset((firm, day) for rule, firm, day in fired if rule == name),
        )
        for name in PLANTED
    }
    return names, firms, rules


def _is_month_end(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).day == 1


def _found(context: JobContext) -> dict[str, Row]:
    of_date = f"as_of_date = date'{context.as_of_date}' and rule like 'planted_%'"
    return {row["rule"]: row for row in context.spark.table(EVIDENCE).where(of_date).collect()}


@pytest.mark.parametrize("as_of", [AS_OF_DATE, EARLY])
def test_every_figure_of_the_table_is_that_of_a_walk_through_the_tables(
    judged: JobContext, as_of: date
) -> None:
    context = JobContext(judged.settings, as_of)
    _, firms, rules = _world(context)
    found = _found(context)
    assert found.keys() == set(PLANTED)
    every = sorted({day for firm in firms for day in firm.evaluated})
    for name, rule in rules.items():
        right = (
            slow.hit_figures(rule, firms)
            | slow.lift_figures(slow.cells_of(rule, firms, as_of), every)
            | slow.warning_figures(rule, firms, as_of)
            | slow.stability_figures(rule, firms, every, as_of)
        )
        row = found[name].asDict()
        for figure, value in right.items():
            if figure in row and not figure.startswith("trade_"):
                shown = float("nan") if row[figure] is None else row[figure]
                assert shown == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True), (
                    name,
                    figure,
                )
        assert row["cannot_say_count"] == 6


def test_the_rule_that_knows_has_evidence_and_the_others_have_not(judged: JobContext) -> None:
    found = _found(judged)
    assert found["planted_telling"]["verdict"] == "has_evidence"
    assert found["planted_telling"]["method"] == "one_date"
    assert found["planted_idle"]["verdict"] == "none"
    assert found["planted_silent"]["verdict"] == "too_few"
    assert found["planted_telling"]["alike_rule"] == "planted_telling_less"


def test_a_rule_that_a_better_one_covers_is_proposed_to_retire(judged: JobContext) -> None:
    rows = judged.spark.table(PROPOSAL).where(f"as_of_date = date'{AS_OF_DATE}'").collect()
    said = {row["subject"]: row for row in rows if row["subject"] in PLANTED}
    assert said["planted_telling_less"]["reason"] == "covered"
    assert said["planted_telling_less"]["better_rule"] == "planted_telling"
    assert "planted_telling" not in said


def test_outcomes_that_were_not_known_then_are_not_counted(judged: JobContext) -> None:
    early = _found(JobContext(judged.settings, EARLY))["planted_telling"]
    late = _found(judged)["planted_telling"]
    # No window had closed by then, but some had defaulted.
    assert (early["observed_count"], early["lift"], early["verdict"]) == (0, None, "too_few")
    assert 0 < early["defaulted_enterprise_count"] < late["defaulted_enterprise_count"]


def test_a_rerun_leaves_the_same_rows(judged: JobContext, run: RunJob) -> None:
    def rows() -> list[str]:
        tables = (judged.spark.table(name).collect() for name in (EVIDENCE, PROPOSAL))
        return sorted(str(row) for some in tables for row in some)

    before = rows()
    run("rule_evidence")
    assert rows() == before


def test_the_gate_lets_the_evidence_pass_and_stops_a_verdict_that_is_not_its_figures(
    judged: JobContext, run: RunJob
) -> None:
    assert run("gate_evidence").rows_in > 0
    judged.spark.sql(
        f"update {EVIDENCE} set verdict = 'has_evidence' "
        f"where as_of_date = date'{AS_OF_DATE}' and rule = 'planted_idle'"
    )
    with pytest.raises(LoomlineError, match="A verdict says what the figures say"):
        run("gate_evidence")
    run("rule_evidence")
    run("gate_evidence")


def test_a_date_before_any_rules_were_run_has_no_evidence(judged: JobContext, run: RunJob) -> None:
    with pytest.raises(LoomlineError, match="No rules were run as of a month end"):
        run("rule_evidence", date(2011, 1, 31))


def test_the_command_tells_all_rules_and_one(
    judged: JobContext, capsys: pytest.CaptureFixture[str]
) -> None:
    as_of = datetime(2020, 2, 29)
    print_evidence(as_of, None, 1000)
    print_evidence(as_of, "planted_telling_less", 1)
    said = capsys.readouterr().out
    assert "1 has_evidence" in said
    assert "Proposed: retire. Nearly always when it fires, planted_telling fires too" in said
    with pytest.raises(LoomlineError, match="no evidence of a rule 'moon'"):
        print_evidence(as_of, "moon", 1)
