"""An engine that is killed with SIGKILL in the middle of a job leaves what a rerun puts right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest

from loomline.engine.server import engine_folder, stop_engine
from loomline.sample import write_sample
from loomline.sample.files import OUTCOMES_FILE, SALES_FILE
from loomline.settings import PROJECT_ROOT, Settings
from tests.integration.homes import home_environment

ROWS_PER_FILE = 250
FILE_COUNT = 5
ROW_TABLES = ("bronze.sample_sales", "silver.invoice", "quality.quarantine")
TABLES = (
    *ROW_TABLES,
    *("bronze.landed_file", "ops.conformed_file", "silver.credit_record", "silver.enterprise"),
    "quality.reconciliation",
)
WAIT_SECONDS = 300
POLL_SECONDS = 0.002


@dataclass(frozen=True)
class Home:
    """A home with an engine of its own, worked on by processes of their own."""

    settings: Settings
    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
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

    def hashes(self, tables: tuple[str, ...], condition: str = "true") -> dict[str, str]:
        hashes: dict[str, str] = json.loads(self.run("hashes", condition, *tables).splitlines()[-1])
        return hashes

    def commits(self, table: str) -> set[Path]:
        """The Delta commits of a table; `*` stands for every table of a schema."""
        schema, _, name = table.partition(".")
        return set(self.settings.warehouse.glob(f"{schema}.db/{name}/_delta_log/*.json"))

    def data_files(self, table: str) -> set[Path]:
        """The data files of a table, committed or not."""
        schema, _, name = table.partition(".")
        return set(self.settings.warehouse.glob(f"{schema}.db/{name}/*.parquet"))

    def kill_engine(self) -> None:
        """End the engine's processes at once, as a power cut would."""
        engine = psutil.Process(int((engine_folder(self.settings) / "engine.pid").read_text()))
        family = [engine, *engine.children(recursive=True)]
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=30)


def _make_home(folder: Path) -> Home:
    environment = home_environment(folder)
    settings = Settings(
        home=folder,
        connect_port=int(environment["LOOMLINE_CONNECT_PORT"]),
        thrift_port=int(environment["LOOMLINE_THRIFT_PORT"]),
    )
    return Home(settings, environment)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[list[Path]]:
    """Small files of the sample's sales, dirty rows among them; outcomes come with the first."""
    folder = tmp_path_factory.mktemp("kill_sample")
    write_sample(folder / "whole")
    lines = (folder / "whole" / SALES_FILE).read_bytes().splitlines(keepends=True)
    header, dirty = lines[0], lines[-90:]
    rounds = []
    for number, rows in enumerate(np.array_split(np.arange(1, 1 + 5 * ROWS_PER_FILE), FILE_COUNT)):
        part = folder / str(number)
        part.mkdir()
        path = part / f"sample_sales_{number}.csv"
        # The end of the file before comes again: rows that are in silver already.
        kept = [lines[row] for row in range(max(int(rows[0]) - 20, 1), int(rows[-1]) + 1)]
        path.write_bytes(b"".join([header, *kept, *dirty]))
        rounds.append([path])
    outcomes = folder / "0" / OUTCOMES_FILE
    (folder / "whole" / OUTCOMES_FILE).replace(outcomes)
    rounds[0].append(outcomes)
    return rounds


@pytest.fixture(scope="module")
def undisturbed(
    files: list[list[Path]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """A home in which every job ran to its end, file by file."""
    home = _make_home(tmp_path_factory.mktemp("undisturbed"))
    try:
        for paths in files:
            home.run("run", "land", str(paths[0].parent))
        for name in ("conform", "enterprise", "reconcile", "marts"):
            home.run("run", name)
        yield home
    finally:
        stop_engine(home.settings)


@pytest.fixture(scope="module")
def disturbed(
    files: list[list[Path]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """A home with the first files landed and conformed, whose engine is to be killed."""
    home = _make_home(tmp_path_factory.mktemp("disturbed"))
    try:
        home.run("run", "land", str(files[0][0].parent))
        home.run("run", "conform")
        yield home
    finally:
        stop_engine(home.settings)
