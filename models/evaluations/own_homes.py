"""Homes of evaluations' own, and commands in them as a person would give them.

Models do not know how jobs are run, nor how ecosystems are simulated: each command is a process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from loomline.engine.checks import free_ports
from loomline.engine.server import stop_engine
from loomline.errors import LoomlineError
from loomline.settings import Settings

LOOMLINE = (sys.executable, "-c", "from loomline.commands.main import main; main()")


@contextmanager
def own_home(home: Path) -> Iterator[Settings]:
    """Settings of a home whose engine can run beside any other; it is stopped at the end."""
    connect, thrift = free_ports(2)
    settings = Settings(
        home=home, connect_port=connect, thrift_port=thrift, spark_remote="", sources=""
    )
    # One that a killed run left serves ports that nobody knows any more.
    stop_engine(settings)
    try:
        yield settings
    finally:
        stop_engine(settings)


def run_command(arguments: Sequence[str], settings: Settings) -> None:
    """Run `loomline` with these arguments in a home; what it prints is not shown.

    Raises:
        LoomlineError: it failed; the remedy is what it said.
    """
    environment = {**os.environ, **settings.environment}
    done = subprocess.run(
        [*LOOMLINE, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LoomlineError(f"`loomline {' '.join(arguments)}` failed.", done.stderr.strip())


def run_job(job: str, as_of_date: date, files: Path, settings: Settings) -> None:
    """Run a job for a date in a home, on the source files of a folder.

    Raises:
        LoomlineError: it failed; the remedy is what it said.
    """
    command = ["run", job, "--date", as_of_date.isoformat(), "--data", str(files)]
    run_command(command, settings)
