"""Does the trust ratio tell machines whose readings are faked from honest ones?

Run from the repository, in a home of its own: LOOMLINE_HOME=FOLDER python bench/data_trust.py.
It simulates an economy, writes the last four weeks of what the machines of the cheats and of some
honest firms send, brings that into the lake, and compares marts.factory_data_trust with who cheats
and whose clock is wrong, which only the simulator knows. It prints the table of
docs/digital-mirror.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from loomline.engine.session import open_session
from loomline.runner import run_job
from loomline.settings import load_settings
from simulator.calendar import date_of
from simulator.day.opening import open_state
from simulator.day.step import step
from simulator.dialects.facts import Facts, make_directory
from simulator.disorder import Outbox
from simulator.randomness import Draws
from simulator.telemetry.messages import telemetry
from simulator.telemetry.readings import Density
from simulator.world import cheats
from simulator.world.draw import World, draw_world

# The last cheat has begun by day 60.
DAYS, WINDOW = 90, 28
FAKED = {
    cheats.REPLAYED_SENSORS: "replayed sensor values",
    cheats.FROZEN_SENSORS: "frozen sensor values",
}
JOBS = ("land", "conform", "rollup", "enterprise", "marts")
WRONG_CLOCK_SECONDS = 60
THRESHOLD = 0.5
# How the simulator's messages name a machine.
MACHINE = re.compile(rb"[A-Z]M-[0-9]{5}")


def machines_of(world: World, honest: int) -> pd.DataFrame:
    """The machines of all who fake readings and of so many who do not: code, kind, clock."""
    cheat = world.firms.cheat
    chosen = np.isin(cheat, [*FAKED])
    chosen[np.flatnonzero(~chosen)[:honest]] = True
    machine = np.flatnonzero(chosen[world.machines.firm])
    clock = world.machines.clock_drift_seconds[machine]
    kind = np.where(np.abs(clock) > WRONG_CLOCK_SECONDS, "honest, wrong clock", "honest")
    kind = np.where(np.abs(clock) > 86_400, "honest, clock of another year", kind).astype(object)
    for number, name in FAKED.items():
        kind[cheat[world.machines.firm[machine]] == number] = name
    codes = make_directory(world).machine_codes.take(machine).to_pylist()
    return pd.DataFrame({"machine_code": codes, "kind": kind, "clock_seconds": clock})


def write_telemetry(world: World, machines: pd.DataFrame, density: Density, folder: Path) -> None:
    """The messages of these machines in the last days, in the files of their vendors."""
    codes = {code.encode() for code in machines.machine_code}
    directory, state, pending = make_directory(world), open_state(world), {}
    for day in range(DAYS):
        state, events = step(world, state, day)
        if day < DAYS - WINDOW:
            continue
        facts = Facts(world, directory, day, state, events)
        for delivery in telemetry(facts, Outbox(Draws(world.seed, day), pending), density):
            assert not isinstance(delivery.content, bytes)
            lines = b"".join(delivery.content).splitlines(keepends=True)
            ours = [line for line in lines if not codes.isdisjoint(MACHINE.findall(line))]
            path = folder / delivery.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(ours))


def measured(machines: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The machines with what the mart says of their last four weeks."""
    settings, last = load_settings(), date_of(DAYS - 1)
    for job in JOBS:
        run_job(job, last, folder if job == "land" else None, settings)
    columns = "split_part(machine_id, '/', 3) as machine_code, trust_ratio, clock_error_seconds"
    trust = open_session(settings).sql(
        f"select {columns} from marts.factory_data_trust "
        f"where as_of_date = date'{last}' and period_days = {WINDOW}"
    )
    return machines.merge(trust.toPandas(), on="machine_code", how="left")


def report(rows: pd.DataFrame) -> None:
    """Print a row a kind, and how many pairs of a cheat and an honest machine are in order."""
    print("| machines | count | trust: lowest, median, highest | below 0.5 |")
    print("| --- | --- | --- | --- |")
    for kind, group in rows.groupby("kind"):
        low, middle, high = group.trust_ratio.quantile([0, 0.5, 1])
        below = int((group.trust_ratio < THRESHOLD).sum())
        print(f"| {kind} | {len(group)} | {low:.3f}, {middle:.3f}, {high:.3f} | {below} |")
    faked = rows[rows.kind.isin(FAKED.values())].trust_ratio.to_numpy()
    honest = rows[rows.kind == "honest"].trust_ratio.to_numpy()
    ordered = (faked[:, None] < honest[None, :]).mean()
    error = (rows.clock_error_seconds - rows.clock_seconds).abs()
    print(f"\npairs in the right order: {ordered:.4f}")
    print(f"clock error found to within: {error.median():.0f} s (median), {error.max():.0f} s")


def main(
    enterprises: Annotated[int, typer.Option()] = 1000,
    honest: Annotated[int, typer.Option(help="Honest firms to compare with.")] = 25,
    seed: Annotated[int, typer.Option()] = 23,
    full_density: Annotated[bool, typer.Option()] = False,
) -> None:
    """Simulate, bring in, compare, print."""
    density = Density.FULL if full_density else Density.SPARSE
    with TemporaryDirectory() as folder:
        world = draw_world(seed, enterprises)
        machines = machines_of(world, honest)
        write_telemetry(world, machines, density, Path(folder))
        report(measured(machines, Path(folder)))


if __name__ == "__main__":
    typer.run(main)
