"""`loomline model`: which versions there are, who approved them, and whether the record holds."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
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
APPROVALS, LISTING = "models.governance.approvals", "models.governance.listing"
INVENTORY = "models.inventory"

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
ModelName = Annotated[
    str, typer.Option("--model", help="Name of the model; see `loomline model inventory`.")
]
DEFAULT_MODEL = "default_probability"
Request = Annotated[int, typer.Argument(help="Number of the request.")]
Format = Annotated[
    OutputFormat, typer.Option("--format", help="table for people, csv or json for programs.")
]


@contextmanager
def _desk(model: str = DEFAULT_MODEL) -> Iterator[tuple[Any, Any]]:
    """The module of what maker and checker do, and the open desk of a model of this home."""
    settings = load_settings()
    with alone(settings, lambda line: print(line, file=sys.stderr)):
        ensure_engine(settings)
        module = import_module(APPROVALS)
        yield module, module.open_desk(JobContext(settings, date.today()), model)


@app.command("list")
def list_versions(model: ModelName = DEFAULT_MODEL, output: Format = OutputFormat.TABLE) -> None:
    """List the versions of a model with their standing, newest last, and what it is for."""
    with _desk(model) as (_, desk):
        listing = import_module(LISTING)
        if output is OutputFormat.TABLE:
            print_table(("model", ""), listing.described(desk))
        print_rows(listing.COLUMNS, listing.version_rows(desk), output)


@app.command()
def inventory(output: Format = OutputFormat.TABLE) -> None:
    """List every model with its tier, its owner and what it is for."""
    models = import_module(INVENTORY)
    print_rows(models.COLUMNS, models.inventory_rows(load_settings().catalog), output)


@app.command()
def promote(version: Version, reason: Reason, by: By, model: ModelName = DEFAULT_MODEL) -> None:
    """Ask for a version to be used; another person approves or refuses.

    A date is scored by the approved version that was trained last as of that date or before.
    """
    _ask("promotion_requested", model, version, by, reason)


@app.command()
def withdraw(version: Version, reason: Reason, by: By, model: ModelName = DEFAULT_MODEL) -> None:
    """Ask for an approved version to score no more; the newest approved one left follows it."""
    _ask("withdrawal_requested", model, version, by, reason)


def _ask(kind: str, model: str, version: str, by: str, reason: str) -> None:
    with _desk(model) as (module, desk):
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
        facts = recorded.facts
        champion = module.champion_by_record(desk.of(facts.model_name).standing())
    print(
        f"Event {recorded.event_number}: {recorded.identity} {kind} request {request} for version "
        f"{facts.model_version} of {facts.model_name}. New dates are scored by "
        f"{f'version {champion}' if champion else 'none'}."
    )


@app.command()
def history(output: Format = OutputFormat.TABLE) -> None:
    """Print the record of requests and answers, oldest first."""
    with _desk() as (_, desk):
        listing = import_module(LISTING)
        print_rows(listing.EVENT_COLUMNS, listing.event_rows(desk), output)


@app.command()
def verify(
    repair: Annotated[
        bool,
        typer.Option(help="First set the alias champion in MLflow to what the record says."),
    ] = False,
) -> None:
    """Check the record of approvals, the aliases in MLflow, and that versions are as approved."""
    with _desk() as (module, desk):
        if repair:
            for model in module.MODEL_FILES:
                module.set_champion_alias(desk.of(model))
        found, past = module.verify(desk), module.past_traces(desk)
    for sentence in past:
        print(f"- undone, and to be explained: {sentence}")
    for sentence in found:
        print(f"- {sentence}")
    if found:
        raise LoomlineError(
            f"{len(found)} findings.",
            "Each must be explained; --repair puts back an alias, and nothing else.",
        )
    print("The record holds, and MLflow agrees with it.")
