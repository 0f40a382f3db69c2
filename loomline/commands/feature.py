"""`loomline feature`: the features of the families, by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from pyspark.sql import SparkSession

from loomline.commands.shown import print_table
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.families.catalogue import features, load_families, measures_of
from loomline.families.evidence import rows_behind
from loomline.families.formula import formula
from loomline.families.model import Family, Feature, Measure
from loomline.families.pages import write_feature_pages
from loomline.families.stability import stability_index
from loomline.families.state import Floats
from loomline.lake import sql_literal, table_exists
from loomline.settings import PROJECT_ROOT, Settings, load_settings
from loomline.tables import table_declaration

app = typer.Typer(help="Features of enterprises (catalog/families).", no_args_is_help=True)
VALUES = "features.window_value_by_name"
ROWS_SHOWN = 20


@dataclass(frozen=True)
class Asked:
    """Whose value is asked for, and as of which date."""

    as_of: date
    enterprise: str


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
    until = f", taken away again on {measure.until}" if measure.until else ""
    return f"{measure.kind}: {measure.value} of {measure.table}{where}, by {measure.day}{until}"


def _told(spark: SparkSession, feature: Feature, as_of: date) -> Floats:
    """The values of a date (enterprises,), NaN where missing."""
    of_date = f"as_of_date = {sql_literal(as_of)} and feature = {sql_literal(feature.name)}"
    column = spark.table(VALUES).where(of_date).select("feature_value").toArrow().column(0)
    return column.to_numpy().astype(np.float64)


def _date_before(spark: SparkSession, feature: Feature, as_of: date) -> date | None:
    """The last as-of date before with values of the feature."""
    earlier = f"as_of_date < {sql_literal(as_of)} and feature = {sql_literal(feature.name)}"
    found = spark.table(VALUES).where(earlier).agg({"as_of_date": "max"}).collect()[0][0]
    return None if found is None else date.fromisoformat(str(found))


def _stability(spark: SparkSession, feature: Feature, now: Floats, as_of: date) -> str:
    before = _date_before(spark, feature, as_of)
    if before is None:
        return "no earlier as-of date in the lake"
    earlier = _told(spark, feature, before)
    if np.isnan(earlier).all():
        return f"no value as of {before}"
    index = stability_index(earlier, now)
    return f"{index:.3f} against {before} (population stability index; above 0.25 it has moved)"


def _value_rows(spark: SparkSession, feature: Feature, as_of: date) -> list[tuple[str, str]]:
    """What enterprises had at a date: how many lack a value, quartiles, and how that has moved."""
    values = _told(spark, feature, as_of) if table_exists(spark, VALUES) else np.array([])
    if not len(values):
        raise LoomlineError(
            f"There are no features of {as_of}.",
            f"Run `loomline run window_features --date {as_of}`.",
        )
    told = values[~np.isnan(values)]
    missing = 1 - len(told) / len(values)
    rows = [("enterprises", f"{len(values):,}, of which {missing:.1%} have no value")]
    if len(told):
        quartiles = np.quantile(told, [0, 0.25, 0.5, 0.75, 1])
        rows.append(("least, quartiles, most", "  ".join(f"{x:,.4g}" for x in quartiles)))
        rows.append(("stability", _stability(spark, feature, values, as_of)))
    return rows


def _own_value(spark: SparkSession, feature: Feature, as_of: date, enterprise: str) -> str:
    own = spark.table(VALUES).where(
        f"as_of_date = {sql_literal(as_of)} and feature = {sql_literal(feature.name)} "
        f"and enterprise_id = {sql_literal(enterprise)}"
    )
    for row in own.collect():
        value = row["feature_value"]
        return "missing" if value is None else f"{value:,.6g}"
    return f"is no enterprise with features as of {as_of}"


def _print_rows_behind(
    settings: Settings, spark: SparkSession, feature: Feature, measure: Measure, asked: Asked
) -> None:
    """The rows of the feature's window that a measure of the enterprise is summed of."""
    title = f"{measure.name}: rows of the last {feature.window_days} days"
    if not table_exists(spark, measure.table):
        print(f"{title}: there is no {measure.table} yet")
        return
    query = rows_behind(
        measure,
        "code_system" in table_declaration(settings.catalog, measure.table).columns,
        asked.enterprise,
        asked.as_of,
        settings.as_of_end(asked.as_of),
        feature.window_days,
        settings.time_zone,
    )
    found = spark.sql(query)
    rows = found.limit(ROWS_SHOWN).collect()
    count = len(rows) if len(rows) < ROWS_SHOWN else found.count()
    more = f", and {count - len(rows):,} more" if count > len(rows) else ""
    print_table(
        ("day", f"value, {measure.unit}", "file", "line"),
        [(row[0], f"{row[1]:,.6g}", row[2], row[3]) for row in rows],
        f"{title} in {measure.table} as known then, the newest {len(rows)}{more}",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the feature; see `loomline feature list`.")],
    as_of: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Also its values as of a date."),
    ] = None,
    enterprise: Annotated[
        str | None, typer.Option(help="With --date: the value of this enterprise, and its rows.")
    ] = None,
) -> None:
    """Say what a feature means, what it is made of, and what enterprises have.

    Example: loomline feature show sale_amount_sum_90d_vs_last_year --date 2020-02-29
    """
    settings = load_settings()
    families = load_families(settings.catalog)
    feature, measures = _find(families, name), measures_of(families)
    rows = [
        ("says", f"{feature.description_en}\n{feature.description_zh}"),
        ("formula", formula(feature)),
        *((measure, _summed(measures[measure])) for measure in feature.measures),
        ("unit", feature.unit),
        ("family, domain, owner", f"{feature.family}, {feature.domain}, {feature.owner}"),
        ("missing means", feature.missing_means),
    ]
    if as_of is None:
        print_table(("feature", feature.name), rows)
        return
    ensure_engine(settings)
    spark = open_session(settings)
    rows += _value_rows(spark, feature, as_of.date())
    if enterprise is not None:
        rows.append((enterprise, _own_value(spark, feature, as_of.date(), enterprise)))
    print_table(("feature", feature.name), rows)
    if enterprise is not None:
        asked = Asked(as_of.date(), enterprise)
        for measure in dict.fromkeys(feature.measures):
            _print_rows_behind(settings, spark, feature, measures[measure], asked)


@app.command()
def pages(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = (
        PROJECT_ROOT / "docs" / "features"
    ),
) -> None:
    """Write the pages that list every feature, a page a domain."""
    write_feature_pages(load_families(load_settings().catalog), out)
