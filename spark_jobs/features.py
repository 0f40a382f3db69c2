"""Compute the features of every enterprise as of the date, from what was known by its end."""

from __future__ import annotations

from pyspark.errors import AnalysisException

from loomline.errors import CatalogueError
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, known_condition, replace_rows, sql_literal, write_once
from spark_jobs.feature_declarations import FeatureList, load_features
from spark_jobs.feature_query import feature_query, feature_version

FEATURES = "features.enterprise_feature"
NAMES = "features.feature_name"


def _write_names(context: JobContext, features: FeatureList, version: str) -> None:
    rows = [
        (
            version,
            position,
            feature.name,
            feature.unit,
            feature.description_en,
            feature.description_zh,
            feature.is_history_dependent,
        )
        for position, feature in enumerate(features.features)
    ]
    of_version = f"feature_version = {sql_literal(version)}"
    write_once(context.spark, context.catalog, NAMES, rows, of_version)


def run(context: JobContext) -> JobResult:
    """Write the vectors of the as-of date, and the names of their positions.

    Raises:
        CatalogueError: a declared expression is not valid Spark SQL over its level.
    """
    spark, features = context.spark, load_features(context.catalog)
    version = feature_version(features)
    create_tables(spark, context.catalog, (FEATURES, NAMES))
    try:
        frame = spark.sql(feature_query(features, context.as_of_date, context.as_of_end))
        columns = frame.columns
    except AnalysisException as error:
        folder = context.catalog / "features"
        raise CatalogueError(
            f"A measure or feature in {folder} does not hold: {error.getMessage()}.",
            "Correct its expression and run the job again.",
        ) from error
    _write_names(context, features, version)
    replace_rows(frame.select(columns), FEATURES, f"as_of_date = {sql_literal(context.as_of_date)}")
    invoices = spark.table("silver.invoice").where(known_condition(context.as_of_end))
    written = spark.table(FEATURES).where(f"as_of_date = {sql_literal(context.as_of_date)}")
    note = f"{len(features.features)} features, version {version}"
    return JobResult(invoices.count(), written.count(), (note,))
