"""What can be replayed: credit scores, early warnings, and the health of machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pyspark.sql import SparkSession

from loomline.lake import quoted, rows_at
from models.early_warning import job as early_warning
from models.early_warning.specification import MODEL_NAME as WARNING_MODEL
from models.governance.use import VersionInUse, version_by_record
from models.machine_health import job as machine_health
from models.machine_health.inputs import failed_machines, read_history
from models.machine_health.specification import MODEL_NAME as FAILURE_MODEL
from models.master_scale import Grade, MasterScale
from models.registry import read_scorecard, scorecards
from models.replay.replaying import Rebuilt, Subject
from models.replay.then import Then
from models.score.job import MASTER_SCALE, SCORES, score_columns, scorecard_in_use
from models.scored_rows import scored_rows
from models.specification import MODEL_NAME as SCORE_MODEL
from models.training_set import read_features


def _scale_then(spark: SparkSession, ended_at: datetime) -> MasterScale:
    """The master scale as it was when a run ended."""
    history = spark.sql(f"describe history {quoted(MASTER_SCALE)}").toArrow().to_pylist()
    version = max(
        (x["version"] for x in history if x["timestamp"].astimezone(UTC) <= ended_at), default=0
    )
    rows = rows_at(spark, MASTER_SCALE, version).orderBy("position").collect()
    names = ("grade", "pd_up_to_ratio", "meaning_en", "meaning_zh")
    grades = tuple(Grade(**{name: row[name] for name in names}) for row in rows)
    return MasterScale(description=f"{MASTER_SCALE} at version {version}", grades=grades)


def _scores(then: Then, enterprises: Sequence[str]) -> Rebuilt:
    """The scores of those enterprises that had features."""
    context, client, approvals = then.context, then.desk.client, then.approvals
    features = read_features(context.spark, context.as_of_date, context.table_versions)
    registered = scorecards(client, features.feature_version)
    found = [one for one in registered if one.version in then.versions]
    scorecard = scorecard_in_use(found, context.as_of_date, approvals)
    if scorecard is None:
        raise then.none_by_record()
    is_approved = scorecard.version in approvals.approved
    rows = scored_rows(
        read_scorecard(client, scorecard),
        features.values.loc[[one for one in enterprises if one in features.values.index]],
        features.names,
        _scale_then(context.spark, then.run.ended_at),
        score_columns(context.as_of_date, scorecard, features.feature_version, is_approved),
    )
    return Rebuilt(rows, scorecard.version, scorecard.trained_as_of)


def _version(then: Then, tags: Mapping[str, str]) -> VersionInUse | None:
    """The version with these tags that the record gave to the run."""
    return version_by_record(
        *(then.desk, then.approvals, then.context.as_of_date, tags),
        lambda version: version in then.versions,
    )


def _warnings(then: Then, enterprises: Sequence[str]) -> Rebuilt:
    """The warnings of all borrowers: the last bit of a sum may hang on the rows beside it."""
    borrowers = early_warning.read_borrowers(then.context)
    used = _version(then, borrowers.tags) if borrowers is not None else None
    if borrowers is None or used is None:
        raise then.none_by_record()
    rows = early_warning.warnings_by(then.context, used, borrowers)
    return Rebuilt(rows, used.model.version, used.model.trained_as_of)


def _health(then: Then, machines: Sequence[str]) -> Rebuilt:
    """The health of all machines: the others say which readings are of which."""
    history = read_history(then.context, machine_health.SPECIFICATION.history_days)
    used = None
    if failed_machines(then.context) >= machine_health.SPECIFICATION.least_failed:
        used = _version(then, machine_health.TAGS)
    rows = machine_health.health_by(used, history)
    if used is None:
        return Rebuilt(rows, None, None)
    return Rebuilt(rows, used.model.version, used.model.trained_as_of)


SCORE = Subject("score", SCORES, "enterprise_id", SCORE_MODEL, ("score", "grade"), _scores)
WARNING = Subject(
    *("early_warning", early_warning.WARNINGS, "enterprise_id", WARNING_MODEL),
    figures=("pd_90_ratio", "is_alarm"),
    rebuild=_warnings,
)
MACHINE = Subject(
    *("machine_health", machine_health.HEALTH, "machine_id", FAILURE_MODEL),
    figures=("failure_30_ratio", "missing_reason", "is_anomaly"),
    rebuild=_health,
)
