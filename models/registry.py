"""The MLflow registry: which model holds for a date, and how a trained one gets there.

A version counts as a champion only once its figures are in the lake: `READY` is set last, so a run
that was killed in between is finished by the next one instead of being trained again.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.tracking import MlflowClient

from loomline.settings import Settings
from models.scorecard import Scorecard
from models.specification import EXPERIMENT_NAME, MODEL_NAME

# Set by an approval alone; the job that trains sets the other two.
CHAMPION, CHALLENGER, CANDIDATE = "champion", "challenger", "candidate"
READY = "figures_in_lake"
TRAINED_AS_OF = "trained_as_of"
FEATURE_VERSION = "feature_version"
TRAINING_SET = "training_set_sha256"
ESTIMATOR = "estimator"
# Months within which a default counts; a version without it was trained on outcomes without a day.
HORIZON_MONTHS = "horizon_months"
# The SHA-256 of the page, as a tag of a version, and where the page lies in its run.
VALIDATION_REPORT = "validation_report_sha256"
VALIDATION_REPORT_FILE = "validation/report.html"
SCORECARD_FILE = "scorecard.json"
FIGURES_FILE = "figures.json"


@dataclass(frozen=True)
class RegisteredScorecard:
    """A registered scorecard; `challenger_version` is that of the model it was compared with.

    `horizon_months` are those within which a default counts; None where outcomes had no day.
    """

    version: str
    run_id: str
    trained_as_of: date
    training_set_sha256: str
    is_ready: bool
    challenger_version: str
    horizon_months: int | None = None


def open_registry(settings: Settings) -> MlflowClient:
    """A client of this home's MLflow; the store and the experiment are made where missing."""
    folder = settings.home / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    # MLflow tells of every migration, lock file and copied byte; a failure still raises.
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(settings.mlflow_uri)
    client = MlflowClient()
    if client.get_experiment_by_name(EXPERIMENT_NAME) is None:
        location = (folder / "artifacts").as_uri()
        client.create_experiment(EXPERIMENT_NAME, artifact_location=location)
    return client


def _as_registered(version: ModelVersion) -> RegisteredScorecard:
    tags = version.tags
    return RegisteredScorecard(
        version=str(version.version),
        run_id=str(version.run_id),
        trained_as_of=date.fromisoformat(tags[TRAINED_AS_OF]),
        training_set_sha256=tags[TRAINING_SET],
        is_ready=READY in tags,
        challenger_version=tags.get(CHALLENGER, ""),
        horizon_months=int(tags[HORIZON_MONTHS]) if HORIZON_MONTHS in tags else None,
    )


def is_scorecard(version: ModelVersion) -> bool:
    """Whether a version is a scorecard, and not the challenger of one."""
    return version.tags.get(ESTIMATOR) == "scorecard"


def model_versions(client: MlflowClient, model_name: str = MODEL_NAME) -> list[ModelVersion]:
    """Every registered version of a model, challengers among them, the oldest first."""
    found = client.search_model_versions(f"name = '{model_name}'")
    return sorted(found, key=lambda version: int(version.version))


def scorecards(client: MlflowClient, feature_version: str) -> list[RegisteredScorecard]:
    """Every registered scorecard that was trained on this version of the features."""
    return [
        _as_registered(version)
        for version in model_versions(client)
        if is_scorecard(version) and version.tags.get(FEATURE_VERSION) == feature_version
    ]


def scorecard_of(client: MlflowClient, version: str) -> RegisteredScorecard:
    """The registered scorecard of a version."""
    return _as_registered(client.get_model_version(MODEL_NAME, version))


def newest(found: list[RegisteredScorecard]) -> RegisteredScorecard | None:
    """The scorecard that was trained last; of one date the highest version; none of none."""
    return max(found, key=lambda x: (x.trained_as_of, int(x.version)), default=None)


def champion_for(
    found: list[RegisteredScorecard],
    as_of_date: date,
    may_be_used: Callable[[str], bool] = lambda version: True,
) -> RegisteredScorecard | None:
    """The newest ready scorecard that knew of nothing later than the date, or none.

    `may_be_used` says of a version whether the record of approvals allows it.
    """
    ready = [x for x in found if x.is_ready and x.trained_as_of <= as_of_date]
    return newest([x for x in ready if may_be_used(x.version)])


def still_holds(
    champion: RegisteredScorecard, as_of_date: date, training_set_sha256: str, patience: timedelta
) -> bool:
    """Whether a date needs no new scorecard.

    None is needed where nothing else is known than this one was trained on, nor on a later date
    until `patience` is over.
    """
    if champion.training_set_sha256 == training_set_sha256:
        return True
    return champion.trained_as_of < as_of_date < champion.trained_as_of + patience


def unfinished_for(
    found: list[RegisteredScorecard], as_of_date: date, training_set_sha256: str
) -> RegisteredScorecard | None:
    """A scorecard of this date and training set whose run ended before its figures were stored."""
    training = (as_of_date, training_set_sha256)
    return newest(
        [
            x
            for x in found
            if not x.is_ready and (x.trained_as_of, x.training_set_sha256) == training
        ]
    )


def finish(
    client: MlflowClient, found: list[RegisteredScorecard], champion: RegisteredScorecard
) -> None:
    """Give the aliases of what was trained last to it; last of all, mark it as ready.

    The alias `champion` is not among them: it follows an approval.
    """
    ready = [x for x in found if x.is_ready and x.version != champion.version]
    if newest([*ready, champion]) == champion:
        client.set_registered_model_alias(MODEL_NAME, CANDIDATE, champion.version)
        if champion.challenger_version:
            client.set_registered_model_alias(MODEL_NAME, CHALLENGER, champion.challenger_version)
    client.set_model_version_tag(MODEL_NAME, champion.version, READY, "true")


def _read_artifact(client: MlflowClient, run_id: str, name: str) -> str:
    return Path(client.download_artifacts(run_id, name)).read_text(encoding="utf-8")


def read_scorecard(client: MlflowClient, champion: RegisteredScorecard) -> Scorecard:
    """The card of a registered version."""
    return Scorecard.from_json(_read_artifact(client, champion.run_id, SCORECARD_FILE))


def read_figures(
    client: MlflowClient, champion: RegisteredScorecard
) -> dict[str, list[dict[str, object]]]:
    """The rows of `scores.model_metric` and `scores.model_calibration`, by table name."""
    content = _read_artifact(client, champion.run_id, FIGURES_FILE)
    figures: dict[str, list[dict[str, object]]] = json.loads(content)
    return figures
