"""One engine in a home of its own for all integration tests, with the project's sample in it.

`settings`, `spark`, `run` and `lake` are what tests build on. A test may write further as-of dates,
but leaves the rows of `AS_OF_DATE` as the jobs wrote them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Protocol

import pytest
from pyspark.sql import SparkSession

from loomline.engine.server import start_engine, stop_engine
from loomline.engine.session import open_session
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables
from loomline.runner import run_job
from loomline.sample import write_sample
from loomline.settings import Settings, load_settings
from models.master_scale import load_master_scale
from models.score.job import MASTER_SCALE, write_master_scale
from models.specification import Specification
from tests.integration.homes import Home, home_environment, make_home

AS_OF_DATE = date(2020, 2, 29)
# Before the sample's first credit outcome, so that no model was known and there are no scores.
SCORELESS_DATE = date(2018, 5, 15)
# Dates with everything up to the marts, of which no test changes a row.
FIRST_MARTS_DATE, MARTS_DATE = date(2019, 8, 31), date(2019, 9, 30)
MARTS_JOBS = (
    *("window_features", "features", "train", "score", "scenarios", "monitor"),
    *("indicators", "dimensions", "marts"),
)
# Most tests need a model and not its figures, which are most of the work of a training.
FEW_FIGURES = Specification(repeats=1, permutations=2, bootstrap_samples=200)
# What the sample needs before any job that reads silver tables.
FOUNDATION = ("land", "conform", "enterprise", "identity", "reconcile")


class RunJob(Protocol):
    """Run a job on the shared engine, as `loomline run` does."""

    def __call__(
        self, name: str, as_of_date: date = ..., data: Path | None = None
    ) -> JobResult: ...


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of the shared home; the engine is up while the tests run."""
    environment = home_environment(tmp_path_factory.mktemp("loomline") / "home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("LOOMLINE_")]:
            if name not in ("LOOMLINE_REAL_DATA", "LOOMLINE_JARS"):
                patch.delenv(name)
        # Programs that a job or a test starts find the same home.
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr("models.train.job.SPECIFICATION", FEW_FIGURES)
        shared = load_settings()
        start_engine(shared)
        yield shared
        # A session that outlives its engine would ask for it, again and again.
        session = SparkSession.getActiveSession()
        if session is not None:
            session.stop()
        stop_engine(shared)


@pytest.fixture(scope="session")
def spark(settings: Settings) -> SparkSession:
    """A session of the shared engine."""
    return open_session(settings)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the project's own sample files."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture(scope="session")
def run(settings: Settings) -> RunJob:
    """Runs a job by name; the date is `AS_OF_DATE` unless another is given."""

    def run_named(name: str, as_of_date: date = AS_OF_DATE, data: Path | None = None) -> JobResult:
        return run_job(name, as_of_date, data, settings)

    return run_named


@pytest.fixture(scope="session")
def lake(settings: Settings, spark: SparkSession, sample: Path, run: RunJob) -> JobContext:
    """The context of a run on the shared engine, the sample landed, conformed and reconciled."""
    for name in FOUNDATION:
        run(name, data=sample)
    return JobContext(settings, AS_OF_DATE, sample)


@pytest.fixture(scope="session")
def scoreless_marts(lake: JobContext, run: RunJob) -> JobResult:
    """What the job said when it built the marts of `SCORELESS_DATE`, the grades being known."""
    create_tables(lake.spark, lake.catalog, (MASTER_SCALE,))
    write_master_scale(lake.spark, load_master_scale(lake.catalog))
    return run("marts", SCORELESS_DATE)


@pytest.fixture(scope="session")
def marts_of_two_dates(lake: JobContext, run: RunJob) -> JobContext:
    """The shared lake with scores, warnings, dimensions and marts of both marts dates."""
    run("daily_state")
    for as_of in (FIRST_MARTS_DATE, MARTS_DATE):
        for job in MARTS_JOBS:
            run(job, as_of)
    return JobContext(lake.settings, MARTS_DATE)


@pytest.fixture(scope="module")
def flow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A module's own home, with an engine that its tests start and kill."""
    home = make_home(tmp_path_factory.mktemp("flow"))
    yield home
    stop_engine(home.settings)
