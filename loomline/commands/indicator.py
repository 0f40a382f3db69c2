"""`loomline indicator`: the warning indicators, by name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from loomline.commands.shown import print_table
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.indicators.catalogue import DeclaredIndicator, IndicatorCatalogue, load_indicators
from loomline.indicators.model import Levels
from loomline.indicators.pages import indicators_page
from loomline.known_inputs import known_inputs
from loomline.lake import sql_literal, table_exists
from loomline.settings import PROJECT_ROOT, Settings, load_settings

app = typer.Typer(
    help="Warning indicators of enterprises (catalog/indicators).", no_args_is_help=True
)
STATE = "scores.indicator_state"


@app.command("list")
def list_indicators(
    domain: Annotated[str | None, typer.Option(help="Only those of a domain.")] = None,
) -> None:
    """Print the name of every indicator, one a line."""
    for declared in load_indicators(load_settings().catalog).indicators:
        if domain is None or declared.domain == domain:
            print(declared.name)


def _levels(bad: str, levels: Levels) -> str:
    sign = "from" if bad == "high" else "down from"
    return f"amber {sign} {levels.amber:g}, red {sign} {levels.red:g}"


def _declared_rows(
    settings: Settings, catalogue: IndicatorCatalogue, declared: DeclaredIndicator
) -> list[tuple[str, str]]:
    one, policy = declared.indicator, catalogue.policy
    watched, response = known_inputs(settings.catalog)[one.input], policy.responses[one.response]
    of = "rank among peers of" if one.scale == "rank" else "value of"
    rows = [
        ("says", f"{one.says_en}\n{one.says_zh}"),
        ("watches", f"{of} {one.input} ({watched.unit})\n{watched.description_en}"),
        ("levels", _levels(one.bad, one)),
        *((f"in trade {trade}", _levels(one.bad, own)) for trade, own in one.by_trade.items()),
        ("counts after", f"{one.persistence_days} days"),
        ("half-life once cleared", f"{one.half_life_days} days"),
    ]
    if one.red_alone is not None:
        rows.append(("red by itself", one.red_alone))
    return [
        *rows,
        ("domain, owner", f"{declared.domain}, {declared.owner}"),
        (f"within {response.due_days} days", f"{response.action_en}\n{response.action_zh}"),
        ("escalation", f"{response.escalation_en}\n{response.escalation_zh}"),
        ("source", policy.sources[one.source]),
    ]


def _state_rows(
    settings: Settings, name: str, as_of: datetime, enterprise: str | None
) -> list[tuple[str, str]]:
    """How many enterprises are at each level at a date, and one's own state."""
    ensure_engine(settings)
    spark = open_session(settings)
    of_date = f"as_of_date = date'{as_of:%Y-%m-%d}' and indicator = {sql_literal(name)}"
    if not table_exists(spark, STATE) or spark.table(STATE).where(of_date).isEmpty():
        raise LoomlineError(
            f"There is no state of {name} as of {as_of:%Y-%m-%d}.",
            f"Run `loomline run indicators --date {as_of:%Y-%m-%d}`.",
        )
    counts = spark.table(STATE).where(of_date).groupBy("level").count().orderBy("level").collect()
    rows = [("enterprises", "  ".join(f"{row['level']} {row['count']:,}" for row in counts))]
    if enterprise is None:
        return rows
    own = spark.table(STATE).where(f"{of_date} and enterprise_id = {sql_literal(enterprise)}")
    for row in own.collect():
        value = row["watched_value"]
        said = "missing" if value is None else f"{value:,.4g}"
        since = f" since {row['since_date']}" if row["since_date"] else ""
        counted = ", counts" if row["is_counted"] else ""
        cleared = f", cleared {row['cleared_date']}" if row["cleared_date"] else ""
        weight = f", weighs {row['weight_points']:.2f}"
        rows.append((enterprise, f"{said}: {row['level']}{since}{counted}{cleared}{weight}"))
    return rows


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="Name of the indicator; see `loomline indicator list`.")
    ],
    as_of: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Also its levels as of a date."),
    ] = None,
    enterprise: Annotated[
        str | None, typer.Option(help="With --date: the state of this enterprise.")
    ] = None,
) -> None:
    """Say what an indicator warns of, from where on, what is done then, and who is at which level.

    Example: loomline indicator show sales_fell_this_month --date 2020-02-29
    """
    settings = load_settings()
    catalogue = load_indicators(settings.catalog)
    declared = catalogue.find(name)
    if declared is None:
        raise LoomlineError(
            f"There is no indicator {name!r}.", "`loomline indicator list` has the names."
        )
    rows = _declared_rows(settings, catalogue, declared)
    if as_of is not None:
        rows += _state_rows(settings, name, as_of, enterprise)
    print_table(("indicator", name), rows)


@app.command()
def page(
    out: Annotated[Path, typer.Option(help="File to write.")] = (
        PROJECT_ROOT / "docs" / "indicators.md"
    ),
) -> None:
    """Write the page that lists every indicator."""
    text = indicators_page(load_indicators(load_settings().catalog))
    out.write_text(text, encoding="utf-8")
    print(f"Wrote {out}")
