"""The model of failures: its mean time, its text, its reasons, and its way through the registry."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.suites import load_suites
from loomline.settings import Settings
from loomline.tables import load_tables
from models.hazard import HazardModel
from models.hazard_training import Trained
from models.holdout import TooFewError
from models.inventory import declared_model
from models.machine_health.declared import COVARIATES, NAMES, SIGNS
from models.machine_health.evidence import failure_evidence
from models.machine_health.failure_model import FailureModel, expected_days
from models.machine_health.health_rows import ANOMALY, LEADING, NO_MODEL, health_rows
from models.machine_health.history import History
from models.machine_health.job import HEALTH
from models.machine_health.machine_dates import machine_dates, missing_reasons, sundays
from models.machine_health.registering import (
    log_and_register,
    open_failures,
    read_failure_model,
)
from models.machine_health.specification import MODEL_NAME, Specification
from models.machine_health.training import TrainingPart, train, training_part
from models.registered import Origin, newest_known
from models.registry import CANDIDATE
from tests.unit.made_up_machines import day, fleet, made_up, reading, report

SPECIFICATION = Specification(inverse_penalties=(1.0,), training_days=150)
LAST = 300
OF_MODEL = {
    "model_name": MODEL_NAME,
    "model_version": "1",
    "trained_as_of": date(2020, 1, 1),
    "is_approved": False,
}


@pytest.fixture(scope="module")
def machines() -> History:
    return fleet(3)


@pytest.fixture(scope="module")
def part(machines: History) -> TrainingPart:
    dates = machine_dates(machines, sundays(day(LAST), SPECIFICATION), SPECIFICATION)
    return training_part(dates, day(LAST), SPECIFICATION)


@pytest.fixture(scope="module")
def trained(part: TrainingPart) -> Trained[HazardModel]:
    return train(part, SPECIFICATION)


@pytest.fixture(scope="module")
def model(trained: Trained[HazardModel]) -> FailureModel:
    return FailureModel(trained.fitted, SPECIFICATION.horizons)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.01, 0.95), st.floats(0.01, 0.95))
def test_expected_days_are_the_area_under_the_curve_of_survival(first: float, last: float) -> None:
    rates = -np.log1p(-first) / 7, -np.log1p(-last) / 23
    moments = np.linspace(0, 30 + 40 / rates[1], 400_001)
    passed = np.minimum(moments, 7) * rates[0] + np.maximum(moments - 7, 0) * rates[1]
    found = expected_days(np.array([[first, last]]), (7, 30))
    assert found[0] == pytest.approx(np.trapezoid(np.exp(-passed), moments), rel=1e-3)


def test_with_one_daily_rate_the_mean_is_its_inverse_and_a_hazard_of_nothing_is_finite() -> None:
    rate = 0.02
    hazards = -np.expm1(-rate * np.array([[7.0, 23.0]]))
    assert expected_days(hazards, (7, 30))[0] == pytest.approx(1 / rate)
    assert np.isfinite(expected_days(np.array([[0.0, 0.0], [1.0, 1.0]]), (7, 30))).all()


def test_the_fit_finds_what_drives_made_up_failures(
    model: FailureModel, part: TrainingPart
) -> None:
    near = part.dates.values.assign(days_since_maintenance=5.0, days_since_overhaul=5.0)
    far = part.dates.values.assign(days_since_maintenance=50.0, days_since_overhaul=50.0)
    fresh, worn = model.predict(near), model.predict(far)
    assert (worn.failure_7_ratio > 1.5 * fresh.failure_7_ratio).all()
    assert (worn.expected_days_to_failure < fresh.expected_days_to_failure).all()
    assert (fresh.failure_7_ratio <= fresh.failure_30_ratio).all()
    signs = np.array([SIGNS[name] for name in NAMES])
    assert (model.hazard.coefficients[: len(signs)] * signs >= 0).all()


def test_too_few_failures_are_said_and_not_fitted() -> None:
    dates = machine_dates(fleet(4, machines=10), np.array([day(200)]), SPECIFICATION)
    with pytest.raises(TooFewError, match="30 are needed"):
        training_part(dates, day(LAST), SPECIFICATION)


def test_a_model_written_as_text_says_the_same_to_the_last_bit(
    model: FailureModel, part: TrainingPart
) -> None:
    again = FailureModel.from_json(model.to_json())
    values = part.dates.values
    pd.testing.assert_frame_equal(again.predict(values), model.predict(values), check_exact=True)
    assert again.to_json() == model.to_json()


def test_rows_have_what_the_model_says_or_why_not(
    machines: History, model: FailureModel, catalog: Path
) -> None:
    table = health_rows(machines, day(LAST), model, OF_MODEL, SPECIFICATION)
    assert set(table.column_names) == set(load_tables(catalog)[HEALTH].columns)
    assert HEALTH in {one.suite.table for one in load_suites("scores")}
    missing = missing_reasons(machines, day(LAST), SPECIFICATION)
    rows = table.to_pylist()
    assert [row["missing_reason"] or "" for row in rows] == missing.tolist()
    names = {one.name: one for one in COVARIATES}
    assert any(row["reasons"] for row in rows)
    for row in rows:
        has_model = row["missing_reason"] is None
        assert (row["failure_7_ratio"] is None) != has_model
        assert (row["model_version"] == "1") == has_model
        assert row["anomaly_score"] is None
        added = [one["log_odds"] for one in row["reasons"]]
        assert added == sorted(added, reverse=True)
        assert len(added) <= LEADING
        assert all(one > 0 for one in added)
        for one in row["reasons"]:
            declared = names[one["covariate"]]
            assert one["reason_en"].startswith(f"{declared.description_en}: ")
            assert one["reason_zh"].startswith(f"{declared.description_zh}：")


def test_without_a_model_the_anomaly_is_told_alone() -> None:
    values = np.random.default_rng(2).normal(100, 1, size=100)
    values[-1] += 20
    rows = [reading("W1", "heat", number, value) for number, value in enumerate(values)]
    rows += [reading("gone", "heat", number, value) for number, value in enumerate(values[:60])]
    reports = [report("W1", "work", number, run_minutes=60.0) for number in range(100)]
    reports.append(report("W1", "event", 50, detail="jam", is_stop=True))
    sites = [{"code_system": "sensors", "machine_code": "W1", "enterprise_name": "工厂"}]
    links = [
        {"code_system": "sensors", "party_code": "工厂", "enterprise_id": "E1"},
        {"code_system": "mes", "party_code": "F1", "enterprise_id": "E1"},
    ]
    history = made_up(reports, rows, 99, sites, links)
    (row,) = health_rows(history, day(99), None, {}, SPECIFICATION).to_pylist()
    assert (row["machine_id"], row["enterprise_id"]) == ("mes/F1/W1", "E1")
    assert row["missing_reason"] == NO_MODEL
    assert row["model_name"] is None
    assert row["is_anomaly"]
    assert row["anomaly_date"] == day(99).item()
    (reason,) = row["reasons"]
    assert (reason["covariate"], reason["log_odds"]) == (ANOMALY, None)
    assert "heat" in reason["reason_en"]
    assert "heat" in reason["reason_zh"]


def test_the_registry_gives_the_newest_model_that_knew_of_nothing_later(
    tmp_path: Path,
    part: TrainingPart,
    trained: Trained[HazardModel],
    model: FailureModel,
    catalog: Path,
) -> None:
    client = open_failures(Settings(home=tmp_path))
    tags = {"covariates_version": "a"}
    evidence = failure_evidence(part, trained, part.dates.values.tail(50), SPECIFICATION)
    origin = Origin(date(2020, 4, 26), tags, {"silver.machine_event": 3}, "c0ffee")
    entry = declared_model(catalog, MODEL_NAME)
    made = log_and_register(client, part, evidence, SPECIFICATION, origin, entry)
    assert newest_known(client, MODEL_NAME, date(2020, 4, 25), tags) is None
    assert newest_known(client, MODEL_NAME, date(2020, 4, 26), tags) == made
    assert newest_known(client, MODEL_NAME, date(2020, 5, 1), {"covariates_version": "b"}) is None
    assert read_failure_model(client, made).to_json() == model.to_json()
    alias = client.get_model_version_by_alias(MODEL_NAME, CANDIDATE)
    assert str(alias.version) == made.version
    served = mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}/{made.version}")
    values = part.dates.values.head(20)
    pd.testing.assert_frame_equal(served.predict(values), model.predict(values))
    figures = client.get_run(made.run_id).data.metrics
    assert figures["auc_7_out_of_fold"] > 0.55
    assert figures["auc_30_out_of_fold_lower"] <= figures["auc_30_out_of_fold_upper"]
    assert entry.tier == 3
