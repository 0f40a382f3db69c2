"""The script that MLflow stores with a registered failure model and runs to load it: no pickle."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from models.machine_health.failure_model import FailureModel


class ServedFailure(PythonModel):
    """Probabilities of failure by horizon, and mean days to failure, from covariates."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model that was stored with it."""
        text = Path(context.artifacts["failure_model"]).read_text(encoding="utf-8")
        self.model = FailureModel.from_json(text)

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, object] | None = None,
    ) -> pd.DataFrame:
        """The columns of `FailureModel.predict`, one row per row of the input."""
        return self.model.predict(model_input)


set_model(ServedFailure())
