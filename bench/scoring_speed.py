"""Firms scored a second, in one process without Spark, beside `mlflow.pyfunc.spark_udf`.

Run from the repository: python bench/scoring_speed.py. The card is made up, of six declared
features; the values are random, a twentieth missing. First 1,000,000 firms are scored alone. Then
it starts an engine in a home of its own in a temporary folder, logs the card as a training does,
and scores fewer rows in several ways; `--no-engine` leaves that out.

Ours goes from an Arrow table of features to an Arrow table, on one core: once to score and
probability, which is all that the logged model gives, and once to the finished rows of
`scores.credit_score` with reasons in two languages. Spark has the same rows in Parquet, all cores,
and drops what it has computed; its first round, which starts the Python workers and loads the
model, is told apart. All scores are compared, row by row. "Here" is this process, to which the
engine does not belong.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from mlflow.models import infer_signature
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from loomline.engine.server import start_engine, stop_engine
from loomline.engine.session import open_session
from loomline.settings import PROJECT_ROOT, Settings, load_settings
from models.logging_run import PACKAGE
from models.master_scale import load_master_scale
from models.registry import SCORECARD_FILE, open_registry
from models.scorecard import BinnedFeature, Scorecard
from models.scorecard_sql import spark_columns
from models.scored_rows import scored_batches, scored_rows
from models.specification import EXPERIMENT_NAME
from spark_jobs.feature_declarations import load_features

CARD = Scorecard(
    base_cents=52_714,
    features=(
        BinnedFeature("sales_per_month_cny", (42_000.0, 310_000.0), (-2_211, 118, 1_902), 0),
        BinnedFeature("monthly_sales_variation_ratio", (0.61, 1.13), (1_480, 52, -1_377), 0),
        BinnedFeature("customer_herfindahl_index", (0.12, 0.37), (903, 77, -1_105), 0),
        BinnedFeature("mean_purchase_invoice_cny", (9_500.0, 38_000.0), (-540, 61, 498), 0),
        BinnedFeature("loss_month_ratio", (0.21,), (402, -618), 0),
        BinnedFeature("sale_voided_count_ratio", (0.03, 0.08), (351, -46, -702), 0),
    ),
    reference_score=600.0,
    reference_odds=20.0,
    points_to_double_odds=40.0,
)
ID = "enterprise_id"
MISSING_SHARE = 0.05
SAME_FOR_ALL = {
    "as_of_date": date(2024, 6, 30),
    "model_name": "default_probability",
    "model_version": "2",
    "feature_version": "0123456789abcdef",
    "is_approved": True,
}
SPARK_UDF, SPARK_SQL = "mlflow.pyfunc.spark_udf, drops its result", "Spark SQL expression"


def random_features(rows: int, seed: int) -> pa.Table:
    """Features of the card: amounts in cents and shares with all their digits."""
    random = np.random.default_rng(seed)
    columns = {ID: pa.array([f"E{row:09d}" for row in range(rows)])}
    for feature in CARD.features:
        if feature.feature.endswith("_cny"):
            drawn = np.round(random.lognormal(np.log(np.mean(feature.bounds)), 1.2, rows), 2)
        else:
            drawn = random.gamma(2, np.mean(feature.bounds) / 2, rows)
        drawn[random.random(rows) < MISSING_SHARE] = np.nan
        columns[feature.feature] = pa.array(drawn)
    return pa.table(columns)


def feature_names() -> pd.DataFrame:
    """The columns of `features.feature_name` that reasons need, as the catalogue declares them."""
    declared = load_features(PROJECT_ROOT / "catalog").features
    columns = ("unit", "description_en", "description_zh")
    rows = [{"feature": x.name, **{name: getattr(x, name) for name in columns}} for x in declared]
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Ours:
    """The ways without Spark, each from the Arrow table of features."""

    names: pd.DataFrame
    scale = load_master_scale(PROJECT_ROOT / "catalog")

    def with_reasons(self, features: pa.Table) -> pa.Table:
        """The finished rows of `scores.credit_score`."""
        values = features.to_pandas().set_index(ID)
        return scored_rows(CARD, values, self.names, self.scale, SAME_FOR_ALL)

    def with_reasons_by_batch(self, features: pa.Table) -> int:
        """How many rows came out, of which no more than one batch was kept at a time."""
        values = features.to_pandas().set_index(ID)
        batches = scored_batches(CARD, values, self.names, self.scale, SAME_FOR_ALL)
        return sum(len(batch) for batch in batches)

    def predicted(self, features: pa.Table) -> pa.Table:
        """What the logged model says: score and probability."""
        values = features.select(CARD.feature_names).to_pandas()
        found = pa.Table.from_pandas(CARD.predict(values), preserve_index=False)
        return found.append_column(ID, features[ID])


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Seconds of the best round, and processor seconds of this process in its best one."""
    taken = []
    for _ in range(rounds):
        clock, used = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - clock, time.process_time() - used))
    return min(x for x, _ in taken), min(x for _, x in taken)


