"""The models that maker and checker put to use: those that are fitted and registered in MLflow."""

from __future__ import annotations

from collections.abc import Mapping

from models.early_warning import specification as early_warning
from models.machine_health import specification as machine_health
from models.registry import SCORECARD_FILE
from models.specification import MODEL_NAME

# The file in a version's run that its results are computed from, by the name of the model.
MODEL_FILES: Mapping[str, str] = {
    MODEL_NAME: SCORECARD_FILE,
    early_warning.MODEL_NAME: early_warning.MODEL_FILE,
    machine_health.MODEL_NAME: machine_health.MODEL_FILE,
}
