"""How fast the simulator is: the story alone, with all files, and sensor messages at full density.

Run from the repository: python bench/simulator_speed.py. One core; writes to a temporary folder.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated

import pyarrow.parquet as pq
import typer

from simulator.day.opening import open_state
from simulator.day.step import step
from simulator.run import Parameters, simulate
from simulator.telemetry.readings import Density
from simulator.world.draw import draw_world

# Vendor A's messages hold three readings each.
READINGS_A_MESSAGE = {"telemetry_a": 3, "telemetry_b": 1, "telemetry_opc_ua": 1}


def story_seconds(enterprises: int, days: int) -> float:
    """Seconds for the days alone, nothing written."""
    world = draw_world(1, enterprises)
    state = open_state(world)
    clock = time.perf_counter()
    for day in range(days):
        state, _ = step(world, state, day)
    return time.perf_counter() - clock


def readings_sent(folder: Path) -> int:
    """Sensor readings in the messages of a folder."""
    sent = pq.read_table(folder / "truth" / "sent.parquet").to_pandas()
    per_row = sent.source.map(READINGS_A_MESSAGE).fillna(0)
    return int((sent["rows"] * per_row).sum())


def run_seconds(enterprises: int, days: int, density: Density) -> tuple[float, int, int]:
    """Seconds of a whole run, the bytes of its files, and the sensor readings in them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clock = time.perf_counter()
        simulate(Parameters(enterprises, 1, density), days, folder, say=lambda _line: None)
        seconds = time.perf_counter() - clock
        size = sum(p.stat().st_size for p in (folder / "files").rglob("*") if p.is_file())
        return seconds, size, readings_sent(folder)


def main(
    enterprises: Annotated[int, typer.Option(help="How many enterprises.")] = 1000,
    days: Annotated[int, typer.Option(help="How many days.")] = 30,
) -> None:
    """Measure and print a table."""
    print("| what | seconds | firm-days a second | readings a second | MB a day |")
    print("| --- | --- | --- | --- | --- |")
    seconds = story_seconds(enterprises, days)
    print(f"| the story alone | {seconds:.1f} | {enterprises * days / seconds:,.0f} | | |")
    for density in Density:
        seconds, size, readings = run_seconds(enterprises, days, density)
        print(
            f"| all files, {density.name.lower()} sensors | {seconds:.1f} | "
            f"{enterprises * days / seconds:,.0f} | {readings / seconds:,.0f} | "
            f"{size / days / 1e6:.0f} |"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\nPeak memory {peak / 1024:,.0f} MB.")


if __name__ == "__main__":
    typer.run(main)
