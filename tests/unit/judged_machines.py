"""A trained model of failures of made-up machines in a registry."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from mlflow.tracking import MlflowClient

from loomline.settings import PROJECT_ROOT, Settings
from models.inventory import declared_model
from models.machine_health.evidence import failure_evidence
from models.machine_health.machine_dates import machine_dates, sundays
from models.machine_health.registering import log_and_register, open_failures
from models.machine_health.specification import MODEL_NAME, Specification
from models.machine_health.training import train, training_part
from models.registered import Origin, RegisteredModel
from tests.unit.made_up_machines import day, fleet

SETTINGS = Specification(inverse_penalties=(1.0,), training_days=150)
LAST = 300
ORIGIN = Origin(date(2020, 4, 26), {"covariates_version": "c1"}, {}, "c0ffee")


def registered_failures(home: Path) -> tuple[MlflowClient, RegisteredModel]:
    """A version with its report in the registry of a home."""
    dates = machine_dates(fleet(3), sundays(day(LAST), SETTINGS), SETTINGS)
    part = training_part(dates, day(LAST), SETTINGS)
    evidence = failure_evidence(part, train(part, SETTINGS), dates.values.tail(50), SETTINGS)
    client = open_failures(Settings(home=home))
    entry = declared_model(PROJECT_ROOT / "catalog", MODEL_NAME)
    return client, log_and_register(client, part, evidence, SETTINGS, ORIGIN, entry)
