"""Log a trained model of failures in MLflow with its report, register it, and read it again."""

from __future__ import annotations

from dataclasses import asdict

from mlflow.tracking import MlflowClient

from loomline.settings import Settings
from models.hazard_report.evidence import Evidence
from models.hazard_report.reference import REFERENCE_FILE
from models.hazard_report.report import reported
from models.inventory import DeclaredModel
from models.machine_health.failure_model import FailureModel
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
    Origin,
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


def log_and_register(
    client: MlflowClient,
    part: TrainingPart,
    evidence: Evidence,
    specification: Specification,
    origin: Origin,
    entry: DeclaredModel,
) -> RegisteredModel:
    """Log one run with all that belongs to the model, and register it as the candidate.

    Figures and report are of owners that were left out of the fit, on the training dates; what the
    model reaches out of time and of other enterprises is in docs/machine-health.md. `entry` is that
    of the inventory.
    """
    model = FailureModel(evidence.trained.fitted, specification.horizons)
    example = part.dates.values.head(EXAMPLES)
    found = reported(evidence, asdict(specification), MODEL_NAME, origin, entry)
    run = TrainingRun(
        name=f"Failures as of {origin.trained_as_of}: {part.failed_count} machines failed",
        parameters={**asdict(specification), "chosen": evidence.trained.setting},
        figures={
            **found.figures,
            "failed_machine_count": float(part.failed_count),
            "person_interval_count": float(len(part.person.row)),
        },
        model=ModelText(ARTIFACT, model.to_json(), SCRIPT),
        example=example,
        answer=model.predict(example),
        report=found.files,
        texts={REFERENCE_FILE: found.reference},
    )
    return log_candidate(client, KIND, run, origin, found.tags)
