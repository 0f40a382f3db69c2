"""`loomline report`: what a date looked like and what changed, as HTML page and XLSX workbook."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from loomline.commands.replay import replayed
from loomline.engine.server import ensure_engine
from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.runner import alone, run_job
from loomline.settings import load_settings

# Reached by its path: the core knows no reports.
WANTED = "reports.wanted"

app = typer.Typer(
    help="Write reports (HTML and XLSX) and say where they are. `report --date D` writes what the "
    "daily job writes: portfolio, ecosystem and all trades."
)
AsOfDate = Annotated[
    datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date of the report.")
]


def _write(
    as_of: datetime, what: str, write: Callable[[Any, JobContext], tuple[Path, Path]]
) -> None:
    """Write one report, alone in the home, and print its paths."""
    settings, clock = load_settings(), time.monotonic()
    with alone(settings, print):
        ensure_engine(settings)
        context = JobContext(settings, as_of.date())
        print(f"{what} as of {as_of:%Y-%m-%d}: reading the lake ...", flush=True)
        paths = write(import_module(WANTED), context)
    print(f"written in {time.monotonic() - clock:.1f} s")
    for path in paths:
        print(path)


@app.callback(invoke_without_command=True)
def report(
    context: typer.Context,
    as_of: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date of the reports."),
    ] = None,
) -> None:
    """Write the portfolio, ecosystem and trade reports of a date, or one that is named."""
    if context.invoked_subcommand is not None:
        if as_of is not None:
            raise LoomlineError(
                "The date stands before the kind of report.",
                f"Say `loomline report {context.invoked_subcommand} ... --date {as_of:%Y-%m-%d}`.",
            )
        return
    if as_of is None:
        raise LoomlineError("There is no date.", "Say `loomline report --date D`.")
    run_job("report", as_of.date())


@app.command()
def enterprise(
    enterprise_id: Annotated[str, typer.Argument(help="Identity of the enterprise, such as E1.")],
    as_of: AsOfDate,
) -> None:
    """Write the report of an enterprise: where it stands, what changed since, and why."""
    _write(
        as_of,
        f"enterprise {enterprise_id}",
        lambda wanted, context: wanted.write_enterprise(context, enterprise_id),
    )


@app.command()
def score(
    enterprise_id: Annotated[str, typer.Argument(help="Identity of the enterprise, such as E1.")],
    as_of: AsOfDate,
) -> None:
    """Write why an enterprise had its score: rows, features, points, rules, versions, approval."""

    def write(wanted: Any, context: JobContext) -> tuple[Path, Path]:
        _, found = replayed(context, "SCORE", enterprise_id)
        differing = [difference.column for difference in found.differences]
        versions = found.run.table_versions
        paths: tuple[Path, Path] = wanted.write_score(context, enterprise_id, differing, versions)
        return paths

    _write(as_of, f"score of {enterprise_id}", write)


@app.command()
def trade(
    code: Annotated[str, typer.Argument(help="Division of GB/T 4754, such as 17, or unknown.")],
    as_of: AsOfDate,
) -> None:
    """Write the report of a trade (industry)."""
    _write(as_of, f"trade {code}", lambda wanted, context: wanted.write_trade(context, code))


@app.command()
def ecosystem(as_of: AsOfDate) -> None:
    """Write the report of the whole ecosystem: chains, trades, concentration."""
    _write(as_of, "ecosystem", lambda wanted, context: wanted.write_ecosystem(context))
