"""`loomline simulate`: an invented ecosystem of firms, and the files that its systems send."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

# Reached by its path, as jobs are: nothing of the lake imports the simulator.
SIMULATOR = "simulator.run"


def simulate(
    enterprises: Annotated[int, typer.Option(help="How many enterprises; 20 or more.")],
    days: Annotated[int, typer.Option(min=1, help="How many days; the first is 2019-07-01.")],
    out: Annotated[Path, typer.Option(help="Folder for files, state and truth.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    full_density: Annotated[
        bool,
        typer.Option(
            "--full-density",
            help="Read sensors every 30 minutes instead of every two hours: for 1,000 enterprises "
            "over 100 million readings a year.",
        ),
    ] = False,
    from_day: Annotated[
        int, typer.Option(min=0, help="Go on from this day; the day before is in the folder.")
    ] = 0,
) -> None:
    """Simulate an ecosystem of firms whose truth is known, day by day.

    The folder gets `files` (what the outside world sends; for `loomline land`), `state` (to go on
    from) and `truth` (defaults, cheats, wear, what was sent; for evaluation only).

    Example: loomline simulate --enterprises 200 --days 60 --out ecosystem, and one more day with
    loomline simulate --enterprises 200 --days 1 --from-day 60 --out ecosystem.
    """
    run = import_module(SIMULATOR)
    density = run.Density.FULL if full_density else run.Density.SPARSE
    run.simulate(run.Parameters(enterprises, seed, density), days, out, from_day)
