"""`loomline model`: which versions there are, who approved them, and whether the record holds."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from importlib import import_module
from typing import Annotated, Any

import typer

from loomline.commands.shown import OutputFormat, print_rows, print_table
from loomline.engine.server import ensure_engine
from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.runner import alone
from loomline.settings import load_settings

# Reached by their paths: the core knows no models.
DESK, SHELF, REPLAY = "models.governance.desk", "models.governance.shelf", "models.replay"

app = typer.Typer(
    help="Model versions, their approval by two people, and the record of it.",
    no_args_is_help=True,
)
By = Annotated[
    str,
    typer.Option("--by", help="Who you are.", default_factory=getpass.getuser),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a sentence; it is recorded.")]
Version = Annotated[str, typer.Argument(help="Version of the model; see `loomline model list`.")]
Request = Annotated[int, typer.Argument(help="Number of the request.")]
Format = Annotated[
    OutputFormat, typer.Option("--format", help="table for people, csv or json for programs.")
]


@contextmanager
def _desk() -> Iterator[tuple[Any, Any]]:
    """The module of what maker and checker do, and the open desk of this home."""
    settings = load_settings()
    with alone(settings, lambda line: print(line, file=sys.stderr)):
        ensure_engine(settings)
        module = import_module(DESK)
        yield module, module.open_desk(JobContext(settings, date.today()))


@app.command("list")
def list_versions(output: Format = OutputFormat.TABLE) -> None:
    """List the versions of the model with their standing, newest last, and what it is for."""
    with _desk() as (_, desk):
        shelf = import_module(SHELF)
        if output is OutputFormat.TABLE:
            print_table(("model", ""), shelf.described(desk))
        print_rows(shelf.COLUMNS, shelf.version_rows(desk), output)


@app.command()
def promote(version: Version, reason: Reason, by: By) -> None:
    """Ask for a version to score from now on; another person approves or refuses."""
    _ask("promotion_requested", version, by, reason)


@app.command()
def withdraw(version: Version, reason: Reason, by: By) -> None:
    """Ask for an approved version to score no more; then the one approved before it holds."""
    _ask("withdrawal_requested", version, by, reason)


def _ask(kind: str, version: str, by: str, reason: str) -> None:
    with _desk() as (module, desk):
        recorded = module.request(desk, kind, version, by, reason)
    print(
        f"Request {recorded.event_number} of {recorded.identity} is recorded. Another person "
        f"answers it: loomline model approve {recorded.event_number} --by ... --reason ..."
    )


@app.command()
def approve(request: Request, reason: Reason, by: By) -> None:
    """Approve another person's request; the alias champion in MLflow follows."""
    _answer("approved", request, by, reason)


@app.command()
def refuse(request: Request, reason: Reason, by: By) -> None:
    """Refuse another person's request."""
    _answer("refused", request, by, reason)


def _answer(kind: str, request: int, by: str, reason: str) -> None:
    with _desk() as (module, desk):
        recorded = module.answer(desk, kind, request, by, reason)
        champion = module.set_champion_alias(desk)
    print(
        f"Event {recorded.event_number}: {recorded.identity} {kind} request {request} "
        f"for version {recorded.model_version}. Champion: {champion or 'none'}."
    )


@app.command()
def history(output: Format = OutputFormat.TABLE) -> None:
    """Print the record of requests and answers, oldest first."""
    with _desk() as (_, desk):
        shelf = import_module(SHELF)
        print_rows(shelf.EVENT_COLUMNS, shelf.event_rows(desk), output)


@app.command()
def verify(
    repair: Annotated[
        bool,
        typer.Option(help="Set the alias in MLflow as the record says, if the record holds."),
    ] = False,
) -> None:
    """Check the record's hashes, Delta's history of it, the alias in MLflow and the reports."""
    with _desk() as (module, desk):
        found = module.repair(desk) if repair else module.verify(desk)
    for sentence in found:
        print(f"- {sentence}")
    if found:
        raise LoomlineError(
            f"{len(found)} findings.", "Each must be explained; --repair sets the alias only."
        )
    print("The record holds, and MLflow agrees with it.")


replay_app = typer.Typer(
    help="Make past results again from what was recorded.", no_args_is_help=True
)


@replay_app.command("score")
def replay_score(
    enterprise: Annotated[str, typer.Argument(help="Enterprise.")],
    as_of: Annotated[
        datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date of the score.")
    ],
) -> None:
    """Rebuild a past score from recorded versions; say whether it is equal or what differs."""
    settings = load_settings()
    ensure_engine(settings)
    context = JobContext(settings, as_of.date())
    (found,) = import_module(REPLAY).replay_scores(context, [enterprise])
    versions = ", ".join(f"{name} at version {x}" for name, x in found.table_versions.items())
    print(
        f"{enterprise} as of {as_of:%Y-%m-%d}: model version {found.model_version} trained as of "
        f"{found.trained_as_of}, {versions}, run {found.run_id}"
    )
    if not found.differences:
        score, grade = found.recorded["score"], found.recorded["grade"]
        print(f"Equal in all {len(found.recorded)} columns: score {score}, grade {grade}.")
        return
    rows = [(one.column, one.recorded, one.rebuilt) for one in found.differences]
    print_table(("column", "recorded", "rebuilt"), rows)
    raise LoomlineError(
        f"{len(rows)} columns differ.",
        "Look at who changed scores.credit_score: its Delta history has every write.",
    )
