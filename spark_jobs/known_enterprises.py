"""What was known of enterprises at a date: their trades."""

from __future__ import annotations

from loomline.job import JobContext
from loomline.lake import known_condition

LINK, PARTY = "silver.enterprise_link", "silver.party"
DIVISION_DIGITS = 2

TRADES = f"""
select links.enterprise_id, min(party.industry_code) as trade
from {PARTY} as party
inner join {LINK} as links
    using (code_system, owner_code, party_role, party_code)
where party.industry_code is not null and {{party_known}} and {{link_known}}
group by links.enterprise_id
"""


def known_trades(context: JobContext) -> dict[str, str]:
    """The trades known by the end of the as-of date: two digits, the division of GB/T 4754."""
    end = context.as_of_end
    rows = context.spark.sql(
        TRADES.format(
            party_known=known_condition(end, "party"), link_known=known_condition(end, "links")
        )
    ).collect()
    return {row["enterprise_id"]: row["trade"][:DIVISION_DIGITS] for row in rows}
