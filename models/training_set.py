"""Features and outcomes from the lake, as of a date.

Outcomes with a day are looked at in a window: the firms of an earlier date, and who of them
defaulted in the twelve months after. Where a lake has too few of them, those without a day serve,
whatever their horizon.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd
from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.evidence.history import WINDOW_MONTHS
from loomline.job import JobContext
from loomline.lake import create_tables, known_condition, relation, sql_literal
from models.arrays import Floats
from models.borrower_outcomes import LINK, OUTCOME, read_borrower_outcomes
from models.outcome_window import OutcomeWindow, closed_window, outcomes_in
from models.specification import FeatureSet, Specification

FEATURES = "features.enterprise_feature"
NAMES = "features.feature_name"
CREDIT_RECORDS = "silver.credit_record"
INPUT_TABLES = (FEATURES, NAMES, CREDIT_RECORDS, OUTCOME, LINK)


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
    """Firms with a known outcome: features (firms, features) and 1 for a default, (firms,).

    With a `window` the features are those of the day on which it begins, and the outcomes are of
    the window. Without one the features are those of the training's date, and a default may have
    been at any time before.
    """

    values: pd.DataFrame
    outcome: Floats
    window: OutcomeWindow | None = None

    @property
    def horizon_months(self) -> int | None:
        """The months within which a default counts; None where it may have been at any time."""
        return None if self.window is None else WINDOW_MONTHS

    @property
    def in_words(self) -> str:
        """Of which time the defaults are."""
        if self.window is None:
            return "at any time before"
        return f"in the twelve months from {self.window.begins} to {self.window.ends}"

    @property
    def default_count(self) -> int:
        """Firms that defaulted."""
        return int(self.outcome.sum())

    def has_enough(self, specification: Specification) -> bool:
        """Whether there are as many defaults, and as many other firms, as a training needs."""
        fewer = min(self.default_count, len(self.outcome) - self.default_count)
        return fewer >= specification.minimum_defaults

    def sha256(self, specification: Specification) -> str:
        """A hash of all that decides what a training gives: firms, features, outcomes, settings."""
        window = None if self.window is None else [str(self.window.begins), str(self.window.ends)]
        firms = [list(self.values.columns), list(self.values.index)]
        head = [*firms, specification.parameters(), window]
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
        LoomlineError: the features of that date have not been computed.
    """
    rows = spark.sql(
        f"select * from {relation(FEATURES, versions)} "
        f"where as_of_date = {sql_literal(as_of_date)} order by enterprise_id"
    ).toArrow()
    if not rows.num_rows:
        raise LoomlineError(
            f"There are no features as of {as_of_date}.",
            f"Run `loomline run features --date {as_of_date}` first.",
        )
    version = str(rows["feature_version"][0])
    ordered = spark.sql(
        f"select * from {relation(NAMES, versions)} "
        f"where feature_version = {sql_literal(version)} order by position"
    ).toPandas()
    # All vectors of a version are as long as it has names, so they are one block of numbers.
    numbers = rows["feature_values"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    values = pd.DataFrame(
        numbers.reshape(rows.num_rows, len(ordered)),
        index=pd.Index(rows["enterprise_id"].to_pandas(), name="enterprise_id"),
        columns=list(ordered.feature),
    )
    return FeatureFrame(version, values, ordered)


def read_training_set(
    context: JobContext, features: FeatureFrame, specification: Specification
) -> TrainingSet:
    """Firms whose outcome was known by the end of the as-of date, with their features.

    The firms of the newest window that is closed, where it has defaults and other firms enough to
    train on; else those whose outcome has no day.
    """
    windowed = _in_window(context, features, specification)
    if windowed is not None and windowed.has_enough(specification):
        return windowed
    return _without_window(context, features)


def _in_window(
    context: JobContext, features: FeatureFrame, specification: Specification
) -> TrainingSet | None:
    """Borrowers with the features that they had at the begin of the newest closed window.

    None where no date with features of this version is long enough ago.
    """
    create_tables(context.spark, context.catalog, (OUTCOME, LINK))
    dates = context.spark.sql(
        f"select distinct as_of_date from {FEATURES} "
        f"where feature_version = {sql_literal(features.feature_version)}"
    ).collect()
    days = [row["as_of_date"] for row in dates]
    window = closed_window(days, context.as_of_date, specification.reporting_days)
    if window is None:
        return None
    then = read_features(context.spark, window.begins)
    found = outcomes_in(window, read_borrower_outcomes(context))
    known = found[found.index.isin(then.values.index)]
    return TrainingSet(
        then.values.loc[list(known.index)], known.to_numpy(dtype=float), window=window
    )


def _without_window(context: JobContext, features: FeatureFrame) -> TrainingSet:
    """Firms with a record of a bank, with the features of the as-of date.

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
