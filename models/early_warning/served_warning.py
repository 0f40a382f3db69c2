"""The script that MLflow stores with a registered warning model and runs to load it: no pickle."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from models.early_warning.warning_model import WarningModel


class ServedWarning(PythonModel):
    """Probabilities of distress by horizon, and whether that is an alarm, from covariates."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model that was stored with it."""
        text = Path(context.artifacts["warning_model"]).read_text(encoding="utf-8")
        self.model = WarningModel.from_json(text)

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, object] | None = None,
    ) -> pd.DataFrame:
        """The columns of `WarningModel.predict`, one row per row of the input."""
        return self.model.predict(model_input)


set_model(ServedWarning())
