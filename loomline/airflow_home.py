"""Airflow inside a Loomline home: its settings, and one run of a DAG without a scheduler."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from loomline.errors import LoomlineError
from loomline.settings import PROJECT_ROOT, Settings


def airflow_folder(settings: Settings) -> Path:
    """`AIRFLOW_HOME`: Airflow's configuration, database and logs."""
    return settings.home / "airflow"


def run_log_path(settings: Settings, dag: str, as_of_date: date) -> Path:
    """Airflow's own log of the runs of a DAG for a date."""
    return airflow_folder(settings) / "logs" / f"{dag}_{as_of_date}.log"


def airflow_environment(settings: Settings, data: Path | None = None) -> dict[str, str]:
    """The environment of every Airflow process of this home; all it opens is on loopback."""
    address, port = settings.bind_address, settings.airflow_port
    airflow = {
        "CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DEFAULT_TIMEZONE": settings.time_zone,
        # The DAG imports Spark's client, which can take long on a busy machine.
        "CORE__DAGBAG_IMPORT_TIMEOUT": "180",
        "DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "300",
        # Who reaches a loopback port of this machine may do everything in this home anyway.
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "API__HOST": address,
        "API__PORT": str(port),
        "API__BASE_URL": f"http://{address}:{port}",
    }
    environment = {**os.environ, **settings.environment}
    environment["AIRFLOW_HOME"] = str(airflow_folder(settings))
    environment |= {f"AIRFLOW__{name}": value for name, value in airflow.items()}
    if data is not None:
        environment["LOOMLINE_DATA"] = str(data.absolute())
    return environment


def run_dag(
    settings: Settings,
    dag: str,
    as_of_date: date,
    data: Path | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Run a DAG for a date as `airflow dags test` does: every task in one process, in order.

    `say` gets the progress lines of the jobs; Airflow's own lines go to `run_log_path`.

    Raises:
        LoomlineError: a task failed; nothing downstream of it ran.
    """
    log = run_log_path(settings, dag, as_of_date)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "loomline.airflow_run", dag, str(as_of_date), str(log)]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=airflow_environment(settings, data),
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            say(line.rstrip("\n"))
        problem = process.stderr.read().strip()
    if process.returncode:
        raise LoomlineError(
            problem or f"The run of {dag} for {as_of_date} ended with {process.returncode}.",
            f"Airflow's log is {log}.",
        )
