"""Serve the pages of a Loomline home in the foreground: MLflow's and Airflow's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
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
    # The server's own telemetry would call home.
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    _serve("MLflow", command, environment, folder / "server.log", (address, port), say)


def serve_airflow(settings: Settings, say: Callable[[str], None] = print) -> None:
    """Serve the Airflow page, with its scheduler, until it is interrupted.

    The DAG stays paused until someone turns it on, so that looking starts no run.

    Raises:
        LoomlineError: a port is taken, or Airflow ended by itself.
    """
    address, port = settings.bind_address, settings.airflow_port
    for used in (port, port + 1, port + 2):
        check_port(address, used, "LOOMLINE_AIRFLOW_PORT")
    folder = airflow_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "airflow", "standalone"]
    environment = airflow_environment(settings)
    _serve("Airflow", command, environment, folder / "standalone.log", (address, port), say)


def _serve(
    name: str,
    command: list[str],
    environment: Mapping[str, str],
    log: Path,
    endpoint: tuple[str, int],
    say: Callable[[str], None],
) -> None:
    """Run a server in its own process group, say where its page is, and end the group with us."""
    say(f"Starting {name}; its log is {log}.")
    # Whatever ends this process must end the server too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with log.open("ab") as log_file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=log_file,
            env=environment,
            start_new_session=True,
        )
    try:
        _wait_for_page(name, process, endpoint, log)
        say(f"{name} is at http://{endpoint[0]}:{endpoint[1]} (no password). Ctrl-C stops it.")
        process.wait()
        raise LoomlineError(f"{name} ended with code {process.returncode}.", f"Look at {log}.")
    except KeyboardInterrupt:
        say(f"{name} is stopped.")
    finally:
        _end_group(process)


def _wait_for_page(
    name: str, process: subprocess.Popen[bytes], endpoint: tuple[str, int], log: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not port_answers(*endpoint):
        if process.poll() is not None:
            raise LoomlineError(f"{name} ended while it was starting.", f"Look at {log}.")
        if time.monotonic() > deadline:
            raise LoomlineError(
                f"{name} did not answer within {START_SECONDS} seconds.", f"Look at {log}."
            )
        time.sleep(0.3)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Interrupt the server as Ctrl-C would, so that it ends its parts; then end what is left."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
