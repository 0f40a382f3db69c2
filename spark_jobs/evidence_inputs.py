"""Reads what evidence is counted on: outcomes as they were known, rules, and their firings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession

from loomline.errors import LoomlineError
from loomline.evidence.history import Booleans, Dates, Firings, History, Scope
from loomline.identity import OWN_CODE
from loomline.job import JobContext
from loomline.lake import create_tables, known_condition, sql_literal, table_exists
from spark_jobs.known_enterprises import known_trades

VALUES, LINK, PARTY = "features.window_value", "silver.enterprise_link", "silver.party"
FIRING, RULE, COUNT = "rules.firing", "rules.rule", "rules.verdict_count"
OUTCOME, RECORD = "silver.credit_outcome", "silver.credit_record"
DAYS = "datetime64[D]"

# Firms of which the lake would know a default: borrowers by loan events, and those with a record.
OUTCOMES = f"""
with links as (
    select code_system, party_code as enterprise_code, enterprise_id
    from {LINK}
    where {OWN_CODE} and {{known}}
),

told as (
    select links.enterprise_id, outcomes.default_date
    from {OUTCOME} as outcomes
    inner join links using (code_system, enterprise_code)
    where {{outcome_known}}
    union all
    select
        enterprise_id,
        if(is_default, to_date(from_utc_timestamp(event_at, '{{zone}}')), null) as default_date
    from {RECORD}
    where {{known}}
)

select enterprise_id, min(default_date) as default_date
from told
group by enterprise_id
"""


# A version that was applied on a date has a count, though it fired for nobody.
VERSIONS = f"""
with applied as (
    select rule, rule_version, collect_set(as_of_date) as dates, sum(cannot_say) as cannot_say
    from {COUNT}
    where as_of_date in ({{dates}})
    group by rule, rule_version
)

select
    rule,
    rule_version,
    rules.effective_from <= {{as_of}} and coalesce(rules.effective_to > {{as_of}}, true) as stands,
    rules.source_kind = 'regulation' as is_regulation,
    rules.trades,
    applied.dates,
    coalesce(applied.cannot_say, 0) as cannot_say
