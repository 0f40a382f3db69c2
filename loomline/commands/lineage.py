"""`loomline lineage` and `loomline dictionary`: where a table comes from, and what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pyspark.sql import Row, SparkSession
from rich.tree import Tree

from loomline.commands.shown import console
from loomline.dictionary import write_dictionary
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.lake import sql_literal, table_exists
from loomline.runner import JOB_RUNS
from loomline.settings import PROJECT_ROOT, load_settings


def _writer(spark: SparkSession, table: str, version: int | None) -> Row | None:
    """The latest successful run that made rows of the table, not later than the version.

    Upkeep is passed over: it moves rows and lets them go, and says of none where it came from.
    """
    written = f"tables_written[{sql_literal(table)}]"
    of_version = f"and {written} <= {version}" if version is not None else ""
    return spark.sql(
        f"select *, {written} as version from {JOB_RUNS} "
        f"where status = 'succeeded' and job <> 'maintain' "
        f"and {written} is not null {of_version} "
        "order by version desc, ended_at limit 1"
    ).first()


def _grow(
    spark: SparkSession, tree: Tree, table: str, version: int | None, above: set[str]
) -> None:
    run = _writer(spark, table, version)
    if run is None:
        tree.add(f"{table}: written by no recorded job")
        return
    branch = tree.add(
        f"{table} version {run['version']} <- {run['job']} as of {run['as_of_date']}, "
        f"ended {run['ended_at']:%Y-%m-%d %H:%M:%S} UTC, code {run['code_commit'][:12]}"
    )
    for read, read_version in sorted(run["tables_read"].items()):
        if read == table or read in above:
            branch.add(f"{read} version {read_version} (above)")
        else:
            _grow(spark, branch, read, read_version, above | {table})


def lineage(
    table: Annotated[str, typer.Argument(help="Full name, such as marts.portfolio_scores.")],
) -> None:
    """Show which runs made a table, from which versions of which tables, down to bronze."""
    settings = load_settings()
    ensure_engine(settings)
    spark = open_session(settings)
    if not table_exists(spark, JOB_RUNS):
        raise LoomlineError("No job has run in this home yet.", "Run `make demo`.")
    tree = Tree(f"Lineage of {table}")
    _grow(spark, tree, table, None, set())
    console.print(tree)


def dictionary(
    out: Annotated[Path, typer.Option(help="File to write.")] = (
        PROJECT_ROOT / "docs" / "data-dictionary.md"
    ),
) -> None:
    """Write the data dictionary from the table declarations and the dbt models."""
    write_dictionary(load_settings().catalog, PROJECT_ROOT / "dbt", out)
    print(f"Wrote {out}")
