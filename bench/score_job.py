"""The job `score` on a million enterprises, from their features in Delta to their scores in Delta.

Run from the repository: python bench/score_job.py --firms 1000000. It starts an engine in a home of
its own in a temporary folder, writes as many made-up feature vectors as of a date (all declared
features are there, those of the card of bench/scoring_speed.py vary and a twentieth of them is
missing), registers that card, and runs the real job. A sample of the scores is then computed anew
from the features that are in the table, by the points of the card. Peak memory is what a process
had resident at most, as Linux tells it; of the engine it is mostly the heap that it was allowed.
"""

from __future__ import annotations

import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import mlflow
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from engine_use import engine_process, peak_megabytes, processor_seconds
from pyspark.sql import SparkSession
from scoring_speed import CARD, ID, feature_names, random_features

from loomline.engine.server import start_engine, stop_engine
from loomline.engine.session import open_session
from loomline.lake import append_rows, create_tables
from loomline.runner import run_job
from loomline.settings import Settings, load_settings
from models.registry import (
    ESTIMATOR,
    FEATURE_VERSION,
    READY,
    SCORECARD_FILE,
    TRAINED_AS_OF,
    TRAINING_SET,
    open_registry,
)
from models.score.job import SCORES
from models.specification import EXPERIMENT_NAME, MODEL_NAME
from models.training_set import FEATURES, NAMES

AS_OF = date(2024, 6, 30)
VERSION = "made_up"
AT_ONCE = 100_000
SAMPLE = 2_000


def write_features(spark: SparkSession, settings: Settings, firms: int, folder: Path) -> None:
    """Bring the vectors of so many firms into the lake, some at a time, and the names of places."""
    create_tables(spark, settings.catalog, (FEATURES, NAMES))
    names = feature_names()
    described = names.assign(
        feature_version=VERSION, position=np.arange(len(names)), is_history_dependent=False
    )
    columns = spark.table(NAMES).columns
    table = pa.Table.from_pandas(described[columns], preserve_index=False)
    append_rows(spark.createDataFrame(table), NAMES)
    places = [list(names.feature).index(one) for one in CARD.feature_names]
    folder.mkdir()
    for number, start in enumerate(range(0, firms, AT_ONCE)):
        count = min(AT_ONCE, firms - start)
        drawn = random_features(count, seed=number)
        values = np.ones((count, len(names)))
        values[:, places] = np.column_stack([drawn[one] for one in CARD.feature_names])
        offsets = np.arange(count + 1, dtype=np.int32) * len(names)
        rows = {
            "as_of_date": pa.repeat(pa.scalar(AS_OF, pa.date32()), count),
            ID: pa.array([f"E{start + place:09d}" for place in range(count)]),
            "feature_version": pa.repeat(VERSION, count),
            "feature_values": pa.ListArray.from_arrays(
                pa.array(offsets), pa.array(values.ravel(), from_pandas=True)
            ),
            "last_known_at": pa.repeat(pa.scalar(0, pa.timestamp("us", tz="UTC")), count),
        }
        pq.write_table(pa.table(rows), folder / f"{number:05}.parquet")
    append_rows(spark.read.parquet(str(folder)), FEATURES)


def register_card(settings: Settings) -> None:
    """Register the card as a training would, but for its reports."""
    client = open_registry(settings)
    mlflow.set_experiment(EXPERIMENT_NAME)
    with mlflow.start_run() as run:
        mlflow.log_text(CARD.to_json(), SCORECARD_FILE)
    client.create_registered_model(MODEL_NAME)
    tags = {
        TRAINED_AS_OF: AS_OF.isoformat(),
        FEATURE_VERSION: VERSION,
        TRAINING_SET: "made_up",
        ESTIMATOR: "scorecard",
        READY: "true",
    }
    source = f"runs:/{run.info.run_id}/{SCORECARD_FILE}"
    client.create_model_version(MODEL_NAME, source, run.info.run_id, tags=tags)


def check(spark: SparkSession, firms: int) -> None:
    """Fail where a firm has no score, or one of a sample has another than its points add up to."""
    if spark.table(SCORES).count() != firms:
        raise SystemExit("not every firm has one score")
    names = list(feature_names().feature)
    taken = ", ".join(f"feature_values[{names.index(one)}] as {one}" for one in CARD.feature_names)
    rows = spark.sql(
        f"select {ID}, cast(score as double) as score, {taken} "
        f"from {SCORES} join {FEATURES} using (as_of_date, {ID}) "
        f"order by hash({ID}) limit {SAMPLE}"
    ).toPandas()
    wanted = CARD.score(rows[list(CARD.feature_names)])
    np.testing.assert_allclose(rows.score, wanted, atol=1e-9)


def main(
    firms: Annotated[int, typer.Option(help="How many enterprises.")] = 1_000_000,
) -> None:
    """Measure, check and print a line of a table."""
    with tempfile.TemporaryDirectory() as name:
        settings = load_settings().model_copy(update={"home": Path(name) / "home"})
        start_engine(settings)
        try:
            spark = open_session(settings)
            write_features(spark, settings, firms, Path(name) / "features")
            register_card(settings)
            engine, own = engine_process(settings), psutil.Process()
            before = [processor_seconds(one) for one in (engine, own)]
            clock = time.perf_counter()
            run_job("score", AS_OF, None, settings)
            seconds = time.perf_counter() - clock
            used = [processor_seconds(x) - y for x, y in zip((engine, own), before, strict=True)]
            peaks = [peak_megabytes(one) / 1024 for one in (engine, own)]
            check(spark, firms)
        finally:
            stop_engine(settings)
    print("| firms | seconds | processor seconds: engine, job | peak GB: engine, job |")
    print("| --- | --- | --- | --- |")
    print(
        f"| {firms:,} | {seconds:.0f} | {used[0]:.0f}, {used[1]:.0f} "
        f"| {peaks[0]:.1f}, {peaks[1]:.1f} |"
    )


if __name__ == "__main__":
    typer.run(main)
