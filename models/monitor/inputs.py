"""Reads what the monitoring looks at: scores, features, outcomes as known by then, and figures.

Every question to the engine takes a third of a second, so each table is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from loomline.identity import OWN_CODE
from loomline.job import JobContext
from loomline.lake import create_tables, in_condition, known_condition, sql_literal
from models.monitor.maturing import ScoredDate
from models.specification import MODEL_NAME, PRODUCTION_FEATURE_SET
from models.training_set import CREDIT_RECORDS, FEATURES, NAMES

SCORES, SHADOW, METRICS = "scores.credit_score", "scores.shadow_score", "scores.model_metric"
OUTCOME, LINK = "silver.credit_outcome", "silver.enterprise_link"

# Firms of which a default would be known: with a record of a bank, or with a loan at one that
# reports its events. The day of a default is the first that either tells.
OUTCOMES = f"""
select enterprise_id, min(default_date) as default_date
from (
    select
        enterprise_id,
        case when is_default then to_date(from_utc_timestamp(event_at, '{{zone}}')) end
            as default_date
    from {CREDIT_RECORDS}
    where {{known}}
    union all
    select link.enterprise_id, borrower.default_date
    from {OUTCOME} as borrower
    inner join {LINK} as link
    on link.code_system = borrower.code_system and link.party_code = borrower.enterprise_code
    where {{borrower_known}} and {{link_known}} and {OWN_CODE}
)
group by enterprise_id
"""


def read_scores(context: JobContext) -> pd.DataFrame:
    """The champion's scores of the as-of date: enterprise_id, pd_ratio, versions."""
    return (
        context.spark.table(SCORES)
        .where(f"as_of_date = {sql_literal(context.as_of_date)}")
        .where(f"model_name = {sql_literal(MODEL_NAME)}")
        .select("enterprise_id", "pd_ratio", "model_version", "feature_version")
        .toPandas()
        # Sums of the same numbers in another order differ in their last digit.
        .sort_values("enterprise_id", ignore_index=True)
    )


def read_scored_dates(context: JobContext) -> list[ScoredDate]:
    """The dates up to the as-of date that were scored, with the version that did."""
    rows = context.spark.sql(
        f"select distinct as_of_date, model_version from {SCORES} "
        f"where as_of_date <= {sql_literal(context.as_of_date)} "
        f"and model_name = {sql_literal(MODEL_NAME)}"
    ).collect()
    return [ScoredDate(row["as_of_date"], row["model_version"]) for row in rows]


def read_scores_of(context: JobContext, scored: ScoredDate) -> pd.DataFrame:
    """enterprise_id and pd_ratio of an earlier date."""
    return (
        context.spark.table(SCORES)
        .where(f"as_of_date = {sql_literal(scored.as_of_date)}")
        .where(f"model_version = {sql_literal(scored.model_version)}")
        .where(f"model_name = {sql_literal(MODEL_NAME)}")
        .select("enterprise_id", "pd_ratio")
        .toPandas()
    )


def read_shadow(context: JobContext, dates: Sequence[date]) -> pd.DataFrame:
    """The challenger's scores of dates: as_of_date, enterprise_id, pd_ratio, model_version."""
    listed = ", ".join(map(sql_literal, dates))
    return (
        context.spark.table(SHADOW)
        .where(f"as_of_date in ({listed})")
        .select("as_of_date", "enterprise_id", "pd_ratio", "model_version")
        .toPandas()
    )


def read_outcomes(context: JobContext) -> pd.DataFrame:
    """enterprise_id and default_date, missing without default, as known by the as-of date."""
    create_tables(context.spark, context.catalog, (CREDIT_RECORDS, OUTCOME, LINK))
    end = context.as_of_end
    return context.spark.sql(
        OUTCOMES.format(
            known=known_condition(end),
            borrower_known=known_condition(end, "borrower"),
            link_known=known_condition(end, "link"),
            zone=context.settings.time_zone,
        )
    ).toPandas()


def read_validated_areas(context: JobContext, versions: Sequence[str]) -> dict[str, float]:
    """The area under the ROC curve of each version's own validation, as it is registered."""
    rows = context.spark.sql(
        f"select model_version, estimate from {METRICS} "
        f"where model_name = {sql_literal(MODEL_NAME)} "
        f"and {in_condition('model_version', versions)} "
        f"and metric = 'auc' and estimator = 'scorecard' "
        f"and feature_set = {sql_literal(PRODUCTION_FEATURE_SET)}"
    ).collect()
    return {row["model_version"]: row["estimate"] for row in rows}


@dataclass(frozen=True, eq=False)
class CardFeatures:
    """The features of a card on some dates, and what each is called in English and Chinese.

    `values` is (enterprises and dates, features), with the column as_of_date before them.
    """

    values: pd.DataFrame
    described: dict[str, tuple[str, str]]

    def of(self, day: date) -> pd.DataFrame:
        """Those of a date, (enterprises, features); empty where there are none."""
        return self.values[self.values.as_of_date == day].drop(columns="as_of_date")


def read_card_features(
    context: JobContext, feature_version: str, wanted: Sequence[str], dates: Sequence[date]
) -> CardFeatures:
    """Those features of all enterprises on those dates; a vector has many that no card reads."""
    version = f"feature_version = {sql_literal(feature_version)}"
    names = context.spark.table(NAMES).where(version).collect()
    listed = {row["feature"]: row for row in names}
    columns = [f"feature_values[{listed[name]['position']}] as `{name}`" for name in wanted]
    days = ", ".join(map(sql_literal, dates))
    frame = context.spark.table(FEATURES).where(f"{version} and as_of_date in ({days})")
    values = frame.selectExpr("as_of_date", *columns).toPandas()
    described = {
        name: (listed[name]["description_en"], listed[name]["description_zh"]) for name in wanted
    }
    return CardFeatures(values, described)
