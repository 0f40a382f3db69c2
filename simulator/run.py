"""Run the simulator: day after day, files, truth and state. The only module with effects."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from loomline.errors import LoomlineError
from simulator.calendar import date_of
from simulator.day.opening import open_state
from simulator.day.step import step
from simulator.dialects.bank_fixed_width import bank_fixed_width
from simulator.dialects.bureau_xml import bureau_xml
from simulator.dialects.erp_domestic_xlsx import erp_domestic_xlsx
from simulator.dialects.erp_sap import erp_sap
from simulator.dialects.erp_sap_finance import erp_sap_finance
from simulator.dialects.facts import Delivery, Dialect, Facts, make_directory
from simulator.dialects.logistics_json import logistics_json
from simulator.dialects.mes_csv import mes_csv
from simulator.dialects.meters_csv import meters_csv
from simulator.dialects.monthly_csv import monthly_csv
from simulator.dialects.registry import registry
from simulator.dialects.tax_invoices import tax_invoices
from simulator.dialects.warehouse_csv import warehouse_csv
from simulator.dialects.weather_json import weather_json
from simulator.disorder import Outbox
from simulator.frame import Frame
from simulator.randomness import Draws
from simulator.stored import check_parameters, load_state, save_state
from simulator.telemetry.messages import telemetry
from simulator.telemetry.readings import Density
from simulator.truth import write_day_truth, write_world_truth
from simulator.world.draw import draw_world

# The folder's mark: a lake does not mix these firms with real ones.
INVENTED = "invented.txt"
LEAST_ENTERPRISES, MOST_ENTERPRISES = 20, 20_000
SAY_EVERY_DAYS = 10

DIALECTS: tuple[Dialect, ...] = (
    tax_invoices,
    mes_csv,
    erp_sap,
    erp_sap_finance,
    bank_fixed_width,
    logistics_json,
    warehouse_csv,
    meters_csv,
    registry,
    erp_domestic_xlsx,
    bureau_xml,
    monthly_csv,
    weather_json,
)

# What is asked for once a firm is connected, and reaches back: the other systems have no history.
HISTORIES: tuple[Dialect, ...] = (tax_invoices,)


@dataclass(frozen=True)
class Parameters:
    """What makes a simulation that and no other.

    Before the connected day the firms live, and their systems send nothing.
    """

    enterprises: int
    seed: int
    density: Density = Density.SPARSE
    connected_day: int = 0


def simulate(
    parameters: Parameters,
    days: int,
    out: Path,
    from_day: int = 0,
    say: Callable[[str], None] = print,
) -> None:
    """Simulate `days` days from `from_day` on into `out`.

    Day `from_day` - 1 must have been simulated into the same folder; the files are then byte for
    byte those of one long run.

    Raises:
        LoomlineError: too few enterprises, or no state to continue from.
    """
    if parameters.enterprises < LEAST_ENTERPRISES:
        raise LoomlineError(
            f"{parameters.enterprises} enterprises are too few for an ecosystem.",
            f"Take {LEAST_ENTERPRISES} or more.",
        )
    if parameters.enterprises > MOST_ENTERPRISES:
        raise LoomlineError(
            f"{parameters.enterprises:,} enterprises are more than there are names and codes for.",
            f"Take {MOST_ENTERPRISES:,} or fewer.",
        )
    noted = {**asdict(parameters), "density": parameters.density.name}
    check_parameters(out / "state", noted, is_start=from_day == 0)
    (out / INVENTED).write_text(
        "The firms in this folder are invented; loomline simulate did it.\n"
    )
    world = draw_world(parameters.seed, parameters.enterprises)
    directory = make_directory(world)
    if from_day == 0:
        state = open_state(world)
        pending: dict[str, Frame] = {}
        write_world_truth(out / "truth", world, directory)
    else:
        state, pending = load_state(out / "state", from_day - 1)
    clock = time.monotonic()
    for day in range(from_day, from_day + days):
        state, events = step(world, state, day)
        facts = Facts(world, directory, day, state, events, parameters.connected_day)
        outbox = Outbox(Draws(world.seed, day), pending)
        for dialect in DIALECTS if facts.is_connected else HISTORIES:
            _write(out / "files", dialect(facts, outbox))
        if facts.is_connected:
            _write(out / "files", telemetry(facts, outbox, parameters.density))
        write_day_truth(out / "truth", facts, outbox.sent)
        save_state(out / "state", state, pending)
        done = day - from_day + 1
        if done % SAY_EVERY_DAYS == 0 or done == days:
            pace = parameters.enterprises * done / max(time.monotonic() - clock, 1e-9)
            say(f"{date_of(day)}  day {day}  {done} of {days} done  {pace:,.0f} firm-days a second")


def _write(folder: Path, deliveries: Iterable[Delivery]) -> None:
    """Write files; each appears whole or not at all."""
    for delivery in deliveries:
        path = folder / delivery.path
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.part")
        with unfinished.open("wb") as file:
            content = delivery.content
            for chunk in (content,) if isinstance(content, bytes) else content:
                file.write(chunk)
        unfinished.replace(path)
