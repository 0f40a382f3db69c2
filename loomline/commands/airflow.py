"""`loomline airflow`: any command of Airflow, in this home."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from loomline.airflow_home import airflow_environment, airflow_folder
from loomline.settings import load_settings

# Whatever follows is Airflow's: its options, and its --help.
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def airflow(context: typer.Context) -> None:
    """Run any Airflow command in this home, such as `standalone` or `dags list-runs risk_daily`."""
    settings = load_settings()
    airflow_folder(settings).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "airflow", *context.args]
    # `standalone` starts its parts by the name `airflow`.
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.execve(sys.executable, command, {**airflow_environment(settings), "PATH": programs})
