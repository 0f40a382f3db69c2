"""Score every enterprise with the champion of the date, with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
from mlflow.exceptions import MlflowException
from pyspark.sql import SparkSession

from loomline.job import JobContext, JobResult
from loomline.lake import (
    clear_rows,
    create_tables,
    remove_rows,
    replace_rows,
    sql_literal,
)
from loomline.scratch import staging_folder
from models.governance.approvals import check_unchanged, open_desk
from models.governance.standing import Standing
from models.master_scale import MasterScale, load_master_scale
from models.registry import RegisteredScorecard, champion_for, read_scorecard, scorecards
from models.score.shadow import SHADOW_SCORES, write_shadow_scores
from models.scored_rows import scored_batches
from models.specification import MODEL_NAME
from models.training_set import FeatureFrame, read_features

SCORES, MASTER_SCALE = "scores.credit_score", "scores.master_scale"


def write_master_scale(spark: SparkSession, scale: MasterScale) -> None:
    """Write the scale to `scores.master_scale` unless it is there."""
    rows = scale.rows()
    if [tuple(row) for row in spark.table(MASTER_SCALE).orderBy("position").collect()] == rows:
        return
    frame = spark.createDataFrame(rows, spark.table(MASTER_SCALE).schema)
    replace_rows(frame, MASTER_SCALE, "true")


def score_columns(
    as_of_date: date, champion: RegisteredScorecard, feature_version: str, is_approved: bool
) -> dict[str, object]:
    """The columns of `scores.credit_score` that have one value for all rows of a run."""
    return {
        "as_of_date": as_of_date,
        "model_name": MODEL_NAME,
        "model_version": champion.version,
        "horizon_months": champion.horizon_months,
        "feature_version": feature_version,
        "is_approved": is_approved,
    }


def scorecard_in_use(
    found: list[RegisteredScorecard], as_of_date: date, approvals: Standing
) -> RegisteredScorecard | None:
    """The scorecard of those found that scores a date by the record of approvals, or none.

    Whether an approved one is complete was looked at when it was approved, and the tag that says so
    is anybody's to delete.
    """
    complete = [
        replace(one, is_ready=True) if one.version in approvals.approved else one for one in found
    ]
    return champion_for(complete, as_of_date, approvals.may_be_used)


def run(context: JobContext) -> JobResult:
    """Write a score for every enterprise that has features as of the date.

    The model is the newest approved one that knew of nothing later than the date; before a first
    approval the newest one. Where there is none, the date is left without scores and a note says
    so. Its challenger scores too, into `scores.shadow_score`.

    Raises:
        LoomlineError: there are no features of the date, the record of approvals is broken, or the
            approved version is no longer what was approved.
    """
    spark, desk = context.spark, open_desk(context)
    create_tables(spark, context.catalog, (SCORES, SHADOW_SCORES, MASTER_SCALE))
    scale = load_master_scale(context.catalog)
    write_master_scale(spark, scale)
    features = read_features(spark, context.as_of_date)
    approvals = desk.standing()
    found = scorecards(desk.client, features.feature_version)
    champion = scorecard_in_use(found, context.as_of_date, approvals)
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    if champion is None:
        for table in (SCORES, SHADOW_SCORES):
            clear_rows(spark, table, condition)
        return JobResult(len(features.values), 0, (_why_not_scored(approvals),))
    if champion.version in approvals.approved:
        check_unchanged(desk, approvals.approved[champion.version])
    same_for_all = score_columns(
        context.as_of_date,
        champion,
        features.feature_version,
        champion.version in approvals.approved,
    )
    card = read_scorecard(desk.client, champion)
    batches = scored_batches(card, features.values, features.names, scale, same_for_all)
    _replace_scores(context, batches, condition)
    notes = [f"{MODEL_NAME} version {champion.version}, trained as of {champion.trained_as_of}"]
    if not approvals.was_ever_approved:
        notes.append(
            "nobody has approved a model yet: these scores are not for decisions; "
            f"`loomline model promote {champion.version}` asks for it"
        )
    notes += _shadow(context, champion, features, condition)
    return JobResult(len(features.values), len(features.values), tuple(notes))


def _replace_scores(context: JobContext, batches: Iterable[pa.Table], condition: str) -> None:
    """Put the rows of batches in the place of a date's scores, in one commit.

    By way of files, so that reasons of a million firms are never in memory all at once.
    """
    with staging_folder(context.settings) as folder:
        for number, batch in enumerate(batches):
            pq.write_table(batch, folder / f"{number:05}.parquet")
        replace_rows(context.spark.read.parquet(str(folder)), SCORES, condition)


def _shadow(
    context: JobContext, champion: RegisteredScorecard, features: FeatureFrame, condition: str
) -> list[str]:
    """Write the challenger's scores; a note where it can't score, which must not stop a bank."""
    try:
        write_shadow_scores(context, champion, features)
    except (MlflowException, OSError, ImportError, ValueError) as error:
        remove_rows(context.spark, SHADOW_SCORES, condition)
        return [f"the challenger did not score: {error}"]
    return []


def _why_not_scored(approvals: Standing) -> str:
    if approvals.was_ever_approved:
        return (
            "not scored: no approved model was trained by then on the features as declared now; "
            "see `loomline model list`"
        )
    return "not scored: no model was trained on outcomes known by then"
