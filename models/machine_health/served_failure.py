"""The script that MLflow stores with a registered failure model and runs to load it."""

from __future__ import annotations

from mlflow.models import set_model

from models.machine_health.failure_model import FailureModel
from models.served_text import ServedText

set_model(ServedText("failure_model", FailureModel.from_json))
