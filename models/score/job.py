"""Score every enterprise with the champion of the date, with reasons."""

from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession

from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, remove_rows, replace_rows, sql_literal
from models.governance.standing import Standing, standing
from models.governance.store import sound_events
from models.master_scale import MasterScale, load_master_scale
from models.registry import champion_for, open_registry, read_scorecard, scorecards
from models.score.shadow import SHADOW_SCORES, write_shadow_scores
from models.scored_rows import scored_rows
from models.specification import MODEL_NAME
from models.training_set import read_features

SCORES, MASTER_SCALE = "scores.credit_score", "scores.master_scale"


def write_master_scale(spark: SparkSession, scale: MasterScale) -> None:
    """Write the scale to `scores.master_scale` unless it is there."""
    rows = scale.rows()
    if [tuple(row) for row in spark.table(MASTER_SCALE).orderBy("position").collect()] == rows:
        return
    frame = spark.createDataFrame(rows, spark.table(MASTER_SCALE).schema)
    replace_rows(frame, MASTER_SCALE, "true")


def score_columns(
    as_of_date: date, model_version: str, feature_version: str, is_approved: bool
) -> dict[str, object]:
    """The columns of `scores.credit_score` that have one value for all rows of a run."""
    return {
        "as_of_date": as_of_date,
        "model_name": MODEL_NAME,
        "model_version": model_version,
        "feature_version": feature_version,
        "is_approved": is_approved,
    }


def run(context: JobContext) -> JobResult:
    """Write a score for every enterprise that has features as of the date.

    The model is the newest approved one that knew of nothing later than the date; before a first
    approval the newest one. Where there is none, the date is left without scores and a note says
    so. Its challenger scores too, into `scores.shadow_score`.

    Raises:
        LoomlineError: there are no features of the date, or the record of approvals is broken.
    """
    spark = context.spark
    create_tables(spark, context.catalog, (SCORES, SHADOW_SCORES, MASTER_SCALE))
    scale = load_master_scale(context.catalog)
    write_master_scale(spark, scale)
    features = read_features(spark, context.as_of_date)
    client = open_registry(context.settings)
    approvals = standing(sound_events(spark), MODEL_NAME)
    found = scorecards(client, features.feature_version)
    champion = champion_for(found, context.as_of_date, approvals.may_be_used)
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    if champion is None:
        for table in (SCORES, SHADOW_SCORES):
            if spark.table(table).where(condition).limit(1).count():
                remove_rows(spark, table, condition)
        return JobResult(len(features.values), 0, (_why_not_scored(approvals),))
    card = read_scorecard(client, champion)
    same_for_all = score_columns(
        context.as_of_date,
        champion.version,
        features.feature_version,
        approvals.was_ever_approved,
    )
    rows = scored_rows(card, features.values, features.names, scale, same_for_all)
    replace_rows(spark.createDataFrame(rows), SCORES, condition)
    write_shadow_scores(context, champion, features)
    notes = [f"{MODEL_NAME} version {champion.version}, trained as of {champion.trained_as_of}"]
    if not approvals.was_ever_approved:
        notes.append(
            "nobody has approved a model yet: these scores are not for decisions; "
            f"`loomline model promote {champion.version}` asks for it"
        )
    return JobResult(len(features.values), rows.num_rows, tuple(notes))


def _why_not_scored(approvals: Standing) -> str:
    if approvals.was_ever_approved:
        return (
            "not scored: no approved model was trained by then on the features as declared now; "
            "see `loomline model list`"
        )
    return "not scored: no model was trained on outcomes known by then"
