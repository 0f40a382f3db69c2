"""Train, validate and register a default model where none holds for the date."""

from __future__ import annotations

from datetime import timedelta

from mlflow.tracking import MlflowClient

from loomline.code import code_commit
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, replace_rows, sql_literal
from models.governance.approvals import open_desk
from models.groups import known_groups
from models.inventory import declared_model
from models.logging_run import Provenance, log_and_register
from models.master_scale import load_master_scale
from models.registered import table_versions
from models.registry import (
    RegisteredScorecard,
    champion_for,
    finish,
    read_figures,
    scorecards,
    still_holds,
    unfinished_for,
)
from models.specification import FEATURE_SETS, MODEL_NAME, PRODUCTION_FEATURE_SET, Specification
from models.training import train
from models.training_set import (
    FEATURES,
    INPUT_TABLES,
    FeatureFrame,
    TrainingSet,
    read_features,
    read_training_set,
)

SPECIFICATION = Specification()
METRICS, CALIBRATION = "scores.model_metric", "scores.model_calibration"


def _train(
    context: JobContext, client: MlflowClient, features: FeatureFrame, training_set: TrainingSet
) -> RegisteredScorecard:
    feature_sets = {name: training_set.values[features.columns(name)] for name in FEATURE_SETS}
    trained = train(feature_sets, training_set.outcome, SPECIFICATION)
    detail = context.spark.sql(f"describe detail {FEATURES}").collect()[0]
    provenance = Provenance(
        trained_as_of=context.as_of_date,
        features=features,
        features_location=str(detail["location"]),
        table_versions=table_versions(context.spark, INPUT_TABLES),
        code_commit=code_commit(),
    )
    return log_and_register(
        client,
        trained,
        training_set,
        SPECIFICATION,
        provenance,
        load_master_scale(context.catalog),
        known_groups(context),
        declared_model(context.catalog, MODEL_NAME),
    )


def _write_figures(context: JobContext, client: MlflowClient, champion: RegisteredScorecard) -> int:
    """Put the figures of a version into the lake; returns how many rows."""
    spark, written = context.spark, 0
    figures = read_figures(client, champion)
    condition = (
        f"model_name = {sql_literal(MODEL_NAME)} "
        f"and model_version = {sql_literal(champion.version)}"
    )
    for name in (METRICS, CALIBRATION):
        model = {
            "model_name": MODEL_NAME,
            "model_version": champion.version,
            "trained_as_of": champion.trained_as_of,
        }
        schema = spark.table(name).schema
        rows = [
            tuple({**model, **row}[column] for column in schema.names)
            for row in figures[name.partition(".")[2]]
        ]
        replace_rows(spark.createDataFrame(rows, schema), name, condition)
        written += len(rows)
    return written


def run(context: JobContext) -> JobResult:
    """Train where the date has outcomes enough and no champion yet; else say why not.

    A scorecard holds for a date when it knew of nothing later, reads the features as they are
    declared now, and is not older than the inventory of models allows. So a second run for a date,
    or one for a day later, changes nothing; but one that was trained as of the very date on other
    firms, features or outcomes than are known by now, or with other settings, is followed by a new
    one. What is trained is a candidate: only an approval makes it the champion.
    """
    create_tables(context.spark, context.catalog, (METRICS, CALIBRATION))
    features = read_features(context.spark, context.as_of_date)
    desk = open_desk(context)
    client = desk.client
    found = scorecards(client, features.feature_version)
    training_set = read_training_set(context, features, SPECIFICATION)
    training_set_sha256 = training_set.sha256(SPECIFICATION)
    approvals = desk.standing()
    # One that was refused or withdrawn saves no training: another one is wanted.
    champion = champion_for(found, context.as_of_date, approvals.may_be_followed)
    patience = timedelta(days=declared_model(context.catalog, MODEL_NAME).retrain_after_days)
    if champion is not None and still_holds(
        champion, context.as_of_date, training_set_sha256, patience
    ):
        note = (
            f"{MODEL_NAME} version {champion.version}, trained as of {champion.trained_as_of}, "
            "holds for this date: nothing to train"
        )
        return JobResult(0, 0, (note,))
    firms, defaults = len(training_set.outcome), training_set.default_count
    champion = unfinished_for(found, context.as_of_date, training_set_sha256)
    if champion is None:
        if not training_set.has_enough(SPECIFICATION):
            note = (
                f"not trained: {firms} outcomes were known by then, {defaults} of them defaults, "
                f"and a model needs at least {SPECIFICATION.minimum_defaults} of either kind"
            )
            return JobResult(firms, 0, (note,))
        champion = _train(context, client, features, training_set)
    written = _write_figures(context, client, champion)
    finish(client, found, champion)
    note = (
        f"{MODEL_NAME} version {champion.version} trained on {firms} firms, {defaults} defaults "
        f"{training_set.in_words}, {PRODUCTION_FEATURE_SET} features"
    )
    return JobResult(firms, written, (note, *_headlines(client, champion)))


def _headlines(client: MlflowClient, champion: RegisteredScorecard) -> list[str]:
    """The champion's AUC and Brier score as a person at the screen should see them."""
    return [
        f"{row['metric']} {row['estimate']:.3f}, 95 % interval {row['lower']:.3f} to "
        f"{row['upper']:.3f}, {row['feature_set']}"
        for row in read_figures(client, champion)["model_metric"]
        if row["estimator"] == "scorecard" and row["metric"] in ("auc", "brier")
    ]
