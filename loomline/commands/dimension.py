"""`loomline dimension`: the value dimensions, by name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from loomline.commands.shown import print_table
from loomline.dimensions.catalogue import DeclaredDimension, load_dimensions
from loomline.dimensions.pages import dimensions_page
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.known_inputs import known_inputs
from loomline.lake import sql_literal, table_exists
from loomline.settings import PROJECT_ROOT, Settings, load_settings

app = typer.Typer(
    help="Value dimensions of enterprises (catalog/dimensions).", no_args_is_help=True
)
VALUES = "scores.dimension_value"


@app.command("list")
def list_dimensions(
    domain: Annotated[str | None, typer.Option(help="Only those of a domain.")] = None,
) -> None:
    """Print the name of every dimension, one a line."""
    for declared in load_dimensions(load_settings().catalog).dimensions:
        if domain is None or declared.domain == domain:
            print(declared.name)


def _declared_rows(settings: Settings, declared: DeclaredDimension) -> list[tuple[str, str]]:
    one, known = declared.dimension, known_inputs(settings.catalog)
    total = sum(each.weight for each in one.inputs)
    made = [
        f"{each.weight / total:.0%} {each.input}, {each.better} is better: "
        f"{known[each.input].description_en}"
        for each in one.inputs
    ]
    return [
        ("title", f"{one.title_en}\n{one.title_zh}"),
        ("says", f"{one.says_en}\n{one.says_zh}"),
        ("made of ranks of", "\n".join(made)),
        ("missing", f"where less than {one.least_share:.0%} of the weights have a value"),
        ("domain, owner", f"{declared.domain}, {declared.owner}"),
    ]


def _value_rows(
    settings: Settings, name: str, as_of: datetime, enterprise: str | None
) -> list[tuple[str, str]]:
    """How many enterprises have a value at a date, and one's own values up to then."""
    ensure_engine(settings)
    spark = open_session(settings)
    of_name = f"dimension = {sql_literal(name)}"
    of_date = f"{of_name} and as_of_date = date'{as_of:%Y-%m-%d}'"
    if not table_exists(spark, VALUES) or spark.table(VALUES).where(of_date).isEmpty():
        raise LoomlineError(
            f"There are no values of {name} as of {as_of:%Y-%m-%d}.",
            f"Run `loomline run dimensions --date {as_of:%Y-%m-%d}`.",
        )
    found = spark.table(VALUES).where(of_date).selectExpr("count(*)", "count(dimension_value)")
    count, there = found.collect()[0]
    rows = [("enterprises", f"{count:,}, {there:,} with a value")]
    if enterprise is not None:
        until = f"{of_name} and as_of_date <= date'{as_of:%Y-%m-%d}'"
        own = spark.table(VALUES).where(f"{until} and enterprise_id = {sql_literal(enterprise)}")
        for row in own.orderBy("as_of_date").collect():
            value = row["dimension_value"]
            said = "missing" if value is None else f"{value:.1f}"
            rows.append((f"{enterprise}, {row['as_of_date']}", f"{said} of {row['peer_group']}"))
    return rows


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="Name of the dimension; see `loomline dimension list`.")
    ],
    as_of: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Also its values as of a date."),
    ] = None,
    enterprise: Annotated[
        str | None, typer.Option(help="With --date: the values of this enterprise up to then.")
    ] = None,
) -> None:
    """Say what a dimension means, what it is made of, and what enterprises have.

    Example: loomline dimension show energy_discipline --date 2020-02-29
    """
    settings = load_settings()
    declared = load_dimensions(settings.catalog).find(name)
    if declared is None:
        raise LoomlineError(
            f"There is no dimension {name!r}.", "`loomline dimension list` has the names."
        )
    rows = _declared_rows(settings, declared)
    if as_of is not None:
        rows += _value_rows(settings, name, as_of, enterprise)
    print_table(("dimension", name), rows)


@app.command()
def page(
    out: Annotated[Path, typer.Option(help="File to write.")] = (
        PROJECT_ROOT / "docs" / "dimensions.md"
    ),
) -> None:
    """Write the page that lists every dimension."""
    text = dimensions_page(load_dimensions(load_settings().catalog))
    out.write_text(text, encoding="utf-8")
    print(f"Wrote {out}")
