"""Homes of engines for tests: free ports, small memory, their own folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from loomline.engine.checks import free_ports
from loomline.engine.server import engine_folder
from loomline.settings import PROJECT_ROOT, Settings

# A process of a job gets so long, on a busy machine too.
WAIT_SECONDS = 1200
KILL_SECONDS = 240

PORTS = ("CONNECT", "THRIFT", "MLFLOW", "AIRFLOW", "MQTT", "KAFKA", "KAFKA_CONTROLLER")


def home_environment(home: Path) -> dict[str, str]:
    """The environment variables that put a Loomline home into a folder, on free ports."""
    variables = {"LOOMLINE_HOME": str(home), "LOOMLINE_ENGINE_MEMORY": "2g"}
    for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True):
        variables[f"LOOMLINE_{name}_PORT"] = str(port)
    return variables


@dataclass(frozen=True)
class Home:
    """A home with an engine of its own, worked on by processes of their own."""

    settings: Settings
    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a process of `tests.integration.child`."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.integration.child", *arguments],
            cwd=PROJECT_ROOT,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        """What the process printed; it must succeed."""
        process = self.start(*arguments)
        printed, complaint = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == 0, complaint
        return printed

    def hashes(self, tables: Iterable[str], condition: str = "true") -> dict[str, str]:
        """Content hashes of the rows for which the condition holds, by table."""
        hashes: dict[str, str] = json.loads(self.run("hashes", condition, *tables).splitlines()[-1])
        return hashes

    def query(self, sql: str) -> list[dict[str, str | None]]:
        """The rows of a query, every value as text."""
        rows: list[dict[str, str | None]] = json.loads(self.run("query", sql).splitlines()[-1])
        return rows

    def commits(self, table: str) -> set[Path]:
        """The Delta commits of a table; `*` stands for every table of a schema."""
        schema, _, name = table.partition(".")
        return set(self.settings.warehouse.glob(f"{schema}.db/{name}/_delta_log/*.json"))

    def kill_engine(self) -> None:
        """End the engine's processes at once, as a power cut would."""
        engine = psutil.Process(int((engine_folder(self.settings) / "engine.pid").read_text()))
        family = [engine, *engine.children(recursive=True)]
        for process in family:
            # A helper that the engine ran may have come to its own end meanwhile.
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        # A process that waits for its disk dies only when the disk has answered.
        _, alive = psutil.wait_procs(family, timeout=KILL_SECONDS)
        assert not alive, f"these live on: {alive}"


def make_home(folder: Path) -> Home:
    """A home in a folder, its engine not started yet."""
    environment = home_environment(folder)
    names = {name.removeprefix("LOOMLINE_").lower(): value for name, value in environment.items()}
    settings = Settings.model_validate(names)
    return Home(settings, environment)
