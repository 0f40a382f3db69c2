"""`loomline consistency`: what the records of an enterprise say against one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import typer
from pyspark.sql import Row

from loomline.commands.shown import print_table
from loomline.consistency.catalogue import load_checks
from loomline.consistency.model import Check
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.lake import sql_literal, table_exists
from loomline.settings import load_settings

app = typer.Typer(
    help="Records set against one another (catalog/consistency).", no_args_is_help=True
)
CONSISTENCY, TRUST = "features.consistency", "features.data_trust"


@app.command("list")
def list_checks() -> None:
    """Print the name of every check, one a line."""
    for check in load_checks(load_settings().catalog):
        print(check.name)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}"


def _shown(row: Row) -> tuple[object, ...]:
    verdict = row["verdict"] + (", for review" if row["is_for_review"] else "")
    residual = f"{row['residual']:.3g} (±{row['tolerance']:.2g})"
    figures = (_figure(row["measured"]), _figure(row["expected"]), residual)
    return (f"{row['month_start_date']:%Y-%m}", row["check_name"], *figures, verdict)


def _findings(rows: Sequence[Row], checks: Mapping[str, Check]) -> list[tuple[str, str, str]]:
    """What the checks that are not consistent say in words, each with its months."""
    months: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        if row["verdict"] != "consistent" and row["check_name"] in checks:
            found = f"{row['month_start_date']:%Y-%m}"
            months[row["check_name"], row["verdict"]].append(found)
    return [
        (
            checks[name].title_en,
            ", ".join(found),
            f"{getattr(checks[name], f'{verdict}_en')}\n{getattr(checks[name], f'{verdict}_zh')}",
        )
        for (name, verdict), found in months.items()
    ]


@app.command()
def show(
    enterprise: Annotated[str, typer.Argument(help="The enterprise.")],
    as_of: Annotated[
        datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date of the verdicts.")
    ],
) -> None:
    """Show what each check says of an enterprise, by month and check, and its data trust.

    Months in which a check cannot say are left out; the last table counts the checks that say.
    Example: loomline consistency show E17 --date 2020-02-29
    """
    settings = load_settings()
    checks = {check.name: check for check in load_checks(settings.catalog)}
    ensure_engine(settings)
    spark = open_session(settings)
    of_date = f"as_of_date = date'{as_of:%Y-%m-%d}' and enterprise_id = {sql_literal(enterprise)}"
    order = ("month_start_date", "check_name")
    found = (
        spark.table(CONSISTENCY).where(of_date).orderBy(*order).collect()
        if table_exists(spark, CONSISTENCY)
        else []
    )
    if not found:
        raise LoomlineError(
            f"No check says anything of {enterprise} as of {as_of:%Y-%m-%d}.",
            f"Run `loomline run consistency --date {as_of:%Y-%m-%d}`, or look for the enterprise.",
        )
    said = [row for row in found if row["verdict"] != "cannot_say"]
    columns = ("month", "check", "measured", "expected", "residual", "verdict")
    print_table(columns, list(map(_shown, said)), title=enterprise)
    if findings := _findings(said, checks):
        print_table(("check", "months", "says"), findings)
    trust = spark.table(TRUST).where(of_date).orderBy("month_start_date").collect()
    rows = [
        (
            f"{row['month_start_date']:%Y-%m}",
            _figure(row["data_trust_points"]),
            row["check_count"],
            row["review_count"],
            row["worst_check"],
        )
        for row in trust
    ]
    print_table(("month", "data trust", "checks that say", "for review", "worst check"), rows)
