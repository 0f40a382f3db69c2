"""Default of rated firms from their invoices, with and without what a history's length gives away.

The one evaluation of a model that the daily job trains, so it goes the job's own way: a lake of its
own, in a folder that is thrown away, up to the features. Protocol and results: docs/models.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from loomline.engine.checks import free_ports
from loomline.engine.server import stop_engine
from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.settings import Settings
from models.evaluations.evaluation import Evaluation, Figure
from models.evaluations.one_processor import on_one_processor
from models.specification import FEATURE_SETS, FeatureSet, Specification
from models.training_set import read_features, read_training_set
from models.validation import validate

# After the last invoice and every outcome.
AS_OF_DATE = date(2020, 2, 29)
JOBS = ("land", "conform", "enterprise", "features")
NAMES: dict[FeatureSet, str] = {"all": "all features", "without_history": "without history"}


def _run_job(job: str, folder: Path, settings: Settings) -> None:
    """Run a job in a home as a person would: models do not know how jobs are run."""
    command = [sys.executable, "-c", "from loomline.commands.main import main; main()"]
    command += ["run", job, "--date", AS_OF_DATE.isoformat(), "--data", str(folder)]
    home = {
        "LOOMLINE_HOME": str(settings.home),
        "LOOMLINE_CONNECT_PORT": str(settings.connect_port),
        "LOOMLINE_THRIFT_PORT": str(settings.thrift_port),
    }
    environment = {**os.environ, **home}
    environment.pop("LOOMLINE_SPARK_REMOTE", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoomlineError(f"The job {job} failed.", done.stderr.strip())


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """The figures of the cross-validation of a training on these files."""
    with tempfile.TemporaryDirectory() as home:
        # A home of its own, with an engine beside any other.
        connect, thrift = free_ports(2)
        settings = Settings(
            home=Path(home), connect_port=connect, thrift_port=thrift, spark_remote=""
        )
        try:
            for job in JOBS:
                _run_job(job, folder, settings)
            context = JobContext(settings, AS_OF_DATE, folder)
            features = read_features(context.spark, AS_OF_DATE)
            known = read_training_set(context, features)
            context.spark.stop()
        finally:
            stop_engine(settings)
    sets = {name: known.values[features.columns(name)] for name in FEATURE_SETS}
    return tuple(
        Figure(
            f"{found.estimator.replace('_', ' ')}, {NAMES[found.feature_set]}",
            metric,
            len(known.outcome),
            estimate,
        )
        for found in validate(sets, known.outcome, Specification())
        for metric, estimate in found.figures.items()
    )


EVALUATION = Evaluation(
    name="sme_invoices",
    question="Which of 123 rated firms default, by their invoices?",
    folder="sme_invoices",
    run=run,
)
