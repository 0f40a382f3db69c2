"""Training, registration and scoring, as of dates before and after outcomes were known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from pyspark.sql import Row

from loomline.job import JobContext, JobResult
from loomline.lake import append_rows, create_tables, remove_rows, replace_rows
from models.borrower_outcomes import LINK, OUTCOME
from models.outcome_window import OutcomeWindow
from models.registry import (
    CANDIDATE,
    CHALLENGER,
    READY,
    open_registry,
    read_scorecard,
    scorecard_of,
)
from models.scenarios.declared import load_scenarios
from models.score.job import SCORES
from models.scorecard_sql import spark_columns
from models.specification import ESTIMATORS, FEATURE_SETS, MODEL_NAME, Specification
from models.train.job import CALIBRATION, METRICS
from models.training_set import FEATURES, INPUT_TABLES, read_features, read_training_set
from models.validation import PERMUTED
from tests.integration.conftest import AS_OF_DATE, RunJob
from tests.integration.content import content_hashes
from tests.integration.planted import planted_rows

# The sample's first outcome is of September 2018.
EARLY_DATE = date(2018, 8, 31)
MIDDLE_DATE = date(2019, 6, 30)
LATER_DATE = date(2020, 3, 31)
SPECIFICATION = Specification()
TABLES = [SCORES, "scores.master_scale", METRICS, CALIBRATION, FEATURES]


@dataclass(frozen=True)
class Trained:
    """The lake after features, train and score of the date, and what the jobs said."""

    lake: JobContext
    train: JobResult
    score: JobResult


@pytest.fixture(scope="module")
def trained(lake: JobContext, run: RunJob) -> Iterator[Trained]:
    run("features")
    # The figures are what these tests are about.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.train.job.SPECIFICATION", SPECIFICATION)
        yield Trained(lake, run("train"), run("score"))


@pytest.fixture
def early(lake: JobContext, trained: Trained, run: RunJob) -> Iterator[date]:
    """A date by which no outcome was known, with features; its rows go afterwards."""
    run("features", EARLY_DATE)
    yield EARLY_DATE
    nothing = lake.spark.table(FEATURES).where("false")
    replace_rows(nothing, FEATURES, f"as_of_date = date'{EARLY_DATE}'")


def of_candidate(lake: JobContext) -> str:
    """The condition that a row is of the newest scorecard's version."""
    version = open_registry(lake.settings).get_model_version_by_alias(MODEL_NAME, CANDIDATE)
    return f"model_name = '{MODEL_NAME}' and model_version = '{version.version}'"


def trained_scores(trained: Trained) -> list[Row]:
    """The scores of the date."""
    return trained.lake.spark.table(SCORES).where(f"as_of_date = date'{AS_OF_DATE}'").collect()


def test_every_enterprise_has_a_score_whose_reasons_add_up(trained: Trained) -> None:
    scores = trained_scores(trained)
    features = read_features(trained.lake.spark, AS_OF_DATE)
    assert {row["enterprise_id"] for row in scores} == set(features.values.index)
    for row in scores:
        assert row["base_points"] + sum(x["points"] for x in row["reasons"]) == row["score"]
        points = [x["points"] for x in row["reasons"]]
        assert points == sorted(points)
        assert all(x["reason_en"] and x["reason_zh"] for x in row["reasons"])
        assert row["feature_version"] == features.feature_version


def test_a_better_score_is_a_lower_probability_and_no_worse_grade(trained: Trained) -> None:
    rows = trained.lake.spark.sql(
        f"select score, pd_ratio, position, pd_above_ratio, pd_up_to_ratio from {SCORES} "
        "left join scores.master_scale using (grade) "
        f"where as_of_date = date'{AS_OF_DATE}' order by score"
    ).collect()
    probabilities = [row["pd_ratio"] for row in rows]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(row["pd_above_ratio"] <= row["pd_ratio"] <= row["pd_up_to_ratio"] for row in rows)
    positions = [row["position"] for row in rows]
    assert positions == sorted(positions, reverse=True)


