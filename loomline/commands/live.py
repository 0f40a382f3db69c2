"""`loomline live`: a simulated ecosystem runs on, and the lake with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from loomline.broker.gateway import start_gateway, stop_gateway
from loomline.broker.servers import start_brokers, stop_brokers
from loomline.commands.demo import DEMO_DATE, make_ecosystem
from loomline.commands.shown import OutputFormat, print_frame
from loomline.contracts.catalogue import sources_of_files
from loomline.engine.server import start_engine
from loomline.engine.session import open_session
from loomline.jobs import DAILY_JOBS
from loomline.runner import run_job
from loomline.settings import Settings, load_settings

# Reached by their paths: nothing of the lake imports the simulator, the core no stream.
FOLLOWER, PACE, ARRIVAL = "simulator.follow", "simulator.feed.pace", "streaming.arrival"
STREAM = "from loomline.commands.main import main; main()"
# What moves from day to day.
SHOWN = """
select
    machine_state,
    count(*) as machines,
    round(median(hours_since_reading), 1) as median_hours_since_reading,
    max(last_read_at) as newest_reading
from marts.factory_machine_state
where as_of_date = date'{day}'
group by machine_state
order by machines desc
"""


@contextmanager
def _streaming(settings: Settings) -> Iterator[None]:
    """Engine, brokers, gateway and `loomline stream` are up; all but the engine end with it."""
    start_engine(settings)
    start_brokers(settings)
    start_gateway(settings)
    stream = subprocess.Popen(
        [sys.executable, "-c", STREAM, "stream"], env={**os.environ, **settings.environment}
    )
    try:
        yield
    finally:
        stream.terminate()
        stream.wait()
        stop_gateway(settings)
        stop_brokers(settings)


def _take_day(settings: Settings, files: Path, day: date) -> None:
    """Run the daily jobs for a day that is over, and show what has moved."""
    for job in DAILY_JOBS:
        run_job(job.name, day, files, settings)
    print_frame(open_session(settings).sql(SHOWN.format(day=day)), OutputFormat.TABLE)


def live(
    speed: Annotated[
        float, typer.Option(min=0.001, help="Times real time; 480 makes a day three minutes.")
    ] = 480,
    days: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many days; else at Ctrl-C.")
    ] = None,
) -> None:
    """Let the demo's ecosystem run on: machines send in real time or faster, marts move daily.

    Messages flow through MQTT, OPC UA and Kafka into silver as they are sent; once a simulated day
    is over, its files are landed and the daily jobs run, while the next day flows already.
    """
    settings = load_settings()
    folder = settings.home / "ecosystem"
    make_ecosystem(folder, DEMO_DATE.date())
    files_only = settings.taking(sources_of_files(settings.catalog))
    pace, simulator = import_module(PACE).Pace(speed=speed), import_module(FOLLOWER)
    with (
        _streaming(settings),
        import_module(ARRIVAL).arrivals(settings) as count_arrived,
        ThreadPoolExecutor(1) as pool,
    ):
        before: Future[None] | None = None
        parameters = simulator.parameters_of(folder)
        following = simulator.follow(settings, folder, parameters, count_arrived, pace)
        for day in islice(following, days):
            if before is not None:
                before.result()
            before = pool.submit(_take_day, files_only, folder / "files", day)
        if before is not None:
            before.result()
