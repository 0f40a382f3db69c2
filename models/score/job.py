"""Score every enterprise with the champion of the date, with reasons."""

from __future__ import annotations

from pyspark.sql import SparkSession

from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, remove_rows, replace_rows, sql_literal
from models.master_scale import MasterScale, load_master_scale
from models.reasons import as_floats, explain
from models.registry import champion_for, open_registry, read_scorecard, scorecards
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


def run(context: JobContext) -> JobResult:
    """Write a score for every enterprise that has features as of the date.

    The model is the newest that knew of nothing later than the date; where there is none, the date
    is left without scores and a note says so.
    """
    spark = context.spark
    create_tables(spark, context.catalog, (SCORES, MASTER_SCALE))
    scale = load_master_scale(context.catalog)
    write_master_scale(spark, scale)
    features = read_features(spark, context.as_of_date)
    client = open_registry(context.settings)
    champion = champion_for(scorecards(client, features.feature_version), context.as_of_date)
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    schema = spark.table(SCORES).schema
    if champion is None:
        if spark.table(SCORES).where(condition).limit(1).count():
            remove_rows(spark, SCORES, condition)
        note = "not scored: no model was trained on outcomes known by then"
        return JobResult(len(features.values), 0, (note,))
    card = read_scorecard(client, champion)
    explained = explain(card, features.values, features.names)
    rows = [
        {
            "as_of_date": context.as_of_date,
            "enterprise_id": enterprise,
            "pd_ratio": float(pd_ratio),
            "score": found.score,
            "grade": scale.grade_of(float(pd_ratio)),
            "base_points": found.base_points,
            "reasons": [vars(x) for x in found.reasons],
            "model_name": MODEL_NAME,
            "model_version": champion.version,
            "feature_version": features.feature_version,
        }
        for enterprise, found, pd_ratio in zip(
            features.values.index, explained, card.probability(as_floats(explained)), strict=True
        )
    ]
    replace_rows(spark.createDataFrame(rows, schema), SCORES, condition)
    note = f"{MODEL_NAME} version {champion.version}, trained as of {champion.trained_as_of}"
    return JobResult(len(rows), len(rows), (note,))