def test_no_feature_of_the_champion_depends_on_the_history(trained: Trained) -> None:
    used = trained.lake.spark.sql(
        "select distinct feature, is_history_dependent from "
        f"(select feature_version, inline(reasons) from {SCORES}) "
        "join features.feature_name using (feature_version, feature)"
    ).collect()
    assert used
    assert not any(row["is_history_dependent"] for row in used)


def test_every_figure_is_in_the_lake_with_its_interval(trained: Trained) -> None:
    rows = trained.lake.spark.table(METRICS).where(of_candidate(trained.lake)).collect()
    found = {(row["estimator"], row["feature_set"], row["metric"]) for row in rows}
    names = ("auc", "brier", "log_loss", "ks", PERMUTED)
    assert found == {(e, f, m) for e in ESTIMATORS for f in FEATURE_SETS for m in names}
    assert all(row["lower"] <= row["estimate"] <= row["upper"] for row in rows)
    bins = trained.lake.spark.table(CALIBRATION).where(of_candidate(trained.lake)).collect()
    assert sum(row["enterprise_count"] for row in bins) == rows[0]["enterprise_count"]
    assert sum(row["default_count"] for row in bins) == rows[0]["default_count"]


def test_labels_dealt_at_random_are_not_predicted(trained: Trained) -> None:
    figures = trained.lake.spark.table(METRICS).where(of_candidate(trained.lake))
    rows = figures.where(f"metric = '{PERMUTED}'").collect()
    assert len(rows) == len(ESTIMATORS) * len(FEATURE_SETS)
    for row in rows:
        assert abs(row["estimate"] - 0.5) < 0.1, row


def test_a_second_run_and_a_later_date_change_no_table_content(
    trained: Trained, run: RunJob
) -> None:
    spark = trained.lake.spark
    before = content_hashes(spark, TABLES)
    run("features")
    assert "holds for this date" in run("train").notes[0]
    run("score")
    assert content_hashes(spark, TABLES) == before
    run("features", LATER_DATE)
    assert "holds for this date" in run("train", LATER_DATE).notes[0]


def test_a_date_before_any_outcome_gets_neither_model_nor_scores(
    trained: Trained, run: RunJob, early: date
) -> None:
    versions = len(open_registry(trained.lake.settings).search_model_versions())
    note = run("train", early).notes[0]
    assert note.startswith("not trained: 0 outcomes were known by then")
    assert run("score", early).notes == (
        "not scored: no model was trained on outcomes known by then",
    )
    assert len(open_registry(trained.lake.settings).search_model_versions()) == versions
    scores = trained.lake.spark.table(SCORES).where(f"as_of_date = date'{early}'")
    assert scores.count() == 0


def test_outcomes_known_later_are_not_trained_on(trained: Trained) -> None:
    settings, features = trained.lake.settings, read_features(trained.lake.spark, AS_OF_DATE)
    early, middle, now = (
        len(read_training_set(JobContext(settings, day), features, SPECIFICATION).outcome)
        for day in (EARLY_DATE, MIDDLE_DATE, AS_OF_DATE)
    )
    assert 0 == early < middle < now


@pytest.fixture
def borrowers(lake: JobContext, trained: Trained) -> Iterator[list[str]]:
    """Enterprises that have had a loan for years; all but the last default, one a day.

    The first 15 do within the window that begins on `AS_OF_DATE`, the next two before it, and the
    next two after it. The rows go afterwards.
    """
    everyone = list(read_features(trained.lake.spark, AS_OF_DATE).values.index)[:40]
    days = [*(f"2020-06-{place:02}" for place in range(1, 16)), "2020-01-10", "2020-02-29"]
    days += ["2021-03-01", "2021-03-02"]
    create_tables(lake.spark, lake.catalog, (OUTCOME, LINK))
    told: list[dict[str, object]] = []
    for place, enterprise in enumerate(everyone):
        of = {"code_system": "planted_bank", "enterprise_code": f"B{enterprise}"}
        told.append({**of, "is_default": False, "known_at": "2018-01-02 00:00:00"})
        if place < len(days):
            known_at = f"{pd.Timestamp(days[place]) + pd.Timedelta(days=1)}"
            default = {"is_default": True, "default_date": date.fromisoformat(days[place])}
            told.append({**of, **default, "known_at": known_at})
    linked: list[dict[str, object]] = [
        {
            "code_system": "planted_bank",
            "owner_code": "*",
            "party_role": "enterprise",
            "party_code": f"B{enterprise}",
            "enterprise_id": enterprise,
            "link_probability": 1.0,
            "link_method": "own code",
            "evidence": [],
            "known_at": "2018-01-02 00:00:00",
        }
        for enterprise in everyone
    ]
    for table, rows in ((OUTCOME, told), (LINK, linked)):
        append_rows(planted_rows(lake.spark, lake.catalog, table, rows), table)
    yield everyone
    for table in (OUTCOME, LINK):
        remove_rows(lake.spark, table, "code_system = 'planted_bank'")


