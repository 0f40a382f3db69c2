"""The report of the default model as files in the MLflow run of the model."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from models.master_scale import MasterScale
from models.specification import Specification
from models.training import Trained
from models.training_set import FeatureFrame, TrainingSet
from models.validation_report.concerns import concerns
from models.validation_report.files import files_of, log_files, plain_json
from models.validation_report.findings import Findings, findings
from models.validation_report.sections import document
from models.validation_report.subject import Subject


def findings_json(found: Findings, subject: Subject) -> str:
    """Everything that the report says, for programs; `concerns` as in the report's summary."""
    return plain_json(
        {
            "subject": subject.content(),
            "concerns": [asdict(x) for x in concerns(found)],
            "findings": asdict(found),
        }
    )


def report_files(found: Findings, subject: Subject) -> dict[str, bytes]:
    """Page, PDF and findings by file name."""
    return files_of(document(found, subject), findings_json(found, subject))


def log_validation_report(
    trained: Trained,
    training_set: TrainingSet,
    features: FeatureFrame,
    specification: Specification,
    scale: MasterScale,
    groups: pd.DataFrame | None,
    subject: Subject,
) -> dict[str, str]:
    """Log the report to the active run, tag the run, and return the tag for the model's versions.

    The arguments are those of `findings`; `subject` says which model it is.
    """
    found = findings(trained, training_set, features, specification, scale, groups)
    return log_files(report_files(found, subject))
