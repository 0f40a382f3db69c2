"""What rules found as of a date: how often one fired, and what all of them say of a past case."""

from __future__ import annotations

from collections import Counter
from datetime import date

from pyspark.sql import SparkSession

from loomline.commands.shown import print_table
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.lake import known_condition, sql_literal, table_exists
from loomline.rules.catalogue import load_rules
from loomline.rules.model import Rule
from loomline.rules.replay import Case, replay
from loomline.rules.stored import rule_of
from loomline.rules.tree import inputs_of
from loomline.settings import Settings

RULE, FIRING, COUNT = "rules.rule", "rules.firing", "rules.verdict_count"
VALUES, SCORES = "features.window_value_by_name", "scores.credit_score"
TRADE = """
select min(party.industry_code) as trade
from silver.party as party
inner join silver.enterprise_link as links
    using (code_system, owner_code, party_role, party_code)
where
    links.enterprise_id = {enterprise}
    and party.industry_code is not null
    and {party_known}
    and {link_known}
"""


def _session(settings: Settings, as_of: date) -> SparkSession:
    """A session of the engine.

    Raises:
        LoomlineError: no rules were run for the date.
    """
    ensure_engine(settings)
    spark = open_session(settings)
    of_date = f"as_of_date = {sql_literal(as_of)}"
    if not table_exists(spark, COUNT) or spark.table(COUNT).where(of_date).isEmpty():
        raise LoomlineError(
            f"No rules were run for {as_of}.", f"Run `loomline run rules --date {as_of}`."
        )
    return spark


def _case(settings: Settings, spark: SparkSession, enterprise: str, as_of: date) -> Case:
    """What was known of an enterprise.

    Raises:
        LoomlineError: it has no features as of the date.
    """
    of_case = f"as_of_date = {sql_literal(as_of)} and enterprise_id = {sql_literal(enterprise)}"
    rows = spark.table(VALUES).where(of_case).select("feature", "feature_value").collect()
    if not rows:
        raise LoomlineError(f"{enterprise} has no features as of {as_of}.")
    values = {row[0]: row[1] for row in rows if row[1] is not None}
    if table_exists(spark, SCORES):
        scored = "double(pd_ratio) as default_probability", "double(score) as credit_score"
        for row in spark.table(SCORES).where(of_case).selectExpr(*scored).collect():
            values |= row.asDict()
    end = settings.as_of_end(as_of)
    query = TRADE.format(
        enterprise=sql_literal(enterprise),
        party_known=known_condition(end, "party"),
        link_known=known_condition(end, "links"),
    )
    trade = spark.sql(query).collect()[0]["trade"] or ""
    return Case(enterprise, as_of, trade[:2], values)


def print_history(settings: Settings, rule: Rule, as_of: date, enterprise: str | None) -> None:
    """Print how often a rule fired as of a date, and what an enterprise had."""
    spark = _session(settings, as_of)
    of_rule = f"as_of_date = {sql_literal(as_of)} and rule = {sql_literal(rule.name)}"
    counts = spark.table(COUNT).where(of_rule).collect()
    rows: list[tuple[str, object]] = [
        (
            f"version {row['rule_version']}",
            f"{row['fired']:,} fired, {row['not_fired']:,} did not, "
            f"{row['cannot_say']:,} cannot be said",
        )
        for row in counts
    ]
    if enterprise is not None:
        case = _case(settings, spark, enterprise, as_of)
        rows += [
            (one, f"{case.values[one]:,.6g}" if one in case.values else "missing")
            for one in inputs_of(rule.condition)
        ]
        of_case = f"{of_rule} and enterprise_id = {sql_literal(enterprise)}"
        for row in spark.table(FIRING).where(of_case).collect():
            rows.append(("fired", f"{row['reason_en']}\n{row['reason_zh']}"))
    print_table((f"as of {as_of}", enterprise or "all enterprises"), rows)


def print_replay(settings: Settings, enterprise: str, as_of: date) -> None:
    """Print what differs between the rules of a day and today's, on the values of the day."""
    spark = _session(settings, as_of)
    case = _case(settings, spark, enterprise, as_of)
    stored = spark.sql(
        f"select rules.* from {RULE} as rules inner join {COUNT} as counts "
        "using (rule, rule_version) "
        f"where counts.as_of_date = {sql_literal(as_of)}"
    ).collect()
    then = [rule_of(row.asDict()) for row in stored]
    now = load_rules(settings.catalog).effective(date.today())
    found = replay(then, now, case)
    for moment, outcomes in (
        ("then", Counter(one.then for one in found)),
        ("now", Counter(one.now for one in found)),
    ):
        print(f"{moment}: {', '.join(f'{outcomes[one]:,} {one}' for one in sorted(outcomes))}")
    fired = [
        (one.rule, one.then, one.action_then, one.now, one.action_now)
        for one in found
        if "fired" in (one.then, one.now) or one.differs
    ]
    head = ("rule", f"rules of {as_of}", "action", "rules of today", "action")
    print_table(head, sorted(fired, key=lambda row: row[1:3] == row[3:5]), "fired, or differs")