def test_defaults_count_in_the_twelve_months_after_the_day_of_the_features(
    trained: Trained, borrowers: list[str]
) -> None:
    settings, features = trained.lake.settings, read_features(trained.lake.spark, AS_OF_DATE)
    closed_on = date(2021, 3, 7)
    known = read_training_set(JobContext(settings, closed_on), features, SPECIFICATION)
    assert known.window == OutcomeWindow(AS_OF_DATE, date(2021, 2, 28))
    defaulted = sorted(borrowers[:15])
    assert list(known.values.index[known.outcome == 1]) == defaulted
    assert list(known.values.index) == sorted([*defaulted, *borrowers[17:]])
    pd.testing.assert_frame_equal(known.values, features.values.loc[known.values.index])


def test_a_window_whose_defaults_may_still_be_reported_is_not_trained_on(
    trained: Trained, borrowers: list[str]
) -> None:
    settings, features = trained.lake.settings, read_features(trained.lake.spark, AS_OF_DATE)
    known = read_training_set(JobContext(settings, date(2021, 3, 6)), features, SPECIFICATION)
    assert known.window is None or known.window.begins < AS_OF_DATE


def test_the_run_tells_where_the_model_comes_from(trained: Trained) -> None:
    client = open_registry(trained.lake.settings)
    version = client.get_model_version_by_alias(MODEL_NAME, CANDIDATE)
    assert version.tags[READY] == "true"
    assert version.tags["trained_as_of"] == str(AS_OF_DATE)
    assert set(INPUT_TABLES) <= {
        name.removeprefix("delta_version.")
        for name in version.tags
        if name.startswith("delta_version.")
    }
    run = client.get_run(version.run_id)
    assert run.data.params["repeats"]
    assert "without_history/scorecard/auc_lower" in run.data.metrics
    assert run.inputs.dataset_inputs[0].dataset.source_type == "delta_table"
    artifacts = {x.path for x in client.list_artifacts(version.run_id)}
    assert {"model_card.md", "plots", "figures.json", "scorecard.json"} <= artifacts
    assert len(client.list_artifacts(version.run_id, "plots")) == 4
    for part in ("95 % interval", "permuted labels", "What it can't say", "Calibration"):
        assert part in version.description


def test_the_challenger_gives_probabilities_too(trained: Trained) -> None:
    open_registry(trained.lake.settings)
    features = read_features(trained.lake.spark, AS_OF_DATE)
    model = mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}@{CHALLENGER}")
    predicted = np.asarray(model.predict(features.values[features.columns("without_history")]))
    assert predicted.shape == (len(features.values), 2)
    assert predicted.sum(axis=1) == pytest.approx(1)


