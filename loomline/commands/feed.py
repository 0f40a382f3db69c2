"""`loomline feed`: send a simulated day's telemetry as machines would."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from loomline.settings import load_settings

# Reached by its path, as jobs are: nothing of the lake imports the simulator.
FEEDER = "simulator.feed.run"


def feed(
    folder: Annotated[Path, typer.Argument(help="Folder that `loomline simulate` wrote.")],
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day to send.")],
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="Times real time; 1 unless --rate is given.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Messages a second, whatever their times.")
    ] = None,
    opc_ua_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the OPC UA server that holds the nodes.")
    ] = 4840,
    stay: Annotated[
        float, typer.Option(min=0, help="Seconds that the OPC UA server stays up after the last.")
    ] = 30,
) -> None:
    """Send the telemetry of a simulated day: MQTT messages, and values of a real OPC UA server.

    Example: loomline feed ecosystem --day 2019-07-01 --speed 600
    """
    run = import_module(FEEDER)
    pace = run.Pace(speed=speed, rate=rate)
    run.feed(load_settings(), folder, day.date(), pace, opc_ua_port=opc_ua_port, stay_seconds=stay)
