"""Serve the pages of a Loomline home in the foreground: MLflow's and Airflow's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from loomline.airflow_home import airflow_environment, airflow_folder
from loomline.engine.checks import check_port, port_answers
from loomline.errors import LoomlineError
from loomline.settings import Settings

START_SECONDS = 180
STOP_SECONDS = 30


def serve_mlflow(settings: Settings, say: Callable[[str], None] = print) -> None:
    """Serve the MLflow page until it is interrupted.

    Raises:
        LoomlineError: the port is taken, or the server ended by itself.
    """
    address, port = settings.bind_address, settings.mlflow_port
    check_port(address, port, "LOOMLINE_MLFLOW_PORT")
    folder = settings.home / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server"]
    command += ["--backend-store-uri", settings.mlflow_uri]
    command += ["--default-artifact-root", str(folder / "artifacts")]
    command += ["--host", address, "--port", str(port), "--workers", "1"]
    # Seven more processes would serve features for chat models, which nothing here uses.
    unused = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", **unused}
    log = folder / "server.log"
    _serve(Page("MLflow", address, port, "/#/models"), [command], environment, log, say)


def serve_airflow(settings: Settings, say: Callable[[str], None] = print) -> None:
    """Serve the Airflow page, with its scheduler, until it is interrupted.

    The DAG stays paused until someone turns it on, so that looking starts no run. The parts are
    those of `airflow standalone` without its log servers, which listen on every interface, and
    without the triggerer, which no task needs.

    Raises:
        LoomlineError: the port is taken, or a part of Airflow ended by itself.
    """
    address, port = settings.bind_address, settings.airflow_port
    check_port(address, port, "LOOMLINE_AIRFLOW_PORT")
    folder = airflow_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    environment, log = airflow_environment(settings), folder / "page.log"
    airflow = [sys.executable, "-m", "airflow"]
    with log.open("ab") as log_file:
        migrated = subprocess.run(
            [*airflow, "db", "migrate"],
            stdout=log_file,
            stderr=log_file,
            env=environment,
            check=False,
        )
    if migrated.returncode:
        raise LoomlineError("Airflow's database can't be prepared.", f"Look at {log}.")
    parts = (["scheduler", "--skip-serve-logs"], ["dag-processor"], ["api-server"])
    commands = [[*airflow, *part] for part in parts]
    _serve(Page("Airflow", address, port, "/dags"), commands, environment, log, say)


@dataclass(frozen=True)
class Page:
    """A page: whose it is, where its server listens, and the path to open first."""

    name: str
    address: str
    port: int
    path: str


def _serve(
    page: Page,
    commands: list[list[str]],
    environment: Mapping[str, str],
    log: Path,
    say: Callable[[str], None],
) -> None:
    """Run the processes of a page, say where it is, and end them with us."""
    say(f"Starting {page.name}; its log is {log}.")
    # Whatever ends this process must end the servers too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with log.open("ab") as log_file:
            for command in commands:
                processes.append(
                    subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=log_file,
                        stderr=log_file,
                        env=environment,
                        start_new_session=True,
                    )
                )
        _wait_for_page(page, processes, log)
        address = f"http://{page.address}:{page.port}{page.path}"
        say(f"{page.name} is at {address} (no password). Ctrl-C stops it.")
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        raise LoomlineError(f"{page.name} ended.", f"Look at {log}.")
    except KeyboardInterrupt:
        say(f"Stopping {page.name}; a task that is running has {STOP_SECONDS} seconds to end.")
    finally:
        _end(processes)


def _wait_for_page(page: Page, processes: list[subprocess.Popen[bytes]], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not port_answers(page.address, page.port):
        if any(process.poll() is not None for process in processes):
            raise LoomlineError(f"{page.name} ended while it was starting.", f"Look at {log}.")
        if time.monotonic() > deadline:
            raise LoomlineError(
                f"{page.name} did not answer within {START_SECONDS} seconds.", f"Look at {log}."
            )
        time.sleep(0.3)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Interrupt every process as Ctrl-C would, so that it ends its parts; then end what is left."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
