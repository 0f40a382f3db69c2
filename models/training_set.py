"""Features and outcomes from the lake, as of a date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import known_condition, rows_at, sql_literal
from models.arrays import Floats
from models.specification import FeatureSet, Specification

FEATURES = "features.enterprise_feature"
NAMES = "features.feature_name"
CREDIT_RECORDS = "silver.credit_record"
INPUT_TABLES = (FEATURES, NAMES, CREDIT_RECORDS)


@dataclass(frozen=True)
class FeatureFrame:
    """Every enterprise's features as of a date.

    `values` is (enterprises, features), indexed by enterprise and in the order of `names`, whose
    rows are those of `features.feature_name`.
    """

    feature_version: str
    values: pd.DataFrame
    names: pd.DataFrame

    def columns(self, feature_set: FeatureSet) -> list[str]:
        """The features of a set."""
        kept = self.names if feature_set == "all" else self.names[~self.names.is_history_dependent]
        return list(kept.feature)


@dataclass(frozen=True)
class TrainingSet:
    """Firms with a known outcome: features (firms, features) and 1 for a default, (firms,)."""

    values: pd.DataFrame
    outcome: Floats

    @property
    def default_count(self) -> int:
        """Firms that defaulted."""
        return int(self.outcome.sum())

    def sha256(self, specification: Specification) -> str:
        """A hash of all that decides what a training gives: firms, features, outcomes, settings."""
        head = [list(self.values.columns), list(self.values.index), specification.parameters()]
        digest = hashlib.sha256(json.dumps(head).encode())
        digest.update(self.values.to_numpy(dtype=float).tobytes())
        digest.update(self.outcome.tobytes())
        return digest.hexdigest()


def read_features(
    spark: SparkSession, as_of_date: date, versions: Mapping[str, int] | None = None
) -> FeatureFrame:
    """The features of a date, of all enterprises, as they are or as they were.

    `versions` gives the Delta versions of `FEATURES` and `NAMES` to read instead of the newest.

    Raises:
        LoomlineError: the features of that date have not been computed, or are no longer kept.
    """
    if versions is None:
        return _features_of(spark.table(FEATURES), spark.table(NAMES), as_of_date)
    try:
        rows, names = (rows_at(spark, name, versions[name]) for name in (FEATURES, NAMES))
        return _features_of(rows, names, as_of_date)
    except PySparkException as error:
        raise LoomlineError(
            f"The features as of {as_of_date} could not be read as they were then: "
            f"{error.getCondition() or type(error).__name__}.",
            "Delta keeps old versions for as long as the tables' retention says.",
        ) from error


def _features_of(table: DataFrame, name_table: DataFrame, as_of_date: date) -> FeatureFrame:
    of_date = table.where(f"as_of_date = {sql_literal(as_of_date)}")
    rows = of_date.orderBy("enterprise_id").toArrow()
    if not rows.num_rows:
        raise LoomlineError(
            f"There are no features as of {as_of_date}.",
            f"Run `loomline run features --date {as_of_date}` first.",
        )
    version = str(rows["feature_version"][0])
    names = name_table.where(f"feature_version = {sql_literal(version)}")
    ordered = names.orderBy("position").toPandas()
    # All vectors of a version are as long as it has names, so they are one block of numbers.
    numbers = rows["feature_values"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    values = pd.DataFrame(
        numbers.reshape(rows.num_rows, len(ordered)),
        index=pd.Index(rows["enterprise_id"].to_pandas(), name="enterprise_id"),
        columns=list(ordered.feature),
    )
    return FeatureFrame(version, values, ordered)


def read_training_set(context: JobContext, features: FeatureFrame) -> TrainingSet:
    """Firms whose outcome was known by the end of the as-of date, with their features then.

    An enterprise counts as defaulted when any of its records known by then says so. The bank's
    rating is not even read: it was given with the outcome in view.
    """
    outcomes = context.spark.sql(
        f"""
        select
            enterprise_id,
            cast(max(cast(is_default as int)) as double) as outcome

        from {CREDIT_RECORDS}
        where {known_condition(context.as_of_end)}
        group by enterprise_id
        order by enterprise_id
        """
    ).toPandas()
    known = outcomes[outcomes.enterprise_id.isin(features.values.index)]
    return TrainingSet(
        features.values.loc[list(known.enterprise_id)], known.outcome.to_numpy(dtype=float)
    )
