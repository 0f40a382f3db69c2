"""Default of rated firms from their invoices, with and without what a history's length gives away.

The one evaluation of a model that the daily job trains, so it goes the job's own way: a lake of its
own, in a folder that is thrown away, up to the features. Protocol and results: docs/models.md.
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from loomline.job import JobContext
from models.evaluations.evaluation import Evaluation, Figure
from models.evaluations.one_processor import on_one_processor
from models.evaluations.own_homes import own_home, run_job
from models.specification import FEATURE_SETS, FeatureSet, Specification
from models.training_set import read_features, read_training_set
from models.validation import validate

# After the last invoice and every outcome.
AS_OF_DATE = date(2020, 2, 29)
JOBS = ("land", "conform", "enterprise", "features")
NAMES: dict[FeatureSet, str] = {"all": "all features", "without_history": "without history"}


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """The figures of the cross-validation of a training on these files."""
    with tempfile.TemporaryDirectory() as home, own_home(Path(home)) as settings:
        for job in JOBS:
            run_job(job, AS_OF_DATE, folder, settings)
        context = JobContext(settings, AS_OF_DATE, folder)
        features = read_features(context.spark, AS_OF_DATE)
        known = read_training_set(context, features, Specification())
        context.spark.stop()
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
