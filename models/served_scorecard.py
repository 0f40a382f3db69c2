"""The script that MLflow stores with a registered scorecard and runs to load it: no pickle."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from models.scorecard import Scorecard


class ServedScorecard(PythonModel):
    """Probability of default and score from named feature columns."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the card that was stored with the model."""
        text = Path(context.artifacts["scorecard"]).read_text(encoding="utf-8")
        self.scorecard = Scorecard.from_json(text)

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, object] | None = None,
    ) -> pd.DataFrame:
        """`pd_ratio` and `score`, one row per row of the input."""
        return self.scorecard.predict(model_input)


set_model(ServedScorecard())
