"""Rebuild past scores from what was recorded of them, and say what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from mlflow.tracking import MlflowClient
from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import in_condition, quoted, rows_at, sql_literal
from models.governance.approvals import Desk, open_desk
from models.governance.standing import Standing, standing
from models.master_scale import Grade, MasterScale
from models.registry import RegisteredScorecard, model_versions, read_scorecard, scorecards
from models.score.job import MASTER_SCALE, SCORES, score_columns, scorecard_in_use
from models.scored_rows import scored_rows
from models.specification import MODEL_NAME
from models.training_set import FEATURES, NAMES, read_features

JOB_RUNS = "ops.job_runs"


@dataclass(frozen=True)
class Difference:
    """A column of a score that was rebuilt to another value than is recorded."""

    column: str
    recorded: object
    rebuilt: object


@dataclass(frozen=True)
class Run:
    """The run that wrote a date's scores, and the Delta versions of what it read."""

    run_id: str
    started_at: datetime
    ended_at: datetime
    table_versions: Mapping[str, int]
    code_commit: str


@dataclass(frozen=True)
class Replayed:
    """A past score, what it was made from, and what differs when it is made again."""

    enterprise_id: str
    model_version: str
    trained_as_of: date
    run: Run
    recorded: Mapping[str, object]
    differences: tuple[Difference, ...]


def _scoring_run(spark: SparkSession, as_of_date: date) -> Run:
    """The run that wrote the date's scores as they are now: the last that wrote any of the date."""
    rows = spark.sql(
        f"select run_id, started_at, ended_at, tables_read, code_commit from {JOB_RUNS} "
        f"where job = 'score' and as_of_date = {sql_literal(as_of_date)} "
        f"and map_contains_key(tables_written, {sql_literal(SCORES)}) "
        "order by started_at desc limit 1"
    ).toArrow()
    if not rows.num_rows:
        raise LoomlineError(
            f"No run that scored {as_of_date} is on record.",
            "What wrote these scores left no trace in ops.job_runs; look at their Delta history.",
        )
    (row,) = rows.to_pylist()
    read = dict(row["tables_read"])
    versions = {name: read[name] for name in (FEATURES, NAMES)}
    started_at, ended_at = (row[name].astimezone(UTC) for name in ("started_at", "ended_at"))
    return Run(row["run_id"], started_at, ended_at, versions, row["code_commit"])


def _recorded(
    spark: SparkSession, as_of_date: date, enterprises: Sequence[str]
) -> dict[str, dict[str, object]]:
    """The rows of scores as they are recorded, by enterprise."""
    of_date = spark.table(SCORES).where(f"as_of_date = {sql_literal(as_of_date)}")
    rows = of_date.where(in_condition("enterprise_id", enterprises)).toArrow().to_pylist()
    found = {row["enterprise_id"]: row for row in rows}
    missing = sorted(set(enterprises) - set(found))
    if missing:
        raise LoomlineError(
            f"There is no score of {', '.join(missing)} as of {as_of_date}.",
            "See `loomline sql 'select enterprise_id, as_of_date from scores.credit_score'`.",
        )
    if len(found) < len(rows):
        raise LoomlineError(
            f"An enterprise has two scores as of {as_of_date}.",
            "The job writes one: look at the Delta history of scores.credit_score.",
        )
    return found


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


def _scorecard_then(
    client: MlflowClient, feature_version: str, as_of_date: date, run: Run, approvals: Standing
) -> RegisteredScorecard:
    """The scorecard that the rules give for the date, of what was registered and approved then."""
    began = run.started_at.timestamp() * 1000
    there = {str(x.version) for x in model_versions(client) if x.creation_timestamp <= began}
    found = [one for one in scorecards(client, feature_version) if one.version in there]
    scorecard = scorecard_in_use(found, as_of_date, approvals)
    if scorecard is None:
        raise LoomlineError(
            f"By the record of approvals no model scored {as_of_date} when run {run.run_id} began.",
            "The scores of that date are not of this run: look at their Delta history.",
        )
    return scorecard


def _approvals_then(desk: Desk, run: Run) -> Standing:
    before = [event for event in desk.events() if event.recorded_at <= run.started_at]
    return standing(before, MODEL_NAME)


def replay_scores(context: JobContext, enterprises: Sequence[str]) -> list[Replayed]:
    """Make the scores of enterprises as of the context's date again, each column compared.

    Read are the features at the Delta versions that the scoring run read, the master scale of that
    time, and the card that the rules give of the versions and approvals of that time; of the
    recorded scores, nothing. The words of reasons are those of the code as it is now.

    Raises:
        LoomlineError: there is no such score or no record of its run, the record of approvals is
            broken, or the versions of the features are no longer kept.
    """
    spark, desk = context.spark, open_desk(context)
    recorded = _recorded(spark, context.as_of_date, enterprises)
    run = _scoring_run(spark, context.as_of_date)
    features = read_features(spark, context.as_of_date, run.table_versions)
    approvals = _approvals_then(desk, run)
    scorecard = _scorecard_then(
        desk.client, features.feature_version, context.as_of_date, run, approvals
    )
    same_for_all = score_columns(
        context.as_of_date,
        scorecard,
        features.feature_version,
        scorecard.version in approvals.approved,
    )
    rebuilt = scored_rows(
        read_scorecard(desk.client, scorecard),
        features.values.loc[[one for one in recorded if one in features.values.index]],
        features.names,
        _scale_then(spark, run.ended_at),
        same_for_all,
    )
    # A firm without features then has no score to rebuild, and differs in all.
    by_enterprise = {row["enterprise_id"]: row for row in rebuilt.to_pylist()}
    return [
        Replayed(
            enterprise_id=one,
            model_version=scorecard.version,
            trained_as_of=scorecard.trained_as_of,
            run=run,
            recorded=recorded[one],
            differences=differences(recorded[one], by_enterprise.get(one, {})),
        )
        for one in sorted(recorded)
    ]


def differences(
    recorded: Mapping[str, object], rebuilt: Mapping[str, object]
) -> tuple[Difference, ...]:
    """The columns of the two rows that are not equal, or that only one of them has."""
    names = [*recorded, *(name for name in rebuilt if name not in recorded)]
    return tuple(
        Difference(name, recorded.get(name), rebuilt.get(name))
        for name in names
        if name not in recorded or name not in rebuilt or recorded[name] != rebuilt[name]
    )
