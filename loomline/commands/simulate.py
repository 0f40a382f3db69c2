"""`loomline simulate`: an invented ecosystem of firms, and what its systems and machines send."""

from __future__ import annotations

from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from loomline.settings import load_settings

# Reached by their paths: nothing of the lake imports the simulator, and the core no stream.
SIMULATOR, FOLLOWER, PACE, ARRIVAL = (
    "simulator.run",
    "simulator.follow",
    "simulator.feed.pace",
    "streaming.arrival",
)


def simulate(
    enterprises: Annotated[int, typer.Option(help="How many enterprises; 20 or more.")],
    out: Annotated[Path, typer.Option(help="Folder for files, state and truth.")],
    days: Annotated[
        int | None,
        typer.Option(min=1, help="How many days; the first is 2019-07-01. 1 unless --follow."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    full_density: Annotated[
        bool,
        typer.Option(
            "--full-density",
            help="Read sensors every 30 minutes instead of every two hours: for 1,000 enterprises "
            "over 100 million readings a year.",
        ),
    ] = False,
    connected_day: Annotated[
        int,
        typer.Option(
            min=0, help="Day from which systems send; before it firms live, and nobody is told."
        ),
    ] = 0,
    from_day: Annotated[
        int, typer.Option(min=0, help="Go on from this day; the day before is in the folder.")
    ] = 0,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Go on day after day from the last one, and send each day's messages to the "
            "brokers as machines would, until Ctrl-C or for --days.",
        ),
    ] = False,
    speed: Annotated[float, typer.Option(min=0.001, help="With --follow: times real time.")] = 1.0,
) -> None:
    """Simulate an ecosystem of firms whose truth is known, day by day.

    The folder gets `files` (what the outside world sends; for `loomline land`), `state` (to go on
    from) and `truth` (defaults, cheats, wear, what was sent; for evaluation only).

    Example: loomline simulate --enterprises 200 --days 60 --out ecosystem, and one more day with
    loomline simulate --enterprises 200 --days 1 --from-day 60 --out ecosystem.
    """
    run = import_module(SIMULATOR)
    density = run.Density.FULL if full_density else run.Density.SPARSE
    parameters = run.Parameters(enterprises, seed, density, connected_day)
    if not follow:
        run.simulate(parameters, days or 1, out, from_day)
        return
    settings, pace = load_settings(), import_module(PACE).Pace(speed=speed)
    with import_module(ARRIVAL).arrivals(settings) as count_arrived:
        following = import_module(FOLLOWER).follow(settings, out, parameters, count_arrived, pace)
        for day in islice(following, days):
            print(f"{day} is over.", flush=True)
