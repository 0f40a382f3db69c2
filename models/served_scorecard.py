"""The script that MLflow stores with a registered scorecard and runs to load it."""

from __future__ import annotations

from mlflow.models import set_model

from models.scorecard import Scorecard
from models.served_text import ServedText

set_model(ServedText("scorecard", Scorecard.from_json))