def test_the_registered_model_works_away_from_the_project(trained: Trained, tmp_path: Path) -> None:
    features = read_features(trained.lake.spark, AS_OF_DATE)
    features.values.to_parquet(tmp_path / "values.parquet")
    script = (
        "import sys, mlflow, pandas as pd\n"
        f"mlflow.set_tracking_uri({trained.lake.settings.mlflow_uri!r})\n"
        f"model = mlflow.pyfunc.load_model('models:/{MODEL_NAME}@{CANDIDATE}')\n"
        "values = pd.read_parquet('values.parquet')\n"
        "names = model.metadata.get_input_schema().input_names()\n"
        "model.predict(values[names]).to_parquet('predicted.parquet')\n"
        "import models.scorecard\n"
        "print(models.scorecard.__file__)\n"
        "print([x for x in sys.modules if x.split('.')[0] in ('loomline', 'optbinning')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    place, loaded = done.stdout.splitlines()[-2:]
    assert str(trained.lake.settings.home) in place
    assert loaded == "[]"
    predicted = pd.read_parquet(tmp_path / "predicted.parquet")
    scores = trained.lake.spark.table(SCORES).where(f"as_of_date = date'{AS_OF_DATE}'")
    stored = scores.orderBy("enterprise_id").toPandas()
    assert predicted.pd_ratio.to_numpy() == pytest.approx(stored.pd_ratio.to_numpy(), abs=1e-12)
    assert predicted.score.to_numpy() == pytest.approx(stored.score.to_numpy(dtype=float))


def test_the_card_as_spark_sql_gives_the_scores_that_are_stored(trained: Trained) -> None:
    spark, client = trained.lake.spark, open_registry(trained.lake.settings)
    version = client.get_model_version_by_alias(MODEL_NAME, CANDIDATE).version
    card = read_scorecard(client, scorecard_of(client, str(version)))
    positions = read_features(spark, AS_OF_DATE).names.set_index("feature").position
    columns = [f"feature_values[{positions[name]}] as `{name}`" for name in card.feature_names]
    vectors = spark.table(FEATURES).where(f"as_of_date = date'{AS_OF_DATE}'")
    scored = vectors.selectExpr("enterprise_id", *columns).selectExpr(
        "enterprise_id", *spark_columns(card)
    )
    found = {row["enterprise_id"]: row for row in scored.collect()}
    stored = spark.table(SCORES).where(f"as_of_date = date'{AS_OF_DATE}'").collect()
    assert len(found) == len(stored)
    for row in stored:
        assert found[row["enterprise_id"]]["score"] == row["score"]
        assert found[row["enterprise_id"]]["pd_ratio"] == pytest.approx(row["pd_ratio"], abs=1e-12)


def test_every_score_has_its_probability_in_every_state_of_the_economy(
    trained: Trained, run: RunJob
) -> None:
    run("scenarios")
    spark, declared = trained.lake.spark, load_scenarios(trained.lake.catalog)
    of_date = spark.table("scores.scenario_pd").where(f"as_of_date = date'{AS_OF_DATE}'")
    rows = of_date.orderBy("enterprise_id", "systematic_factor").collect()
    scored = {row["enterprise_id"]: row["pd_ratio"] for row in trained_scores(trained)}
    by_firm: dict[str, list[float]] = {}
    for row in rows:
        assert row["pd_ratio"] == scored[row["enterprise_id"]]
        by_firm.setdefault(row["enterprise_id"], []).append(row["scenario_pd_ratio"])
    assert set(by_firm) == set(scored)
    for probabilities in by_firm.values():
        assert len(probabilities) == len(declared.systematic_factors())
        # The better the times, the fewer default.
        assert probabilities == sorted(probabilities, reverse=True)


def test_a_run_that_was_cut_off_before_its_figures_is_finished_not_trained_again(
    trained: Trained, run: RunJob
) -> None:
    spark, client = trained.lake.spark, open_registry(trained.lake.settings)
    before = content_hashes(spark, TABLES)
    version = client.get_model_version_by_alias(MODEL_NAME, CANDIDATE).version
    count = len(client.search_model_versions())
    # As a kill leaves it between registration and the write of the figures.
    client.delete_model_version_tag(MODEL_NAME, version, READY)
    for table in (METRICS, CALIBRATION):
        replace_rows(spark.table(table).where("false"), table, f"model_version = '{version}'")
    run("train")
    assert content_hashes(spark, TABLES) == before
    assert len(client.search_model_versions()) == count
    assert client.get_model_version(MODEL_NAME, version).tags[READY] == "true"
