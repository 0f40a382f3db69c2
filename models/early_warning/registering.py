"""Log a trained warning model in MLflow, register it, and find the one that holds for a date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient

from loomline.settings import Settings
from models import unit_figures
from models.early_warning.firm_dates import outcome_within
from models.early_warning.specification import (
    ARTIFACT,
    EXPERIMENT_NAME,
    MODEL_FILE,
    MODEL_NAME,
    Specification,
)
from models.early_warning.training import TrainingPart
from models.early_warning.warning_model import WarningModel
from models.evaluations.resampling import unit_estimate
from models.hazard import HazardModel, probabilities
from models.hazard_training import Trained
from models.registered import (
    ModelKind,
    ModelText,
    RegisteredModel,
    TrainingRun,
    log_candidate,
    newest_known,
    open_experiment,
    read_text,
)

KIND = ModelKind(MODEL_NAME, EXPERIMENT_NAME, "Probability of distress within 30, 60 and 90 days.")
SCRIPT = "early_warning/served_warning.py"
DECLARED, FAMILIES = "covariates_version", "families_version"
EXAMPLES = 5


def open_warnings(settings: Settings) -> MlflowClient:
    """A client of this home's MLflow; the experiment is made where missing."""
    return open_experiment(settings, EXPERIMENT_NAME)


def warning_model_for(
    client: MlflowClient, as_of_date: date, tags: Mapping[str, str]
) -> RegisteredModel | None:
    """The newest version with these tags that knew of nothing later than the date, or none."""
    return newest_known(client, MODEL_NAME, as_of_date, tags)


def read_warning_model(client: MlflowClient, found: RegisteredModel) -> WarningModel:
    """The model of a registered version."""
    return WarningModel.from_json(read_text(client, found, MODEL_FILE))


def out_of_fold_figures(
    part: TrainingPart, trained: Trained[HazardModel], specification: Specification
) -> dict[str, float]:
    """Log loss, and the area under the curve at the last horizon with the ends of its interval.

    They are of enterprises that were left out of the fit, on the training dates; what the model
    reaches out of time and out of chain is in docs/early-warning.md.
    """
    days = specification.horizons[-1]
    counts, distressed = outcome_within(part.dates, days, part.known_by, specification)
    place, names = pd.factorize(part.dates.enterprise_id[counts])
    said = probabilities(trained.out_of_fold)[counts, -1]
    area = unit_figures.area_under_curve(distressed[counts], said, place.astype(np.int64))
    found = unit_estimate(area, len(names), specification.seed)
    name = f"auc_{days}_out_of_fold"
    return {
        "log_loss_out_of_fold": trained.log_loss,
        name: found.value,
        f"{name}_lower": found.lower,
        f"{name}_upper": found.upper,
    }


def log_and_register(
    client: MlflowClient,
    model: WarningModel,
    part: TrainingPart,
    trained: Trained[HazardModel],
    specification: Specification,
    trained_as_of: date,
    tags: Mapping[str, str],
) -> RegisteredModel:
    """Log one run with all that belongs to the model, and register it as the candidate."""
    example = part.dates.values.head(EXAMPLES)
    run = TrainingRun(
        name=f"Hazard as of {trained_as_of}: {part.distressed_count} enterprises in distress",
        trained_as_of=trained_as_of,
        parameters={**asdict(specification), "chosen": trained.setting},
        figures={
            **out_of_fold_figures(part, trained, specification),
            "distressed_count": float(part.distressed_count),
            "person_interval_count": float(len(part.person.row)),
            "alarm_threshold": model.threshold,
        },
        model=ModelText(ARTIFACT, model.to_json(), SCRIPT),
        example=example,
        answer=model.predict(example),
    )
    return log_candidate(client, KIND, run, tags)
