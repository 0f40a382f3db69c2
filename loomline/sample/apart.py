"""Keep the generated sample and a person's own files apart: a portfolio is of one or the other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from loomline.contracts.catalogue import load_contracts
from loomline.engine.server import stop_engine
from loomline.errors import LoomlineError
from loomline.settings import Settings

SAMPLE_PREFIX = "sample_"


def landed_sources(settings: Settings) -> set[str]:
    """The sources that this home's lake holds rows of; known without an engine."""
    bronze = settings.warehouse / "bronze.db"
    return {name for name in load_contracts(settings.catalog) if (bronze / name).is_dir()}


def refuse_mixture(settings: Settings, new: set[str]) -> None:
    """Raise a `LoomlineError` when the sample and other sources would share the lake.

    `new` are the sources that are to land.
    """
    sources = landed_sources(settings) | new
    others = {name for name in sources if not name.startswith(SAMPLE_PREFIX)}
    if others and others != sources:
        raise LoomlineError(
            f"{settings.home} would hold the sample's invented firms and others: "
            f"{', '.join(sorted(sources))}.",
            "Use a home of its own for the sample: `make stop`, then "
            "`LOOMLINE_HOME=.loomline-sample make demo`; or begin anew with `make clean`.",
        )


def set_sample_aside(settings: Settings, data: Path) -> Path | None:
    """Make room for `data` in a home that holds nothing but the sample; None where it does not.

    The engine is stopped and the home's content is moved, whole, into a sub-folder; moved back it
    is what it was. Nothing is moved when `data` lies in the home.

    Returns:
        The folder that the sample is in now.
    """
    sources = landed_sources(settings)
    is_sample = bool(sources) and all(name.startswith(SAMPLE_PREFIX) for name in sources)
    if not is_sample or data.resolve().is_relative_to(settings.home.resolve()):
        return None
    stop_engine(settings)
    folder = settings.home / "set_aside" / f"sample-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    folder.mkdir(parents=True)
    # The lake last: while it is in its place, a move that was cut off is gone on with.
    entries = sorted(settings.home.iterdir(), key=lambda path: path.name == "lake")
    for entry in entries:
        if entry != folder.parent:
            entry.rename(folder / entry.name)
    return folder
