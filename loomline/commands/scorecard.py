"""`loomline scorecard`: a registered scorecard in a form that other engines read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from mlflow.exceptions import MlflowException

from loomline.errors import LoomlineError
from loomline.settings import Settings, load_settings

app = typer.Typer(help="Scorecards, for use elsewhere.", no_args_is_help=True)


class ExportFormat(StrEnum):
    """What a scorecard is written as."""

    SQL = "sql"
    SPARK = "spark"
    PMML = "pmml"
    JSON = "json"


def _models(module: str) -> Any:
    """A module of `models`, reached by its path: the core knows no models."""
    return import_module(f"models.{module}")


def read_card(settings: Settings, version: str) -> Any:
    """The card of a registered version.

    Raises:
        LoomlineError: there is no such version, or it is no scorecard.
    """
    if not (settings.home / "mlflow" / "mlflow.db").is_file():
        raise LoomlineError(
            "No model has been trained in this home yet.", "Run `make demo`, or the job `train`."
        )
    registry, name = _models("registry"), _models("specification").MODEL_NAME
    client = registry.open_registry(settings)
    try:
        found = client.get_model_version(name, version)
    except MlflowException as error:
        known = [x.version for x in registry.model_versions(client) if registry.is_scorecard(x)]
        raise LoomlineError(
            f"{name} has no version {version}.",
            f"Its scorecards are the versions {', '.join(map(str, known))}."
            if known
            else "No scorecard is registered.",
        ) from error
    if not registry.is_scorecard(found):
        estimator = found.tags.get(registry.ESTIMATOR)
        raise LoomlineError(f"{name} version {version} is no scorecard but {estimator}.")
    if registry.CHAMPION not in found.aliases:
        print(
            f"Version {version} is not the champion: not for decisions unless `model list` "
            "says that it is approved.",
            file=sys.stderr,
        )
    path = Path(client.download_artifacts(found.run_id, registry.SCORECARD_FILE))
    return _models("scorecard").Scorecard.from_json(path.read_text(encoding="utf-8"))


def _as_sql(card: Any, name: str, version: str, dialect: str) -> str:
    needed = ", ".join(card.feature_names)
    return (
        f"-- {name}, version {version}: the list of a SELECT over a table with the columns\n"
        f"-- {needed}\n{_models('scorecard_sql').select_list(card, dialect)}\n"
    )


def exported(card: Any, version: str, form: ExportFormat, dialect: str = "") -> str:
    """The text of a card in a form; `dialect` is SQLGlot's name of an engine, for `sql` only.

    Raises:
        LoomlineError: there is no such dialect.
    """
    name = _models("specification").MODEL_NAME
    writers: dict[ExportFormat, Callable[[], str]] = {
        ExportFormat.SQL: lambda: _as_sql(card, name, version, dialect),
        ExportFormat.SPARK: lambda: _as_sql(card, name, version, "spark"),
        ExportFormat.PMML: lambda: _models("scorecard_pmml").to_pmml(card, name, version),
        ExportFormat.JSON: lambda: f"{card.to_json()}\n",
    }
    try:
        return writers[form]()
    except ValueError as error:
        raise LoomlineError(
            f"There is no SQL dialect {dialect!r}.", "Examples are postgres, oracle, mysql, tsql."
        ) from error


@app.callback()
def scorecard() -> None:
    """Scorecards, for use elsewhere."""


@app.command()
def export(
    version: Annotated[str, typer.Argument(help="Version in the registry, as a score names it.")],
    form: Annotated[
        ExportFormat,
        typer.Option(
            "--format", help="sql and spark: a select list; pmml: PMML 4.4; json: the card itself."
        ),
    ] = ExportFormat.SQL,
    dialect: Annotated[
        str, typer.Option(help="With sql: postgres, oracle, mysql, tsql ...; default is standard.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="File to write; default is the screen.")] = None,
) -> None:
    """Write a registered scorecard as SQL, PMML or JSON: score and probability of default."""
    text = exported(read_card(load_settings(), version), version, form, dialect)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LoomlineError(f"{out} can't be written: {error.strerror}.") from error
    print(f"{out}: version {version} as {form}", file=sys.stderr)
