"""A trained warning model of made-up firms, as its report judges it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path

from mlflow.tracking import MlflowClient

from loomline.settings import PROJECT_ROOT, Settings
from models.early_warning.evidence import warning_evidence
from models.early_warning.registering import log_and_register, open_warnings
from models.early_warning.specification import MODEL_NAME, Specification
from models.early_warning.training import train_hazard, training_part
from models.early_warning.warning_model import warning_model
from models.hazard_report.evidence import Evidence
from models.inventory import declared_model
from models.registered import Origin, RegisteredModel
from tests.unit.made_up_hazards import ecosystem

SETTINGS = Specification(inverse_penalties=(1.0,))
SIGNS = {"x0": 1, "x1": 1}
ORIGIN = Origin(
    date(2020, 9, 30),
    {"covariates_version": "c1", "families_version": "f1"},
    {"features.window_value": 3},
    "c0ffee",
)
ENTRY = declared_model(PROJECT_ROOT / "catalog", MODEL_NAME)


def judged() -> Evidence:
    """Training and evidence made anew; a tenth of x1 is missing, the newest date is scored."""
    dates, _ = ecosystem(11)
    dates.values.loc[::10, "x1"] = float("nan")
    part = training_part(dates, dates.observed_until, SETTINGS)
    newest = dates.values[dates.as_of_date == dates.as_of_date.max()]
    trained = train_hazard(part, SIGNS, SETTINGS)
    return warning_evidence(part, trained, SIGNS, newest, SETTINGS)


@cache
def evidence() -> Evidence:
    """The same, made once."""
    return judged()


def registered(home: Path) -> tuple[MlflowClient, RegisteredModel]:
    """A version of it with its report in the registry of a home."""
    client = open_warnings(Settings(home=home))
    found = evidence()
    dates, _ = ecosystem(11)
    part = training_part(dates, dates.observed_until, SETTINGS)
    model = warning_model(part, found.trained, SETTINGS)
    return client, log_and_register(client, model, part, found, SETTINGS, ORIGIN, ENTRY)


def settings() -> dict[str, object]:
    """The settings of the training by name."""
    return asdict(SETTINGS)
