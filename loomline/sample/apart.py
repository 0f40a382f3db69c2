"""Keep invented firms and a person's own apart: a portfolio is of one or the other.

Invented are the sample, whose sources begin with `sample_`, and whatever comes from a folder with
the mark of `loomline simulate`; a lake that holds such gets the mark too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from loomline.contracts.catalogue import load_contracts
from loomline.engine.server import stop_engine
from loomline.errors import LoomlineError
from loomline.settings import Settings

SAMPLE_PREFIX = "sample_"
MARK = "invented.txt"


def landed_sources(settings: Settings) -> set[str]:
    """The sources that this home's lake holds rows of; known without an engine."""
    bronze = settings.warehouse / "bronze.db"
    return {name for name in load_contracts(settings.catalog) if (bronze / name).is_dir()}


def _mark(settings: Settings) -> Path:
    return settings.home / "lake" / MARK


def _others(sources: set[str]) -> set[str]:
    return {name for name in sources if not name.startswith(SAMPLE_PREFIX)}


def refuse_mixture(settings: Settings, data: Path, new: set[str]) -> None:
    """Raise a `LoomlineError` when invented firms and others would share the lake.

    `new` are the sources that are to land from `data`.
    """
    landed, mark = landed_sources(settings), _mark(settings)
    is_marked = any((folder / MARK).exists() for folder in (data, *data.parents))
    lake_is_real = bool(_others(landed)) and not mark.exists()
    new_is_real = bool(_others(new)) and not is_marked
    lake_is_invented = mark.exists() or bool(landed - _others(landed))
    new_is_invented = is_marked or bool(new - _others(new))
    if (lake_is_real and new_is_invented) or (
        new_is_real and (lake_is_invented or new_is_invented)
    ):
        raise LoomlineError(
            f"{settings.home} would hold invented firms and others: "
            f"{', '.join(sorted(landed | new))}.",
            "Use a home of its own for the invented ones: `make stop`, then "
            "`LOOMLINE_HOME=.loomline-sample make demo`; or begin anew with `make clean`.",
        )
    if is_marked and new:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def set_sample_aside(settings: Settings, data: Path) -> Path | None:
    """Make room for `data` in a home that holds nothing but invented firms; else None.

    The engine is stopped and the home's content is moved, whole, into a sub-folder; moved back it
    is what it was. Nothing is moved when `data` lies in the home.

    Returns:
        The folder that the sample is in now.
    """
    sources = landed_sources(settings)
    is_invented = bool(sources) and (_mark(settings).exists() or not _others(sources))
    if not is_invented or data.resolve().is_relative_to(settings.home.resolve()):
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
