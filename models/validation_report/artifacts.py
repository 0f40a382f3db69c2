"""The report's files, and how they get to the MLflow run of the model."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from dataclasses import asdict
from pathlib import Path

import mlflow
import pandas as pd

from models.master_scale import MasterScale
from models.registry import VALIDATION_REPORT, VALIDATION_REPORT_FILE
from models.specification import Specification
from models.training import Trained
from models.training_set import FeatureFrame, TrainingSet
from models.validation_report.concerns import concerns
from models.validation_report.findings import Findings, findings
from models.validation_report.page import render_page
from models.validation_report.pdf import render_pdf
from models.validation_report.sections import Subject, document

FOLDER, PAGE = VALIDATION_REPORT_FILE.split("/")
PDF, DATA = "report.pdf", "findings.json"


def _without_nan(value: object) -> object:
    """The value with None for every number that JSON has no word for."""
    if isinstance(value, dict):
        return {key: _without_nan(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def findings_json(found: Findings, subject: Subject) -> str:
    """Everything that the report says, for programs; `concerns` as in the report's summary."""
    content = {
        "subject": {**asdict(subject), "trained_as_of": subject.trained_as_of.isoformat()},
        "concerns": [asdict(x) for x in concerns(found)],
        "findings": asdict(found),
    }
    return json.dumps(_without_nan(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def report_files(found: Findings, subject: Subject) -> dict[str, bytes]:
    """Page, PDF and findings by file name; the PDF names the hash of the page on every sheet."""
    report = document(found, subject)
    page = render_page(report).encode()
    footer = f"Same content as {PAGE}, SHA-256 {hashlib.sha256(page).hexdigest()}"
    return {
        PAGE: page,
        PDF: render_pdf(report, footer),
        DATA: findings_json(found, subject).encode(),
    }


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
    files = report_files(found, subject)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        mlflow.log_artifacts(folder, FOLDER)
    tags = {VALIDATION_REPORT: hashlib.sha256(files[PAGE]).hexdigest()}
    mlflow.set_tags(tags)
    return tags
