"""`loomline evaluate`: a kind of model measured by its written protocol."""

from __future__ import annotations

import pkgutil
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from loomline.commands.shown import OutputFormat, print_rows, print_table
from loomline.errors import LoomlineError
from loomline.settings import PROJECT_ROOT, load_settings

# Reached by its path: the core knows no models.
EVALUATIONS = "models.evaluations"
PUBLIC_DATA = PROJECT_ROOT.parent / "shared" / "data"
COLUMNS = (
    *("model", "metric", "rows", "estimate", "lower", "upper"),
    *("published", "published_by", "same_split"),
)


def evaluation_names() -> list[str]:
    """The evaluations there are: modules of the package that declare one."""
    package = import_module(EVALUATIONS)
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    return sorted(name for name in names if hasattr(_module(name), "EVALUATION"))


def _module(name: str) -> Any:
    return import_module(f"{EVALUATIONS}.{name}")


def _data_folder(name: str, evaluation: Any, data: Path) -> Path:
    """The folder that an evaluation is run in: its data set's, or where it makes its own data.

    Raises:
        LoomlineError: the folder of data sets has none of that name.
    """
    if evaluation.folder is None:
        folder = load_settings().home / "evaluations"
        folder.mkdir(parents=True, exist_ok=True)
        print(
            f"{name} makes its own data in {folder} and keeps them there; the first time takes "
            f"{evaluation.takes}.",
            file=sys.stderr,
        )
        return folder
    folder = data / str(evaluation.folder)
    if not folder.is_dir():
        raise LoomlineError(
            f"There is no data set {folder}.",
            "Name the folder of the public data sets with --data or LOOMLINE_REAL_DATA.",
        )
    return folder


def _row(figure: Any) -> tuple[object, ...]:
    found, published = figure.estimate, figure.published
    of_others = (None, None, None)
    if published is not None:
        of_others = (published.value, published.source, published.same_split)
    ends = (None, None) if found.lower == found.upper else (found.lower, found.upper)
    numbers = [None if x is None else round(x, 4) for x in (found.value, *ends)]
    return (figure.model, figure.metric, figure.rows, *numbers, *of_others)


def evaluate(
    name: Annotated[
        str | None, typer.Argument(help="Which; without a name they are listed.")
    ] = None,
    data: Annotated[
        Path, typer.Option(envvar="LOOMLINE_REAL_DATA", help="Folder of the public data sets.")
    ] = PUBLIC_DATA,
    output: Annotated[
        OutputFormat, typer.Option("--format", help="table for people, csv or json for programs.")
    ] = OutputFormat.TABLE,
) -> None:
    """Measure a kind of model on public or simulated data, by the protocol in docs/evaluations."""
    names = evaluation_names()
    if name is None:
        listed = [(each, _module(each).EVALUATION.question) for each in names]
        print_table(("evaluation", "question"), listed)
        return
    if name not in names:
        raise LoomlineError(
            f"There is no evaluation {name!r}.", f"Evaluations are: {', '.join(names)}."
        )
    evaluation = _module(name).EVALUATION
    folder = _data_folder(name, evaluation, data)
    clock = time.monotonic()
    print(f"{evaluation.question} Protocol: docs/evaluations/{name}.md ...", file=sys.stderr)
    rows = [_row(figure) for figure in evaluation.run(folder)]
    print_rows(COLUMNS, rows, output)
    print(f"{time.monotonic() - clock:.0f} s", file=sys.stderr)
