"""The script that MLflow stores with a registered warning model and runs to load it."""

from __future__ import annotations

from mlflow.models import set_model

from models.early_warning.warning_model import WarningModel
from models.served_text import ServedText

set_model(ServedText("warning_model", WarningModel.from_json))
