"""Models that are text: how one is logged in MLflow, registered, and found again for a date."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient
from pyspark.sql import SparkSession

from loomline.lake import table_version
from loomline.settings import Settings
from models.registry import CANDIDATE, FEATURE_VERSION, TRAINED_AS_OF, open_registry
from models.validation_report.files import log_files

PACKAGE = Path(__file__).resolve().parent
REQUIRED = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy")


@dataclass(frozen=True)
class RegisteredModel:
    """A version of a registered model."""

    version: str
    run_id: str
    trained_as_of: date


@dataclass(frozen=True)
class ModelText:
    """A model as text, and the script, within this package, that serves it.

    The script finds the text in the artifact `name`.
    """

    name: str
    text: str
    script: str

    @property
    def file(self) -> str:
        """What the text's file is called in the run."""
        return f"{self.name}.json"


@dataclass(frozen=True)
class ModelKind:
    """The names of a registered model and of the experiment of its runs, and what it says."""

    name: str
    experiment: str
    description: str


@dataclass(frozen=True)
class Origin:
    """Of what a model was trained: the date, the Delta version of each table, the code.

    By the `tags` a later run knows whether the version is of what is declared then.
    """

    trained_as_of: date
    tags: Mapping[str, str]
    table_versions: Mapping[str, int]
    code_commit: str

    @property
    def feature_version(self) -> str:
        """The versions of what is declared, in a word."""
        return "/".join(self.tags[name] for name in sorted(self.tags))

    def all_tags(self) -> dict[str, str]:
        """As tags of a run and of a model version."""
        tables = {f"delta_version.{name}": str(x) for name, x in self.table_versions.items()}
        return {
            **self.tags,
            **tables,
            TRAINED_AS_OF: self.trained_as_of.isoformat(),
            FEATURE_VERSION: self.feature_version,
            "code_commit": self.code_commit,
        }


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """What is logged of a training; `answer` is what the model says of the `example` rows.

    `report` has the files of its validation report by name, `texts` what else is kept, likewise.
    """

    name: str
    parameters: Mapping[str, object]
    figures: Mapping[str, float]
    model: ModelText
    example: pd.DataFrame
    answer: pd.DataFrame
    report: Mapping[str, bytes]
    texts: Mapping[str, str]


def table_versions(spark: SparkSession, names: Sequence[str]) -> dict[str, int]:
    """The Delta version of each of the tables that are there."""
    versions = {name: table_version(spark, name) for name in names}
    return {name: version for name, version in versions.items() if version is not None}


def open_experiment(settings: Settings, name: str) -> MlflowClient:
    """A client of this home's MLflow; the experiment is made where missing."""
    client = open_registry(settings)
    if client.get_experiment_by_name(name) is None:
        location = (settings.home / "mlflow" / "artifacts").as_uri()
        client.create_experiment(name, artifact_location=location)
    return client


def newest_known(
    client: MlflowClient,
    model_name: str,
    as_of_date: date,
    tags: Mapping[str, str],
    may_be: Callable[[str], bool] = lambda version: True,
) -> RegisteredModel | None:
    """The newest version with these tags that knew of nothing later than the date, or none.

    `may_be` says of a version whether the record of approvals allows it.
    """
    found = [
        RegisteredModel(
            str(one.version), str(one.run_id), date.fromisoformat(one.tags[TRAINED_AS_OF])
        )
        for one in client.search_model_versions(f"name = '{model_name}'")
        if all(one.tags.get(name) == value for name, value in tags.items())
    ]
    known = [one for one in found if one.trained_as_of <= as_of_date and may_be(one.version)]
    return max(known, key=lambda one: (one.trained_as_of, int(one.version)), default=None)


def read_text(client: MlflowClient, found: RegisteredModel, file: str) -> str:
    """The text of a registered version."""
    return Path(client.download_artifacts(found.run_id, file)).read_text(encoding="utf-8")


def _log_text_model(model: ModelText, example: pd.DataFrame, answer: pd.DataFrame) -> str:
    """Log a model in the active run, as text and as MLflow serves it; returns its address."""
    mlflow.log_text(model.text, model.file)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / model.file
        path.write_text(model.text, encoding="utf-8")
        logged = mlflow.pyfunc.log_model(
            name=model.name,
            python_model=str(PACKAGE / model.script),
            artifacts={model.name: str(path)},
            code_paths=[str(PACKAGE)],
            signature=infer_signature(example, answer),
            input_example=example,
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIRED],
        )
    return str(logged.model_uri)


def log_candidate(
    client: MlflowClient,
    kind: ModelKind,
    run: TrainingRun,
    origin: Origin,
    tags: Mapping[str, str],
) -> RegisteredModel:
    """Log one run with all that belongs to a model, and register it with the alias `candidate`.

    Run and version have the tags and those of the origin; the version that of its report too, so
    that a registered version is complete.
    """
    every = {**tags, **origin.all_tags()}
    mlflow.set_experiment(kind.experiment)
    with mlflow.start_run(run_name=run.name, tags=every) as started:
        mlflow.log_params(dict(run.parameters))
        mlflow.log_metrics(dict(run.figures))
        for file, text in run.texts.items():
            mlflow.log_text(text, file)
        uri = _log_text_model(run.model, run.example, run.answer)
        every |= log_files(run.report)
    if not client.search_registered_models(f"name = '{kind.name}'"):
        client.create_registered_model(kind.name, description=kind.description)
    run_id = started.info.run_id
    made = client.create_model_version(kind.name, uri, run_id, tags=every)
    client.set_registered_model_alias(kind.name, CANDIDATE, str(made.version))
    return RegisteredModel(str(made.version), run_id, origin.trained_as_of)
