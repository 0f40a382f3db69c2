"""`loomline replay`: make past results of the models again, and say what differs."""

from __future__ import annotations

from datetime import date, datetime
from importlib import import_module
from typing import Annotated, Any

import typer

from loomline.code import code_commit
from loomline.commands.shown import as_text, print_table
from loomline.engine.server import ensure_engine
from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.settings import load_settings

# Reached by their paths: the core knows no models.
REPLAYING, SUBJECTS = "models.replay.replaying", "models.replay.subjects"

app = typer.Typer(help="Make past results again from what was recorded.", no_args_is_help=True)
Enterprise = Annotated[str, typer.Argument(help="Enterprise.")]
AsOfDate = Annotated[
    datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date of the result.")
]


def replayed(context: JobContext, kind: str, entity: str) -> tuple[Any, Any]:
    """What is replayed, by its name in `models.replay.subjects`, and the row of an entity."""
    subject = getattr(import_module(SUBJECTS), kind)
    (found,) = import_module(REPLAYING).replay(context, subject, [entity])
    return subject, found


def _replay(kind: str, entity: str, as_of: date) -> None:
    """Replay a row, and print that it is equal or what differs."""
    settings = load_settings()
    ensure_engine(settings)
    subject, found = replayed(JobContext(settings, as_of), kind, entity)
    run, model = found.run, "no model"
    if found.model_version is not None:
        model = f"model version {found.model_version} trained as of {found.trained_as_of}"
    print(
        f"{entity} as of {as_of}: {model}, {run.tables_in_words}, run {run.run_id} of "
        f"{run.started_at:%Y-%m-%d %H:%M} UTC"
    )
    if not found.differences:
        named = [f"{name} {as_text(found.recorded[name]) or '-'}" for name in subject.figures]
        print(f"Equal in all {len(found.recorded)} columns: {', '.join(named)}.")
        return
    rows = [(one.column, one.recorded, one.rebuilt) for one in found.differences]
    print_table(("column", "recorded", "rebuilt"), rows)
    raise LoomlineError(
        f"{len(rows)} columns differ.",
        f"The code was at {run.code_commit[:12]} then and is at {code_commit()[:12]} now. If that "
        f"is the same, look at the Delta history of {subject.table} for who changed it.",
    )


@app.command()
def score(enterprise: Enterprise, as_of: AsOfDate) -> None:
    """Rebuild a past score from recorded versions; say whether it is equal or what differs."""
    _replay("SCORE", enterprise, as_of.date())


@app.command()
def warning(enterprise: Enterprise, as_of: AsOfDate) -> None:
    """Rebuild a past early warning likewise."""
    _replay("WARNING", enterprise, as_of.date())


@app.command()
def machine(
    machine_id: Annotated[
        str, typer.Argument(help="System, enterprise and code, such as mes/F13007/WM-39021.")
    ],
    as_of: AsOfDate,
) -> None:
    """Rebuild what was said of a machine's health likewise; `machine_id` of the table names it."""
    _replay("MACHINE", machine_id, as_of.date())