from {RULE} as rules
left join applied using (rule, rule_version)
where applied.dates is not null or (
    rules.effective_from <= {{as_of}} and coalesce(rules.effective_to > {{as_of}}, true)
)
order by rule, rule_version
"""


@dataclass(frozen=True)
class RuleVersion:
    """A version of a rule and what it was applied to.

    `stands` says whether it holds on the as-of date; `trades` are those that it is for, all if
    none; `cannot_say_count` are the enterprise-dates on which a value that it needs was missing.
    """

    rule: str
    version: int
    stands: bool
    is_regulation: bool
    trades: tuple[str, ...]
    applied_on: frozenset[date]
    cannot_say_count: int


def _month_ends(context: JobContext) -> list[date]:
    """The month ends up to the as-of date as of which rules were run.

    Raises:
        LoomlineError: there is none.
    """
    if table_exists(context.spark, COUNT):
        rows = context.spark.sql(
            f"select distinct as_of_date from {COUNT} "
            f"where as_of_date = last_day(as_of_date) "
            f"and as_of_date <= {sql_literal(context.as_of_date)} order by as_of_date"
        ).collect()
        if rows:
            return [row["as_of_date"] for row in rows]
    raise LoomlineError(
        f"No rules were run as of a month end up to {context.as_of_date}.",
        "Run `loomline backfill window_features rules` over past months first.",
    )


def read_history(context: JobContext) -> History:
    """All enterprises on the month ends on which rules were run, and what became of them by then.

    Raises:
        LoomlineError: rules were run on none.
    """
    spark, dates = context.spark, _month_ends(context)
    create_tables(spark, context.catalog, (OUTCOME, RECORD, LINK, PARTY))
    looked = (
        spark.table(VALUES)
        .where(f"as_of_date in ({', '.join(map(sql_literal, dates))})")
        .select("enterprise_id", "as_of_date")
        .toPandas()
    )
    end = context.as_of_end
    outcomes = spark.sql(
        OUTCOMES.format(
            known=known_condition(end),
            outcome_known=known_condition(end, "outcomes"),
            zone=context.settings.time_zone,
        )
    ).toPandas()
    enterprise_ids = sorted(looked.enterprise_id.unique())
    as_of_dates: Dates = np.array(dates, dtype=DAYS)
    evaluated: Booleans = np.zeros((len(enterprise_ids), len(dates)), dtype=bool)
    places = pd.Index(enterprise_ids)
    evaluated[
        places.get_indexer(looked.enterprise_id),
        np.searchsorted(as_of_dates, looked.as_of_date.to_numpy().astype(DAYS)),
    ] = True
    known = outcomes[outcomes.enterprise_id.isin(places)]
    at = places.get_indexer(known.enterprise_id)
    has_outcome: Booleans = np.zeros(len(enterprise_ids), dtype=bool)
    has_outcome[at] = True
    default_dates: Dates = np.full(len(enterprise_ids), np.datetime64("NaT"), dtype=DAYS)
    default_dates[at] = pd.to_datetime(known.default_date).to_numpy().astype(DAYS)
    trades = known_trades(context)
    return History(
        enterprise_ids,
        [trades.get(one, "") for one in enterprise_ids],
        as_of_dates,
        evaluated,
        has_outcome,
        default_dates,
        np.datetime64(context.as_of_date),
    )


def read_rules(context: JobContext, history: History) -> list[RuleVersion]:
    """The versions of rules that hold on the as-of date or were applied to a date of history."""
    dates = ", ".join(map(sql_literal, history.as_of_dates.tolist()))
    rows = context.spark.sql(
        VERSIONS.format(dates=dates, as_of=sql_literal(context.as_of_date))
    ).collect()
    return [
        RuleVersion(
            *(row["rule"], row["rule_version"], row["stands"], row["is_regulation"]),
            *(tuple(row["trades"]), frozenset(row["dates"] or ()), row["cannot_say"]),
        )
        for row in rows
    ]


def _places(spark: SparkSession, columns: dict[str, Sequence[object]], place: str) -> DataFrame:
    frame = pd.DataFrame(columns)
    return spark.createDataFrame(frame.assign(**{place: np.arange(len(frame), dtype=np.int32)}))


def read_firings(context: JobContext, history: History, versions: Sequence[RuleVersion]) -> Firings:
    """What the rules fired on, in positions of the versions, enterprises and dates."""
    spark = context.spark
    rules = _places(
        spark,
        {"rule": [x.rule for x in versions], "rule_version": [x.version for x in versions]},
        "rule_place",
    )
    enterprises = _places(
        spark, {"enterprise_id": list(history.enterprise_ids)}, "enterprise_place"
    )
    dates = _places(spark, {"as_of_date": history.as_of_dates.tolist()}, "date_place")
    # Numbers alone leave the engine: names would be many times as large.
    found = (
        spark.table(FIRING)
        .join(rules.hint("broadcast"), ["rule", "rule_version"])
        .join(enterprises.hint("broadcast"), "enterprise_id")
        .join(dates.hint("broadcast"), "as_of_date")
        .select("rule_place", "enterprise_place", "date_place")
        .toArrow()
    )
    rule, enterprise, day = (
        column.to_numpy().astype(np.int64)
        for column in (found["rule_place"], found["enterprise_place"], found["date_place"])
    )
    trades = np.array(history.trades, dtype=str)
    in_force = [[day in one.applied_on for day in history.as_of_dates.tolist()] for one in versions]
    applies = [
        np.isin(trades, one.trades) if one.trades else np.ones(len(trades), dtype=bool)
        for one in versions
    ]
    scope = Scope(np.array(in_force, dtype=bool), np.array(applies, dtype=bool))
    return Firings(scope, rule, enterprise, day)
