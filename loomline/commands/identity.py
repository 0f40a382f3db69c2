"""`loomline identity`: links that a person should look at."""

from __future__ import annotations

from typing import Annotated

import typer
import yaml
from pyspark.sql import Row
from pyspark.sql import functions as F

from loomline.commands.shown import console, print_table
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.identity import EVERYBODY, load_identity
from loomline.lake import table_exists
from loomline.settings import load_settings

app = typer.Typer(help="Who is who (catalog/identity.yml).", no_args_is_help=True)
QUESTION = "quality.identity_question"


def _decision(row: Row) -> str:
    """A line of `confirmed` or `rejected` to copy; who, when and why are left to the person."""
    entry = {"code_system": row["code_system"]}
    if row["owner_code"] != EVERYBODY:
        entry["owner_code"] = row["owner_code"]
    if row["party_role"] != "enterprise":
        entry["party_role"] = row["party_role"]
    entry |= {"party_code": row["party_code"], "enterprise_id": row["enterprise_id"]}
    text = yaml.safe_dump(
        entry, default_flow_style=True, allow_unicode=True, sort_keys=False, width=1000
    )
    return f"  - {text.strip()[:-1]}, decided_by: , decided_on: , reason: }}"


def _evidence(row: Row) -> str:
    return "\n".join(
        f"{item['comparison']}: {item['finding']} ({item['weight']:+.1f} bits)"
        for item in row["evidence"]
    )


@app.callback()
def identity() -> None:
    """Who is who (catalog/identity.yml)."""


@app.command()
def review(
    above: Annotated[
        float | None, typer.Option(help="From this probability on; else `review_probability`.")
    ] = None,
    below: Annotated[
        float | None, typer.Option(help="Below this probability; else `link_probability`.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the most doubtful first.")] = 20,
) -> None:
    """Show the links that the last run of `identity` found doubtful, and lines to decide them.

    With --below 1 those that were linked without asking are among them.
    """
    settings = load_settings()
    asked = load_identity(settings.catalog)
    least = asked.review_probability if above is None else above
    most = asked.link_probability if below is None else below
    ensure_engine(settings)
    spark = open_session(settings)
    if not table_exists(spark, QUESTION):
        raise LoomlineError(
            "No links have been looked for yet.", "Run loomline run identity --date <date> first."
        )
    questions = spark.table(QUESTION)
    # No max(): Delta answers it from its log, and fails on dates.
    latest = questions.select("as_of_date").distinct().orderBy(F.desc("as_of_date")).first()
    last_date = latest["as_of_date"] if latest else None
    doubtful = questions.where(F.col("as_of_date") == F.lit(last_date)).where(
        f"link_probability >= {least} and link_probability < {most}"
    )
    rows = doubtful.orderBy(
        F.abs(F.col("link_probability") - 0.5),
        *("code_system", "owner_code", "party_role", "party_code", "enterprise_id"),
    )
    shown = rows.limit(limit).collect()
    table = [
        (
            f"{row['code_system']} {row['party_role']}\n{row['party_code']}\n{row['party_name']}",
            f"{row['enterprise_id']}\n{row['enterprise_name']}",
            f"{row['link_probability']:.3f}",
            _evidence(row),
        )
        for row in shown
    ]
    print_table(("code or spelling", "may be", "probability", "evidence"), table)
    console.print(f"{doubtful.count():,} links between {least:g} and {most:g}, {len(shown)} shown.")
    if shown:
        print(
            "\nCopy a line to `confirmed` or `rejected` in catalog/identity.yml, and complete it:"
        )
        print("\n".join(_decision(row) for row in shown))
