"""The report of one enterprise as of a date."""

from __future__ import annotations

from datetime import datetime

from loomline.errors import LoomlineError
from reports.answers import Lake
from reports.enterprise import headline, standing
from reports.enterprise.facts import Facts
from reports.files import file_name
from reports.kinds import plain_text
from reports.parts import Words
from reports.report import Report
from reports.sources import sources_section
from reports.trades import TradeNames

TITLE = Words("Enterprise report", "企业报告")


def build_report(lake: Lake, generated_at: datetime, names: TradeNames) -> Report:
    """Read what the lake says of `:enterprise_id` and put its report together.

    Raises:
        LoomlineError: no mart of the date knows the enterprise.
    """
    enterprise, facts = str(lake.parameters["enterprise_id"]), Facts(lake)
    if not facts.now(facts.profile):
        raise LoomlineError(
            f"{plain_text(enterprise)} is no enterprise of the marts as of {lake.as_of_date}.",
            f'`loomline sql "select enterprise_id from marts.enterprise_profiles '
            f"where as_of_date = date'{lake.as_of_date}'\"` lists them.",
        )
    spelled = [row["party_name"] for row in facts.codes.rows if row["party_name"]]
    name = facts.merged_now["enterprise_name"] or (spelled[0] if spelled else "")
    sections = (
        headline.what_changed(facts, names),
        headline.who(facts),
        standing.reasons(facts),
        standing.warnings(facts),
        standing.dimensions(facts),
        standing.trust(lake),
        sources_section(lake),
    )
    return Report(
        TITLE,
        plain_text(f"{enterprise} {name}".strip()),
        file_name(enterprise),
        lake.as_of_date,
        generated_at,
        sections,
    )
