"""Reads firm-dates from the lake: covariates as of past dates, outcomes, and who trades with whom.

Covariates are as they were known on each as-of date. Outcomes carry the day on which they were
known, and chains only say who is held out together; both may be of later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from loomline.errors import LoomlineError
from loomline.identity import OWN_CODE
from loomline.job import JobContext
from loomline.lake import in_condition, known_condition, sql_literal, table_exists
from models.borrower_outcomes import LINK, OUTCOME, read_borrower_outcomes
from models.early_warning.chains import Chains, find_chains

VALUES, NAMES = "features.window_value", "features.window_feature"
RELATION = "silver.trade_relation"
# A unified social credit code; no other system's codes have as many characters.
CREDIT_CODE_LENGTH = 18

MONTH_ENDS = f"""
select distinct as_of_date, families_version
from {VALUES}
where as_of_date = last_day(as_of_date) and as_of_date <= {{as_of}}
order by as_of_date
"""

# Both sides may have the invoices of a sale: it counts as what the larger of them says.
SALES = f"""
with codes as (
    select party_code as code, min(enterprise_id) as enterprise_id
    from {LINK}
    where {OWN_CODE} and length(party_code) = {CREDIT_CODE_LENGTH} and {{links_known}}
    group by party_code
),

traded as (
    select
        relations.partner_role,
        coalesce(own.enterprise_id, relations.enterprise_code) as enterprise_id,
        coalesce(partner.enterprise_id, relations.partner_code) as partner_id,
        sum(relations.amount) as amount
    from {RELATION} as relations
    left join codes as own on relations.enterprise_code = own.code
    left join codes as partner on relations.partner_code = partner.code
    where relations.evidence = 'invoice' and {{relation_known}}
    group by 1, 2, 3
)

select
    if(partner_role = 'customer', enterprise_id, partner_id) as seller,
    if(partner_role = 'customer', partner_id, enterprise_id) as buyer,
    cast(max(amount) as double) as amount
from traded
group by 1, 2
"""


def _positions(
    context: JobContext, versions: Sequence[str], wanted: Sequence[str]
) -> dict[str, dict[str, int]]:
    """The place of each wanted feature in the vectors of each version.

    Raises:
        LoomlineError: a version lacks one.
    """
    rows = context.spark.sql(
        f"select families_version, feature, position from {context.relation(NAMES)} "
        f"where {in_condition('families_version', versions)} and {in_condition('feature', wanted)}"
    ).collect()
    found: dict[str, dict[str, int]] = {version: {} for version in versions}
    for row in rows:
        found[row["families_version"]][row["feature"]] = row["position"]
    for version, places in found.items():
        if missing := [name for name in wanted if name not in places]:
            raise LoomlineError(
                f"The vectors of version {version} have no {missing[0]}.",
                "Run `loomline backfill window_features` over their dates.",
            )
    return found


def month_ends(context: JobContext) -> dict[str, list[date]]:
    """The month ends up to the as-of date that have vectors, by the version of the vectors."""
    rows = context.spark.sql(MONTH_ENDS.format(as_of=sql_literal(context.as_of_date))).collect()
    dates_of: dict[str, list[date]] = {}
    for row in rows:
        dates_of.setdefault(row["families_version"], []).append(row["as_of_date"])
    return dates_of


def read_covariates(
    context: JobContext, wanted: Sequence[str], dates_of: Mapping[str, Sequence[date]]
) -> pd.DataFrame:
    """The wanted values of all enterprises on dates, by the version of their vectors.

    Raises:
        LoomlineError: there is no date, or a version lacks a covariate.
    """
    places = _positions(context, sorted(dates_of), wanted) if dates_of else {}
    parts = []
    for version, dates in dates_of.items():
        columns = [f"feature_values[{places[version][name]}] as {name}" for name in wanted]
        listed = ", ".join(map(sql_literal, dates))
        vectors = context.rows(VALUES).where(
            f"families_version = {sql_literal(version)} and as_of_date in ({listed})"
        )
        parts.append(vectors.selectExpr("as_of_date", "enterprise_id", *columns).toPandas())
    if not parts:
        raise LoomlineError(
            f"There are no vectors of a month end up to {context.as_of_date}.",
            "Run `loomline backfill window_features` over past months first.",
        )
    return pd.concat(parts, ignore_index=True)


def read_outcomes(context: JobContext) -> pd.DataFrame:
    """Of every borrower since when, and its distress, which is what its bank calls a default."""
    return read_borrower_outcomes(context).rename(
        columns={"default_date": "distress_date", "default_known_date": "distress_known_date"}
    )


def read_sales(context: JobContext) -> pd.DataFrame:
    """`seller`, `buyer` and `amount` in CNY by invoices, with enterprises by their own name."""
    end = context.as_of_end
    return context.spark.sql(
        SALES.format(
            links_known=known_condition(end), relation_known=known_condition(end, "relations")
        )
    ).toPandas()


def read_firm_dates(context: JobContext, wanted: Sequence[str]) -> tuple[pd.DataFrame, Chains]:
    """Borrowers on month ends up to the as-of date, as `firm_dates` takes them, and the chains.

    Raises:
        LoomlineError: a table is missing, no month end has vectors, or they lack a covariate.
    """
    for name in (VALUES, NAMES, LINK, OUTCOME, RELATION):
        if not table_exists(context.spark, name):
            raise LoomlineError(f"There is no table {name}.", "Run the daily jobs first.")
    values = read_covariates(context, wanted, month_ends(context))
    chains = find_chains(sorted(values.enterprise_id.unique()), read_sales(context))
    rows = values.merge(read_outcomes(context), on="enterprise_id", how="inner")
    rows["chain"] = rows.enterprise_id.map(chains.chain_of)
    rows["observed_until"] = context.as_of_date
    return rows, chains
