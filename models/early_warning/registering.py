"""Log a trained warning model in MLflow, register it, and find the one that holds for a date."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient

from loomline.settings import Settings
from models.early_warning import judging
from models.early_warning.firm_dates import outcome_within
from models.early_warning.hazard import HazardModel, probabilities
from models.early_warning.specification import Specification
from models.early_warning.training import Trained, TrainingPart
from models.early_warning.warning_model import WarningModel
from models.registry import CANDIDATE, TRAINED_AS_OF, open_registry

MODEL_NAME, EXPERIMENT_NAME = "early_warning", "Early warning of distress"
MODEL_FILE = "warning_model.json"
DECLARED, FAMILIES = "covariates_version", "families_version"
PACKAGE = Path(__file__).resolve().parent.parent
EXAMPLES = 5


@dataclass(frozen=True)
class RegisteredWarning:
    """A registered warning model."""

    version: str
    run_id: str
    trained_as_of: date


def open_warnings(settings: Settings) -> MlflowClient:
    """A client of this home's MLflow; the experiment is made where missing."""
    client = open_registry(settings)
    if client.get_experiment_by_name(EXPERIMENT_NAME) is None:
        location = (settings.home / "mlflow" / "artifacts").as_uri()
        client.create_experiment(EXPERIMENT_NAME, artifact_location=location)
    return client


def warning_model_for(
    client: MlflowClient, as_of_date: date, tags: Mapping[str, str]
) -> RegisteredWarning | None:
    """The newest version with these tags that knew of nothing later than the date, or none."""
    found = [
        RegisteredWarning(
            str(one.version), str(one.run_id), date.fromisoformat(one.tags[TRAINED_AS_OF])
        )
        for one in client.search_model_versions(f"name = '{MODEL_NAME}'")
        if all(one.tags.get(name) == value for name, value in tags.items())
    ]
    known = [one for one in found if one.trained_as_of <= as_of_date]
    return max(known, key=lambda one: (one.trained_as_of, int(one.version)), default=None)


def read_warning_model(client: MlflowClient, found: RegisteredWarning) -> WarningModel:
    """The model of a registered version."""
    path = Path(client.download_artifacts(found.run_id, MODEL_FILE))
    return WarningModel.from_json(path.read_text(encoding="utf-8"))


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
    area = judging.area_under_curve(distressed[counts], said, place.astype(np.int64), len(names))
    found = judging.estimate(area, len(names), specification.seed)
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
) -> RegisteredWarning:
    """Log one run with all that belongs to the model, and register it as the candidate."""
    example = part.dates.values.head(EXAMPLES)
    every = {**tags, TRAINED_AS_OF: trained_as_of.isoformat()}
    mlflow.set_experiment(EXPERIMENT_NAME)
    name = f"Hazard as of {trained_as_of}: {part.distressed_count} enterprises in distress"
    with mlflow.start_run(run_name=name, tags=every) as run:
        mlflow.log_params({**asdict(specification), "chosen": trained.setting})
        mlflow.log_metrics(
            {
                **out_of_fold_figures(part, trained, specification),
                "distressed_count": float(part.distressed_count),
                "person_interval_count": float(len(part.person.row)),
                "alarm_threshold": model.threshold,
            }
        )
        mlflow.log_text(model.to_json(), MODEL_FILE)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / MODEL_FILE
            path.write_text(model.to_json(), encoding="utf-8")
            logged = mlflow.pyfunc.log_model(
                name="warning_model",
                python_model=str(PACKAGE / "early_warning" / "served_warning.py"),
                artifacts={"warning_model": str(path)},
                code_paths=[str(PACKAGE)],
                signature=infer_signature(example, model.predict(example)),
                input_example=example,
                pip_requirements=[
                    f"{x}=={version(x)}"
                    for x in ("mlflow", "numpy", "pandas", "scikit-learn", "scipy")
                ],
            )
    if not client.search_registered_models(f"name = '{MODEL_NAME}'"):
        client.create_registered_model(
            MODEL_NAME, description="Probability of distress within 30, 60 and 90 days."
        )
    made = client.create_model_version(
        MODEL_NAME, str(logged.model_uri), run.info.run_id, tags=every
    )
    client.set_registered_model_alias(MODEL_NAME, CANDIDATE, str(made.version))
    return RegisteredWarning(str(made.version), run.info.run_id, trained_as_of)
