"""Log a trained model as one MLflow run that a person can read, and register both models."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.pandas_dataset import from_pandas
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient

from models.inventory import DeclaredModel
from models.master_scale import MasterScale
from models.model_card import model_card
from models.plots import bins_figure, calibration_figure, roc_figure, score_figure
from models.registered import Origin
from models.registry import (
    CHALLENGER,
    ESTIMATOR,
    FEATURE_VERSION,
    FIGURES_FILE,
    HORIZON_MONTHS,
    SCORECARD_FILE,
    TRAINING_SET,
    RegisteredScorecard,
)
from models.specification import (
    EXPERIMENT_NAME,
    MODEL_NAME,
    PRODUCTION_FEATURE_SET,
    Estimator,
    Specification,
)
from models.training import Trained
from models.training_set import FEATURES, FeatureFrame, TrainingSet
from models.validation_report.artifacts import log_validation_report
from models.validation_report.subject import Subject

PACKAGE = Path(__file__).resolve().parent
# scikit-learn's own classes that the safe format does not trust unless they are named.
SKOPS_TRUSTED_TYPES = [
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.model_selection._split.StratifiedKFold",
]


@dataclass(frozen=True)
class Provenance:
    """What a model was trained on: date, features, Delta version of each table, code."""

    trained_as_of: date
    features: FeatureFrame
    features_location: str
    table_versions: dict[str, int]
    code_commit: str

    def tags(self) -> dict[str, str]:
        """As tags of a run and of a model version."""
        versions = {FEATURE_VERSION: self.features.feature_version}
        origin = Origin(self.trained_as_of, versions, self.table_versions, self.code_commit)
        return origin.all_tags()

    def subject(self, training_set_sha256: str) -> Subject:
        """As the head of the validation report."""
        return Subject(
            MODEL_NAME,
            self.trained_as_of,
            self.features.feature_version,
            training_set_sha256,
            self.code_commit,
            self.table_versions,
        )


def figure_rows(trained: Trained, training_set: TrainingSet) -> dict[str, list[dict[str, object]]]:
    """The rows of `scores.model_metric` and `scores.model_calibration`, less their model."""
    metrics = [
        {
            "estimator": found.estimator,
            "feature_set": found.feature_set,
            "metric": metric,
            "estimate": figure.value,
            "lower": figure.lower,
            "upper": figure.upper,
            "enterprise_count": len(training_set.outcome),
            "default_count": training_set.default_count,
        }
        for found in trained.validated
        for metric, figure in found.figures.items()
    ]
    return {"model_metric": metrics, "model_calibration": [asdict(x) for x in trained.reliability]}


def _log_figures(trained: Trained, training_set: TrainingSet) -> None:
    figures = {
        f"{found.feature_set}/{found.estimator}/{metric}{suffix}": value
        for found in trained.validated
        for metric, figure in found.figures.items()
        for suffix, value in (
            ("", figure.value),
            ("_lower", figure.lower),
            ("_upper", figure.upper),
        )
    }
    mlflow.log_metrics(figures)
    scores = trained.scorecard.score(training_set.values)
    outcome = training_set.outcome
    mlflow.log_figure(roc_figure(trained, outcome), "plots/roc.png")
    mlflow.log_figure(calibration_figure(trained), "plots/calibration.png")
    mlflow.log_figure(score_figure(trained, scores, outcome), "plots/scores.png")
    mlflow.log_figure(bins_figure(trained), "plots/bins.png")


def _log_scorecard(trained: Trained, values: pd.DataFrame) -> str:
    example = values[trained.scorecard.feature_names].head(5).reset_index(drop=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / SCORECARD_FILE
        path.write_text(trained.scorecard.to_json(), encoding="utf-8")
        logged = mlflow.pyfunc.log_model(
            name="scorecard",
            python_model=str(PACKAGE / "served_scorecard.py"),
            artifacts={"scorecard": str(path)},
            code_paths=[str(PACKAGE)],
            signature=infer_signature(example, trained.scorecard.predict(example)),
            input_example=example,
            pip_requirements=[f"{x}=={version(x)}" for x in ("mlflow", "numpy", "pandas")],
        )
    return str(logged.model_uri)


def _log_challenger(trained: Trained, values: pd.DataFrame) -> str:
    example = values.head(5).reset_index(drop=True)
    probability = trained.challenger.predict_proba(example)
    logged = mlflow.sklearn.log_model(
        trained.challenger,
        name="gradient_boosting",
        signature=infer_signature(example, probability),
        input_example=example,
        pyfunc_predict_fn="predict_proba",
        serialization_format="skops",
        skops_trusted_types=SKOPS_TRUSTED_TYPES,
        pip_requirements=[
            f"{x}=={version(x)}" for x in ("mlflow", "numpy", "pandas", "scikit-learn", "skops")
        ],
    )
    return str(logged.model_uri)


def _register(
    client: MlflowClient,
    uri: str,
    run_id: str,
    estimator: Estimator,
    description: str,
    tags: dict[str, str],
) -> str:
    registered = client.create_model_version(
        MODEL_NAME,
        uri,
        run_id,
        tags={**tags, ESTIMATOR: estimator},
        description=description,
    )
    return str(registered.version)


def log_and_register(
    client: MlflowClient,
    trained: Trained,
    training_set: TrainingSet,
    specification: Specification,
    provenance: Provenance,
    scale: MasterScale,
    groups: pd.DataFrame | None,
    inventory_entry: DeclaredModel,
) -> RegisteredScorecard:
    """Log one run with everything that belongs to the model, and register champion and challenger.

    The champion is registered last and knows its challenger, so that a scorecard in the registry is
    complete. It is not ready before its figures are in the lake.

    The validation report grades by `scale`; `groups` is indexed by enterprise and has the columns
    `region` and `trade` as far as they are known. The registered model is described by its entry in
    the inventory, as that is now.
    """
    features = provenance.features
    values = training_set.values[features.columns(PRODUCTION_FEATURE_SET)]
    card = model_card(
        trained,
        training_set,
        features.names,
        specification,
        provenance.trained_as_of,
        features.feature_version,
    )
    training_set_sha256 = training_set.sha256(specification)
    tags = {**provenance.tags(), TRAINING_SET: training_set_sha256}
    if training_set.horizon_months is not None:
        tags |= {
            HORIZON_MONTHS: str(training_set.horizon_months),
            "outcome_window": training_set.in_words,
        }
    mlflow.set_experiment(EXPERIMENT_NAME)
    name = (
        f"Scorecard and challenger as of {provenance.trained_as_of}: "
        f"{len(training_set.outcome)} firms, {training_set.default_count} defaults "
        f"{training_set.in_words}"
    )
    with mlflow.start_run(run_name=name, tags=tags, description=card) as run:
        run_id = run.info.run_id
        mlflow.log_params(specification.parameters())
        mlflow.log_param("production_feature_set", PRODUCTION_FEATURE_SET)
        dataset = training_set.values.assign(is_default=training_set.outcome)
        source = DeltaDatasetSource(
            path=provenance.features_location,
            delta_table_version=provenance.table_versions.get(FEATURES),
        )
        mlflow.log_input(
            from_pandas(
                dataset,
                source=source,
                targets="is_default",
                name=f"outcomes known by {provenance.trained_as_of}",
            ),
            context="training",
        )
        _log_figures(trained, training_set)
        mlflow.log_text(card, "model_card.md")
        mlflow.log_text(trained.scorecard.to_json(), SCORECARD_FILE)
        mlflow.log_text(json.dumps(figure_rows(trained, training_set), indent=2), FIGURES_FILE)
        mlflow.log_dict(provenance.table_versions, "table_versions.json")
        report_tags = log_validation_report(
            trained,
            training_set,
            features,
            specification,
            scale,
            groups,
            provenance.subject(training_set_sha256),
        )
        scorecard_uri = _log_scorecard(trained, values)
        challenger_uri = _log_challenger(trained, values)
    tags |= report_tags
    if not client.search_registered_models(f"name = '{MODEL_NAME}'"):
        client.create_registered_model(MODEL_NAME)
    client.update_registered_model(MODEL_NAME, inventory_entry.in_markdown())
    challenger = _register(
        client, challenger_uri, run_id, "gradient_boosting", "Challenger of the scorecard.", tags
    )
    champion = _register(
        client, scorecard_uri, run_id, "scorecard", card, {**tags, CHALLENGER: challenger}
    )
    return RegisteredScorecard(
        version=champion,
        run_id=run_id,
        trained_as_of=provenance.trained_as_of,
        training_set_sha256=training_set_sha256,
        is_ready=False,
        challenger_version=challenger,
        horizon_months=training_set.horizon_months,
    )
