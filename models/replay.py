"""Rebuild past scores from what was recorded of them, and say what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import in_condition, sql_literal
from models.governance.standing import standing
from models.governance.store import sound_events
from models.master_scale import load_master_scale
from models.registry import open_registry, read_scorecard, scorecard_of
from models.score.job import SCORES, score_columns
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
class Replayed:
    """A past score with what it was made from, and what differs when it is made again.

    `table_versions` are the Delta versions that the run read; `run_id` is that run's.
    """

    enterprise_id: str
    model_version: str
    trained_as_of: date
    run_id: str
    table_versions: Mapping[str, int]
    recorded: Mapping[str, object]
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class _Run:
    run_id: str
    started_at: datetime
    tables_read: Mapping[str, int]


def _scoring_run(spark: SparkSession, as_of_date: date) -> _Run:
    """The run that wrote the date's scores as they are now: the last one that succeeded."""
    rows = spark.sql(
        f"select run_id, started_at, tables_read from {JOB_RUNS} where job = 'score' "
        f"and status = 'succeeded' and as_of_date = {sql_literal(as_of_date)} "
        "order by started_at desc limit 1"
    ).toArrow()
    if not rows.num_rows:
        raise LoomlineError(
            f"No run that scored {as_of_date} is on record.",
            f"Run `loomline run score --date {as_of_date}`.",
        )
    (row,) = rows.to_pylist()
    return _Run(row["run_id"], row["started_at"], dict(row["tables_read"]))


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
    return found


def replay_scores(context: JobContext, enterprises: Sequence[str]) -> list[Replayed]:
    """Make the scores of enterprises as of the context's date again, each column compared.

    Read are the features at the Delta versions that the scoring run read, the card of the model
    version that each score names, and the approvals recorded before that run; nothing newer.

    Raises:
        LoomlineError: there is no such score or no record of its run, the record of approvals is
            broken, or the versions of the features are no longer kept.
    """
    spark = context.spark
    recorded = _recorded(spark, context.as_of_date, enterprises)
    run = _scoring_run(spark, context.as_of_date)
    versions = {name: run.tables_read[name] for name in (FEATURES, NAMES)}
    features = read_features(spark, context.as_of_date, versions, enterprises)
    client, scale = open_registry(context.settings), load_master_scale(context.catalog)
    before = [event for event in sound_events(spark) if event.recorded_at <= run.started_at]
    was_approved = standing(before, MODEL_NAME).was_ever_approved
    replayed = []
    for version in sorted({str(row["model_version"]) for row in recorded.values()}):
        champion = scorecard_of(client, version)
        same_for_all = score_columns(
            context.as_of_date, version, features.feature_version, was_approved
        )
        of_version = [name for name, row in recorded.items() if row["model_version"] == version]
        values = features.values.loc[of_version]
        card = read_scorecard(client, champion)
        for rebuilt in scored_rows(card, values, features.names, scale, same_for_all).to_pylist():
            row = recorded[rebuilt["enterprise_id"]]
            replayed.append(
                Replayed(
                    enterprise_id=rebuilt["enterprise_id"],
                    model_version=version,
                    trained_as_of=champion.trained_as_of,
                    run_id=run.run_id,
                    table_versions=versions,
                    recorded=row,
                    differences=differences(row, rebuilt),
                )
            )
    return sorted(replayed, key=lambda one: one.enterprise_id)


def differences(
    recorded: Mapping[str, object], rebuilt: Mapping[str, object]
) -> tuple[Difference, ...]:
    """The columns of the two rows that are not equal to the last bit, or that only one has."""
    names = [*recorded, *(name for name in rebuilt if name not in recorded)]
    return tuple(
        Difference(name, recorded.get(name), rebuilt.get(name))
        for name in names
        if name not in recorded or name not in rebuilt or recorded[name] != rebuilt[name]
    )
