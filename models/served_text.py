"""How MLflow serves a model that is text: read from its file, asked for rows. No pickle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class Predicting(Protocol):
    """A model that answers rows of named columns, one row per row."""

    def predict(self, values: pd.DataFrame) -> pd.DataFrame:
        """The answers."""


class ServedText(PythonModel):
    """A model whose text was stored with it."""

    def __init__(self, artifact: str, read: Callable[[str], Predicting]) -> None:
        """The text is in the artifact of that name; `read` makes the model of it."""
        self._artifact, self._read = artifact, read

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model."""
        text = Path(context.artifacts[self._artifact]).read_text(encoding="utf-8")
        self.model = self._read(text)

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, object] | None = None,
    ) -> pd.DataFrame:
        """What the model answers."""
        return self.model.predict(model_input)