def show(what: str, rows: int, seconds: float, processor: float) -> None:
    """Print a line of the table; peak memory is that of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    speed = rows / seconds
    print(f"| {what} | {rows:,} | {seconds:.2f} | {processor:.2f} | {speed:,.0f} | {peak:,.0f} |")


def logged_model(settings: Settings, folder: Path, features: pa.Table) -> str:
    """Log the card as `models.logging_run` does; the address of the logged model."""
    open_registry(settings)
    mlflow.set_experiment(EXPERIMENT_NAME)
    path = folder / SCORECARD_FILE
    path.write_text(CARD.to_json(), encoding="utf-8")
    example = features.select(CARD.feature_names).slice(0, 5).to_pandas()
    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(
            name="scorecard",
            python_model=str(PACKAGE / "served_scorecard.py"),
            artifacts={"scorecard": str(path)},
            code_paths=[str(PACKAGE)],
            signature=infer_signature(example, CARD.predict(example)),
            input_example=example,
            pip_requirements=[f"{x}=={version(x)}" for x in ("mlflow", "numpy", "pandas")],
        )
    return str(logged.model_uri)


def force(frame: DataFrame) -> None:
    """Have Spark compute every row, and drop it."""
    frame.write.format("noop").mode("overwrite").save()


def check(what: str, frame: DataFrame, expected: pa.Table) -> None:
    """Fail where a score is off by a billionth of a point, or a probability by 1e-12 of itself.

    Points are hundredths: what is closer differs in how binary numbers were added up.
    """
    found = frame.toArrow().sort_by(ID)
    wanted = expected.sort_by(ID)
    if found[ID].combine_chunks() != wanted[ID].combine_chunks():
        raise SystemExit(f"{what}: other firms were scored")
    scores = [table["score"].cast(pa.float64()).to_numpy() for table in (found, wanted)]
    np.testing.assert_allclose(scores[0], scores[1], rtol=0, atol=1e-9, err_msg=what)
    left, right = (table["pd_ratio"].to_numpy() for table in (found, wanted))
    np.testing.assert_allclose(left, right, rtol=1e-12, atol=0, err_msg=what)


def ways_of_spark(spark: SparkSession, model: str, rows: DataFrame) -> dict[str, DataFrame]:
    """Score and probability of all rows, by way."""
    udf = mlflow.pyfunc.spark_udf(
        spark, model, result_type="pd_ratio double, score double", env_manager="local"
    )
    by_model = rows.select(ID, udf(F.struct(*CARD.feature_names)).alias("found"))
    return {
        SPARK_UDF: by_model.select(ID, "found.score", "found.pd_ratio"),
        SPARK_SQL: rows.selectExpr(ID, *spark_columns(CARD)),
    }


def beside_spark(ours: Ours, features: pa.Table, folder: Path, rounds: int) -> None:
    """Score the same rows in all ways, compare them and print how they relate."""
    settings = load_settings().model_copy(update={"home": folder / "home"})
    model = logged_model(settings, folder, features)
    # Many row groups, so that Spark can share the rows among its cores.
    pq.write_table(features, folder / "features.parquet", row_group_size=25_000)
    seconds: dict[str, float] = {}

    def measure(what: str, work: Callable[[], object], times: int) -> None:
        seconds[what], processor = timed(work, times)
        show(what, len(features), seconds[what], processor)

    start_engine(settings)
    try:
        spark = open_session(settings)
        rows = spark.read.parquet(str(folder / "features.parquet"))
        expected = ours.with_reasons(features)
        for what, frame in ways_of_spark(spark, model, rows).items():
            measure(f"{what}, first round", partial(force, frame), 1)
            measure(what, partial(force, frame), rounds)
            check(what, frame, expected)
        measure("ours, score and probability", lambda: ours.predicted(features), rounds)
        measure("ours, with reasons", lambda: ours.with_reasons(features), rounds)
    finally:
        stop_engine(settings)
    print("\nAll scores are equal to 1e-9 points, all probabilities to 1e-12.")
    print("Speed, spark_udf being 1:\n")
    print("| what | its first round | its later rounds |")
    print("| --- | --- | --- |")
    first, later = seconds[f"{SPARK_UDF}, first round"], seconds[SPARK_UDF]
    for what, taken in seconds.items():
        print(f"| {what} | {first / taken:.1f} | {later / taken:.1f} |")


def main(
    many: Annotated[int, typer.Option(help="Firms that are scored without Spark.")] = 1_000_000,
    rows: Annotated[int, typer.Option(help="Firms that are scored in all ways.")] = 200_000,
    rounds: Annotated[int, typer.Option(help="Rounds, of which the best counts.")] = 3,
    engine: Annotated[bool, typer.Option(help="Whether to compare with Spark.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the features.")] = 1,
) -> None:
    """Measure and print a table."""
    ours = Ours(feature_names())
    print("| what | firms | seconds | processor seconds here | firms a second | peak MB here |")
    print("| --- | --- | --- | --- | --- | --- |")
    features = random_features(many, seed)
    for what, work in (
        ("score and probability", ours.predicted),
        ("with reasons, batch by batch", ours.with_reasons_by_batch),
        ("with reasons, one table", ours.with_reasons),
    ):
        show(what, many, *timed(partial(work, features), 1))
    if engine:
        with tempfile.TemporaryDirectory() as name:
            beside_spark(ours, features.slice(0, rows), Path(name), rounds)


if __name__ == "__main__":
    typer.run(main)
