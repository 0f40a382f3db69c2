"""`loomline source draft`: propose a contract from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loomline.drafting.draft import draft_contract
from loomline.errors import LoomlineError
from loomline.jobs import DAILY_JOBS
from loomline.settings import load_settings
from loomline.tables import Table, load_tables


def fillable_tables(catalog: Path) -> dict[str, Table]:
    """The canonical tables that contracts fill: those of silver that no daily job derives."""
    derived = {name for job in DAILY_JOBS for name in job.writes}
    return {
        name: table
        for name, table in load_tables(catalog).items()
        if name.startswith("silver.") and name not in derived
    }


def draft(
    file: Annotated[Path, typer.Argument(help="The file; at most 20,000 rows of it are read.")],
    target: Annotated[
        str, typer.Option(help="Canonical table, silver.NAME; by default the one that fits best.")
    ] = "",
    source: Annotated[
        str, typer.Option(help="Name of the source; by default from the name of the file.")
    ] = "",
    sheet: Annotated[
        str, typer.Option(help="Sheet of a workbook; by default the one that fits best.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="File to write; it must not exist. By default: to stdout.")
    ] = None,
) -> None:
    """Propose a contract from a file, as YAML. What is unsure is marked `# ?` or `# TODO`."""
    settings = load_settings()
    if out is not None and out.exists():
        raise LoomlineError(f"{out} exists and is left as it is.", "Say another --out.")
    tables = fillable_tables(settings.catalog)
    zone = settings.time_zone
    drafted = draft_contract(file, tables, settings.catalog, zone, target, source, sheet)
    if out is None:
        print(drafted.text, end="")
        return
    with out.open("x", encoding="utf-8") as written:
        written.write(drafted.text)
    print(f"{out}: {len(drafted.to_do)} things to do, marked TODO.")
