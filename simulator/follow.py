"""Day after day: simulate the next one, and send what its machines say as they would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from loomline.settings import Settings
from simulator.calendar import FIRST_DATE, date_of
from simulator.feed.pace import Pace
from simulator.feed.run import feed
from simulator.run import Parameters, simulate
from simulator.stored import days_to_go_on_from, stored_parameters
from simulator.telemetry.readings import Density

# A gateway that is so far behind is not up.
STAY_SECONDS = 60.0
# Messages a second: as fast as the brokers take them.
AT_ONCE = Pace(rate=1_000_000)
OPC_UA_PORT = 4840


def parameters_of(folder: Path) -> Parameters:
    """The parameters of the simulation in a folder.

    Raises:
        LoomlineError: there is none.
    """
    noted = stored_parameters(folder / "state")
    return Parameters(**{**noted, "density": Density[noted["density"]]})


def simulate_up_to(folder: Path, last: date, parameters: Parameters | None = None) -> int:
    """Simulate the days up to a date that the folder does not have yet; returns how many.

    The parameters are those that the folder was begun with, unless it is new.
    """
    parameters = parameters or parameters_of(folder)
    first = days_to_go_on_from(folder / "state")[-1]
    days = max(0, (last - FIRST_DATE).days - first + 1)
    if days:
        simulate(parameters, days, folder, from_day=first, say=lambda _line: None)
    return days


def send_day(
    settings: Settings,
    folder: Path,
    day: date,
    count_arrived: Callable[[], int],
    pace: Pace = AT_ONCE,
    opc_ua_port: int = OPC_UA_PORT,
    say: Callable[[str], None] = lambda _line: None,
) -> int:
    """Send what machines say on a day, once, and wait a little until it has arrived.

    `count_arrived` counts the messages where they go to. Returns how many were sent.

    A day that was sent is noted in the folder and not sent again. Before the connected day machines
    say nothing.
    """
    note = folder / "feed" / f"{day}.sent"
    if note.exists() or day < date_of(parameters_of(folder).connected_day):
        return 0
    sent = feed(
        *(settings, folder, day, pace, opc_ua_port, STAY_SECONDS),
        say=say,
        count_arrived=count_arrived,
    )
    note.parent.mkdir(exist_ok=True)
    note.touch()
    return sent.total()


def send_up_to(
    settings: Settings, folder: Path, last: date, count_arrived: Callable[[], int]
) -> int:
    """Send what machines said on each day up to a date that was not sent before, day after day.

    Returns how many messages were sent, as `send_day` does.
    """
    connected = date_of(parameters_of(folder).connected_day)
    days = [connected + timedelta(number) for number in range((last - connected).days + 1)]
    return sum(send_day(settings, folder, day, count_arrived) for day in days)


def follow(
    settings: Settings,
    folder: Path,
    parameters: Parameters,
    count_arrived: Callable[[], int],
    pace: Pace,
    opc_ua_port: int = OPC_UA_PORT,
    say: Callable[[str], None] = print,
) -> Iterator[date]:
    """Simulate and send one day more, and one more, for as long as somebody asks for it.

    Yields each day's date when its files are written and its messages are sent.
    """
    while True:
        day = days_to_go_on_from(folder / "state")[-1]
        simulate(parameters, 1, folder, from_day=day, say=say)
        send_day(settings, folder, date_of(day), count_arrived, pace, opc_ua_port, say)
        yield date_of(day)
