"""What do the real invoices say of the rules that apply to them?

Run from the repository, in a home of its own:
LOOMLINE_HOME=FOLDER python bench/rule_evidence_real.py --data DATA. It lands the invoices and
credit records of `sme_invoices`, runs the rules as of one date, and prints the evidence for each
rule that can say anything there. A home that has run it needs no --data.

The set has no dates of defaults: its outcomes are the state as of the end of 2020-02-29. The year
after the one date, 2019-02-28, ends on that very day, so that a firm counts as defaulted within
the window if the set says that it defaulted at all, be it before or in it. Days ahead mean nothing
here, and some firms may have been in default already when the rules fired.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pyspark.sql import Row

from loomline.commands.rule_evidence import interval, number
from loomline.engine.session import open_session
from loomline.evidence.vocabulary import VERDICTS
from loomline.runner import run_job
from loomline.settings import load_settings

FIRED_ON, KNOWN_ON = date(2019, 2, 28), date(2020, 2, 29)
SOURCES = (
    *("credit_sales_invoices", "credit_purchase_invoices", "enterprise_credit_ratings"),
    *("nocredit_sales_invoices", "nocredit_purchase_invoices"),
)
LAKE_JOBS = ("land", "conform", "enterprise", "identity", "daily_state")
HEAD = (
    *("rule", "hit rate", "fired", "of them defaulted", "base rate", "lift [95 %]"),
    *("p", "q", "verdict"),
)


def in_one_line(row: Row) -> tuple[str, ...]:
    """The figures of a rule, in the order of `HEAD`."""
    return (
        *(f"`{row['rule']}`", number(row["hit_ratio"], ".1%")),
        f"{row['observed_fired_count']} of {row['observed_count']}",
        f"{row['caught_count']} of {row['observed_default_count']}",
        *(number(row["base_ratio"], ".1%"), interval(row, "lift")),
        *(number(row["p_value"], ".2g"), number(row["q_value"], ".2g"), row["verdict"]),
    )


def report(rows: list[Row], proposals: list[Row]) -> None:
    """Print how many rules apply, a row for each of them, and what is proposed."""
    applying = [row for row in rows if row["cannot_say_count"] < row["evaluated_count"]]
    counts = Counter(row["verdict"] for row in applying)
    said = ", ".join(f"{counts[one]} {one}" for one in VERDICTS)
    tested = [row for row in applying if row["q_value"] is not None]
    small = sum(row["p_value"] <= 0.05 for row in tested)
    print(f"{len(rows)} rules, {len(applying)} can say something of these firms: {said}.")
    print(
        f"{len(tested)} could be found at all; {small} of them have p up to 0.05, where "
        f"{0.05 * len(tested):.0f} would if none told anything.\n"
    )
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    for row in sorted(applying, key=lambda row: (row["p_value"], row["rule"])):
        print(f"| {' | '.join(in_one_line(row))} |")
    print(f"\n{len(proposals)} proposals")
    for row in proposals:
        print(f"- {row['proposal']} `{row['subject']}`: {row['says_en']}")


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the real data, to be landed first.")
    ] = None,
) -> None:
    """Bring the set in if asked to, run the rules and their evidence, print."""
    settings = load_settings().taking(SOURCES)
    if data is not None:
        for job in LAKE_JOBS:
            run_job(job, KNOWN_ON, data if job == "land" else None, settings)
    for job in ("window_features", "rules"):
        run_job(job, FIRED_ON, None, settings)
    for job in ("rule_evidence", "gate_evidence"):
        run_job(job, KNOWN_ON, None, settings)
    spark, of_date = open_session(settings), f"as_of_date = date'{KNOWN_ON}'"
    report(
        spark.table("rules.rule_evidence").where(of_date).collect(),
        spark.table("rules.rule_proposal").where(of_date).orderBy("proposal", "subject").collect(),
    )


if __name__ == "__main__":
    typer.run(main)
