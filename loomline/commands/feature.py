"""`loomline feature`: the features of the families, by name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from loomline.commands.shown import print_table
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.families.catalogue import features, load_families
from loomline.families.model import Family, Feature, Measure
from loomline.lake import sql_literal, table_exists
from loomline.settings import Settings, load_settings

app = typer.Typer(help="Features of enterprises (catalog/families).", no_args_is_help=True)
VALUES = "features.window_value_by_name"


@app.command("list")
def list_features(
    domain: Annotated[str | None, typer.Option(help="Only those of a domain.")] = None,
) -> None:
    """Print the name of every feature, one a line."""
    for feature in features(load_families(load_settings().catalog)):
        if domain is None or feature.domain == domain:
            print(feature.name)


def _find(families: tuple[Family, ...], name: str) -> Feature:
    for feature in features(families):
        if feature.name == name:
            return feature
    raise LoomlineError(f"There is no feature {name!r}.", "`loomline feature list` has the names.")


def _summed(measure: Measure) -> str:
    where = f" where {measure.where}" if measure.where else ""
    return f"sum of {measure.value} of {measure.table}{where}, by {measure.day}"


def _value_rows(
    settings: Settings, feature: Feature, as_of: datetime, enterprise: str | None
) -> list[tuple[str, str]]:
    """What enterprises had at a date: how many have a value, its quartiles, and one's own value."""
    ensure_engine(settings)
    spark = open_session(settings)
    of_date = f"as_of_date = date'{as_of:%Y-%m-%d}' and feature = {sql_literal(feature.name)}"
    if not table_exists(spark, VALUES) or not spark.table(VALUES).where(of_date).limit(1).count():
        raise LoomlineError(
            f"There are no features of {as_of:%Y-%m-%d}.",
            f"Run `loomline run window_features --date {as_of:%Y-%m-%d}`.",
        )
    found = spark.sql(
        "select count(*), count(feature_value), "
        f"percentile(feature_value, array(0, .25, .5, .75, 1)) from {VALUES} where {of_date}"
    ).collect()[0]
    rows: list[tuple[str, str]] = [("enterprises", f"{found[0]:,}, {found[1]:,} with a value")]
    if found[1]:
        rows.append(("least, quartiles, most", "  ".join(f"{x:,.4g}" for x in found[2])))
    if enterprise is not None:
        own = spark.table(VALUES).where(f"{of_date} and enterprise_id = {sql_literal(enterprise)}")
        for row in own.collect():
            value = row["feature_value"]
            rows.append((enterprise, "missing" if value is None else f"{value:,.6g}"))
    return rows


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the feature; see `loomline feature list`.")],
    as_of: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Also its values as of a date."),
    ] = None,
    enterprise: Annotated[
        str | None, typer.Option(help="With --date: the value of this enterprise.")
    ] = None,
) -> None:
    """Say what a feature means, what it is made of, and what enterprises have.

    Example: loomline feature show sale_amount_sum_90d_vs_last_year --date 2020-02-29
    """
    settings = load_settings()
    families = load_families(settings.catalog)
    feature = _find(families, name)
    measures = {measure.name: measure for family in families for measure in family.measures}
    rows = [
        ("says", f"{feature.description_en}\n{feature.description_zh}"),
        ("unit", feature.unit),
        ("family, domain, owner", f"{feature.family}, {feature.domain}, {feature.owner}"),
        *((measure, _summed(measures[measure])) for measure in feature.measures),
        ("made by", f"{feature.aggregation} of {feature.window_days} days, {feature.comparison}"),
        ("missing means", feature.missing_means),
    ]
    if as_of is not None:
        rows += _value_rows(settings, feature, as_of, enterprise)
    print_table(("feature", feature.name), rows)
