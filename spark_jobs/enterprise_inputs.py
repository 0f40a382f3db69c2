"""Reads the named values of enterprises as of a date: features, scores, and consistency."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from loomline.enterprise_inputs import EnterpriseInputs, Floats
from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import sql_literal, tables_of
from spark_jobs.consistency_values import consistency_values
from spark_jobs.known_enterprises import known_trades
from spark_jobs.window_features import NAMES, VALUES

SCORES = "scores.credit_score"
# Columns of the scores, by the name that they have among the inputs.
SCORE_COLUMNS = {"default_probability": "pd_ratio", "credit_score": "score"}
# What a job says that has nothing to look at.
NO_FEATURES = "no enterprise has features of the families as of the date"


def has_features(context: JobContext) -> bool:
    """Whether any enterprise has features of the families as of the date."""
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    return not context.spark.table(VALUES).where(of_date).isEmpty()


def _matrix(lists: pa.ChunkedArray, width: int) -> Floats:
    """Lists of `width` doubles as an array (rows, width), NaN where null."""
    flat = lists.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return flat.astype(np.float64, copy=False).reshape(len(lists), width)


def _feature_values(context: JobContext) -> tuple[list[str], dict[str, Floats]]:
    """The enterprises with features as of the date, and the columns of their vectors by name.

    Raises:
        LoomlineError: there are no features as of the date.
    """
    spark, of_date = context.spark, f"as_of_date = {sql_literal(context.as_of_date)}"
    vectors = spark.table(VALUES).where(of_date).orderBy("enterprise_id").toArrow()
    if not vectors.num_rows:
        raise LoomlineError(
            f"There are no features as of {context.as_of_date}.",
            f"Run `loomline run window_features --date {context.as_of_date}` first.",
        )
    version = vectors["families_version"][0].as_py()
    rows = spark.table(NAMES).where(f"families_version = {sql_literal(version)}").collect()
    places = {row["feature"]: row["position"] for row in rows}
    matrix = np.asfortranarray(_matrix(vectors["feature_values"], len(places)))
    values = {name: matrix[:, place] for name, place in places.items()}
    return vectors["enterprise_id"].to_pylist(), values


def _score_values(context: JobContext, enterprise_ids: list[str]) -> dict[str, Floats]:
    """The scores of the date; NaN for all where nothing was scored."""
    found = {name: np.full(len(enterprise_ids), np.nan) for name in SCORE_COLUMNS}
    if SCORES not in tables_of(context.spark, "scores"):
        return found
    columns = [f"cast({column} as double) as {name}" for name, column in SCORE_COLUMNS.items()]
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    scores = context.spark.table(SCORES).where(of_date).selectExpr("enterprise_id", *columns)
    place_of = {enterprise: place for place, enterprise in enumerate(enterprise_ids)}
    for row in scores.collect():
        if row["enterprise_id"] in place_of:
            for name, values in found.items():
                values[place_of[row["enterprise_id"]]] = row[name]
    return found


def read_inputs(context: JobContext, names: Iterable[str] | None = None) -> EnterpriseInputs:
    """The values of the names, or of all there are, for every enterprise with features.

    Raises:
        LoomlineError: there are no features as of the date, or a name is not among the inputs.
    """
    enterprise_ids, values = _feature_values(context)
    values |= _score_values(context, enterprise_ids)
    values |= consistency_values(context, enterprise_ids)
    if names is not None:
        wanted = list(names)
        if unknown := sorted(set(wanted) - values.keys()):
            raise LoomlineError(
                f"There are no values as of {context.as_of_date} of: {', '.join(unknown)}.",
                "Run window_features of that date again: its families have changed since.",
            )
        values = {name: values[name] for name in wanted}
    trade_of = known_trades(context)
    return EnterpriseInputs(
        enterprise_ids,
        [trade_of.get(one, "") for one in enterprise_ids],
        context.as_of_date,
        values,
    )
