"""Log a trained model of failures in MLflow, register it, and find the one that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient

from loomline.settings import Settings
from models import unit_figures
from models.evaluations.resampling import unit_estimate
from models.hazard import HazardModel, probabilities
from models.hazard_training import Trained
from models.machine_health.failure_model import FailureModel
from models.machine_health.machine_dates import outcome_within
from models.machine_health.specification import (
    ARTIFACT,
    EXPERIMENT_NAME,
    MODEL_FILE,
    MODEL_NAME,
    Specification,
)
from models.machine_health.training import TrainingPart
from models.registered import (
    ModelKind,
    ModelText,
    RegisteredModel,
    TrainingRun,
    log_candidate,
    open_experiment,
    read_text,
)

KIND = ModelKind(
    MODEL_NAME, EXPERIMENT_NAME, "Probability of a failure of a machine within 7 and 30 days."
)
SCRIPT = "machine_health/served_failure.py"
DECLARED = "covariates_version"
EXAMPLES = 5


def open_failures(settings: Settings) -> MlflowClient:
    """A client of this home's MLflow; the experiment is made where missing."""
    return open_experiment(settings, EXPERIMENT_NAME)


def read_failure_model(client: MlflowClient, found: RegisteredModel) -> FailureModel:
    """The model of a registered version."""
    return FailureModel.from_json(read_text(client, found, MODEL_FILE))


def out_of_fold_figures(
    part: TrainingPart, trained: Trained[HazardModel], specification: Specification
) -> dict[str, float]:
    """Log loss, and the area under the curve at each horizon with the ends of its interval.

    They are of owners that were left out of the fit, on the training dates; what the model reaches
    out of time and of other enterprises is in docs/machine-health.md. A horizon at which nothing or
    everything failed has no area.
    """
    figures = {"log_loss_out_of_fold": trained.log_loss}
    said = probabilities(trained.out_of_fold)
    for at, days in enumerate(specification.horizons):
        counts, failed = outcome_within(part.dates, at, part.known_by, specification)
        if not 0 < failed[counts].sum() < counts.sum():
            continue
        place, names = pd.factorize(part.dates.owner[counts])
        area = unit_figures.area_under_curve(
            failed[counts], said[counts, at], place.astype(np.int64)
        )
        found = unit_estimate(area, len(names), specification.seed)
        name = f"auc_{days}_out_of_fold"
        figures |= {name: found.value, f"{name}_lower": found.lower, f"{name}_upper": found.upper}
    return figures


def log_and_register(
    client: MlflowClient,
    part: TrainingPart,
    trained: Trained[HazardModel],
    specification: Specification,
    trained_as_of: date,
    tags: Mapping[str, str],
) -> RegisteredModel:
    """Log one run with all that belongs to the model, and register it as the candidate."""
    model = FailureModel(trained.fitted, specification.horizons)
    example = part.dates.values.head(EXAMPLES)
    run = TrainingRun(
        name=f"Failures as of {trained_as_of}: {part.failed_count} machines failed",
        trained_as_of=trained_as_of,
        parameters={**asdict(specification), "chosen": trained.setting},
        figures={
            **out_of_fold_figures(part, trained, specification),
            "failed_machine_count": float(part.failed_count),
            "person_interval_count": float(len(part.person.row)),
        },
        model=ModelText(ARTIFACT, model.to_json(), SCRIPT),
        example=example,
        answer=model.predict(example),
    )
    return log_candidate(client, KIND, run, tags)
