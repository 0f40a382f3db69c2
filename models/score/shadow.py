"""Score with the challenger too, in the champion's shadow: nothing is decided by it."""

from __future__ import annotations

import mlflow
import numpy as np
import pyarrow as pa

from loomline.job import JobContext
from loomline.lake import replace_rows, sql_literal
from models.registry import RegisteredScorecard
from models.specification import MODEL_NAME, PRODUCTION_FEATURE_SET
from models.training_set import FeatureFrame

SHADOW_SCORES = "scores.shadow_score"


def write_shadow_scores(
    context: JobContext, champion: RegisteredScorecard, features: FeatureFrame
) -> int:
    """Replace the date's rows of `scores.shadow_score`; how many there are.

    The challenger is the one that was trained and compared with the champion.

    Raises:
        MlflowException: the champion has no challenger, or it can't be loaded.
        ValueError: it does not take these features.
    """
    model = mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}/{champion.challenger_version}")
    values = features.values[features.columns(PRODUCTION_FEATURE_SET)]
    # Columns: probability of no default, probability of default.
    probabilities = np.asarray(model.predict(values))[:, 1]
    count = len(values)
    rows = pa.table(
        {
            "as_of_date": pa.repeat(pa.scalar(context.as_of_date, pa.date32()), count),
            "enterprise_id": pa.array(values.index, pa.string()),
            "pd_ratio": pa.array(probabilities),
            "model_name": pa.repeat(MODEL_NAME, count),
            "model_version": pa.repeat(champion.challenger_version, count),
            "feature_version": pa.repeat(features.feature_version, count),
        }
    )
    frame = context.spark.createDataFrame(rows)
    replace_rows(frame, SHADOW_SCORES, f"as_of_date = {sql_literal(context.as_of_date)}")
    return count
