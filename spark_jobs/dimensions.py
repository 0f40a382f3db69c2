"""Job `dimensions`: the value dimensions of every enterprise as of the date.

Reads features and scores as of the date; writes `scores.dimension` and `scores.dimension_value`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from loomline.dimensions.catalogue import DimensionCatalogue, load_dimensions
from loomline.dimensions.values import dimension_values
from loomline.job import JobContext, JobResult
from loomline.lake import (
    column_list,
    create_tables,
    remove_rows,
    replace_rows,
    sql_literal,
    write_once,
)
from spark_jobs.enterprise_inputs import NO_FEATURES, has_features, read_inputs

DIMENSION = "scores.dimension"
VALUES = "scores.dimension_value"


def _write_catalogue(context: JobContext, catalogue: DimensionCatalogue) -> None:
    rows = []
    for declared in catalogue.dimensions:
        one = declared.dimension
        inputs = [(each.input, each.better, each.weight) for each in one.inputs]
        rows.append(
            (
                *(catalogue.version, one.name, declared.domain, declared.owner),
                *(one.title_en, one.title_zh, one.says_en, one.says_zh, one.least_share, inputs),
            )
        )
    of_version = f"dimensions_version = {sql_literal(catalogue.version)}"
    write_once(context.spark, context.catalog, DIMENSION, rows, of_version)


def run(context: JobContext) -> JobResult:
    """Write the values of the as-of date, and the catalogue of dimensions."""
    catalogue = load_dimensions(context.catalog)
    create_tables(context.spark, context.catalog, (DIMENSION, VALUES))
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    if not has_features(context):
        remove_rows(context.spark, VALUES, of_date)
        return JobResult(0, 0, (NO_FEATURES,))
    dimensions = [declared.dimension for declared in catalogue.dimensions]
    wanted = dict.fromkeys(one.input for each in dimensions for one in each.inputs)
    inputs = read_inputs(context, wanted)
    found = dimension_values(dimensions, inputs)
    names = [one.name for one in dimensions]
    count = found.values.size

    def by_enterprise(of_each: list[str]) -> pa.Array:
        return pa.array(np.repeat(np.array(of_each, object), len(names)), pa.string())

    table = pa.table(
        {
            "as_of_date": pa.repeat(pa.scalar(context.as_of_date, pa.date32()), count),
            "enterprise_id": by_enterprise(list(inputs.enterprise_ids)),
            "dimension": pa.array(names * len(inputs.enterprise_ids), pa.string()),
            "dimensions_version": pa.repeat(catalogue.version, count),
            "peer_group": by_enterprise(list(found.groups)),
            "dimension_value": pa.array(found.values.T.ravel(), from_pandas=True),
            "overall_value": pa.array(found.overall.T.ravel(), from_pandas=True),
            "combined_rank": pa.array(found.combined.T.ravel(), from_pandas=True),
            "present_ratio": pa.array(found.present.T.ravel()),
        }
    )
    _write_catalogue(context, catalogue)
    columns = column_list(context.catalog, VALUES)
    replace_rows(context.spark.createDataFrame(table, columns), VALUES, of_date)
    present = float(np.isfinite(found.values).mean()) if count else 0.0
    note = f"{len(names)} dimensions; {present:.0%} of the values are there"
    return JobResult(len(inputs.enterprise_ids), count, (note,))
