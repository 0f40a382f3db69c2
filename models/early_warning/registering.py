"""Log a trained warning model in MLflow with its report, register it, and read it again."""

from __future__ import annotations

from dataclasses import asdict

from mlflow.tracking import MlflowClient

from loomline.settings import Settings
from models.early_warning.specification import (
    ARTIFACT,
    EXPERIMENT_NAME,
    MODEL_FILE,
    MODEL_NAME,
    Specification,
)
from models.early_warning.training import TrainingPart
from models.early_warning.warning_model import WarningModel
from models.hazard_report.evidence import Evidence
from models.hazard_report.reference import REFERENCE_FILE
from models.hazard_report.report import reported
from models.inventory import DeclaredModel
from models.registered import (
    ModelKind,
    ModelText,
    Origin,
    RegisteredModel,
    TrainingRun,
    log_candidate,
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


def read_warning_model(client: MlflowClient, found: RegisteredModel) -> WarningModel:
    """The model of a registered version."""
    return WarningModel.from_json(read_text(client, found, MODEL_FILE))


def log_and_register(
    client: MlflowClient,
    model: WarningModel,
    part: TrainingPart,
    evidence: Evidence,
    specification: Specification,
    origin: Origin,
    entry: DeclaredModel,
) -> RegisteredModel:
    """Log one run with all that belongs to the model, and register it as the candidate.

    Figures and report are of enterprises that were left out of the fit, on the training dates; what
    the model reaches out of time and out of chain is in docs/early-warning.md. `entry` is that of
    the inventory.
    """
    example = part.dates.values.head(EXAMPLES)
    found = reported(evidence, asdict(specification), MODEL_NAME, origin, entry)
    run = TrainingRun(
        name=f"Hazard as of {origin.trained_as_of}: {part.distressed_count} enterprises in "
        "distress",
        parameters={**asdict(specification), "chosen": evidence.trained.setting},
        figures={
            **found.figures,
            "distressed_count": float(part.distressed_count),
            "person_interval_count": float(len(part.person.row)),
            "alarm_threshold": model.threshold,
        },
        model=ModelText(ARTIFACT, model.to_json(), SCRIPT),
        example=example,
        answer=model.predict(example),
        report=found.files,
        texts={REFERENCE_FILE: found.reference},
    )
    return log_candidate(client, KIND, run, origin, found.tags)
