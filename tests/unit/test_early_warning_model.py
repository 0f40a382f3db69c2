"""Early warning: the model as text, its reasons, and its way through the registry."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from expectations.suites import load_suites
from loomline.settings import PROJECT_ROOT, Settings
from loomline.tables import load_tables
from models.early_warning.evidence import warning_evidence
from models.early_warning.firm_dates import FirmDates
from models.early_warning.job import WARNINGS
from models.early_warning.registering import (
    log_and_register,
    open_warnings,
    read_warning_model,
)
from models.early_warning.specification import MODEL_NAME, Specification
from models.early_warning.training import TrainingPart, threshold, train_hazard, training_part
from models.early_warning.warning_model import WarningModel, warning_model
from models.early_warning.warning_rows import LEADING, warning_rows
from models.inventory import declared_model
from models.registered import Origin, newest_known
from models.registry import CANDIDATE
from tests.unit.made_up_hazards import ecosystem

SPECIFICATION = Specification(inverse_penalties=(1.0,))
SIGNS = {"x0": 1, "x1": 1}
DESCRIBED = {
    name: {
        "feature": name,
        "description_en": f"Value of {name}",
        "description_zh": f"{name}的值",
        "unit": "ratio",
    }
    for name in ("x0", "x1")
}


@pytest.fixture(scope="module")
def part() -> TrainingPart:
    dates, _ = ecosystem(11)
    gaps = dates.values.mask(np.random.default_rng(12).random(dates.values.shape) < 0.1)
    rows = {**vars(dates), "values": gaps}
    given = FirmDates(**rows)
    return training_part(given, given.observed_until, SPECIFICATION)


@pytest.fixture(scope="module")
def model(part: TrainingPart) -> WarningModel:
    trained = train_hazard(part, {"x0": 1, "x1": 1}, SPECIFICATION)
    found = warning_model(part, trained, SPECIFICATION)
    assert found.threshold == threshold(part, trained, SPECIFICATION)
    return found


def _values(part: TrainingPart) -> pd.DataFrame:
    ids = [f"E{place:05}" for place in range(len(part.dates.values))]
    return part.dates.values.set_axis(ids)


def test_a_model_written_as_text_says_the_same_to_the_last_bit(
    part: TrainingPart, model: WarningModel
) -> None:
    again = WarningModel.from_json(model.to_json())
    pd.testing.assert_frame_equal(
        again.predict(_values(part)), model.predict(_values(part)), check_exact=True
    )
    assert again.to_json() == model.to_json()


def test_contributions_add_up_to_the_log_odds(part: TrainingPart, model: WarningModel) -> None:
    added = model.hazard.contributions(part.dates.values).sum(axis=1)
    hazards = model.hazard.hazards(part.dates.values)
    for interval in range(SPECIFICATION.interval_count):
        expected = model.hazard.intercept + model.hazard.of_interval[interval] + added
        assert logit(hazards[:, interval]) == pytest.approx(expected)


def test_rows_have_what_the_model_says_and_the_reasons_that_raise_the_odds_most(
    part: TrainingPart, model: WarningModel
) -> None:
    values = _values(part)
    same = {
        "as_of_date": date(2020, 6, 30),
        "model_name": MODEL_NAME,
        "model_version": "1",
        "trained_as_of": date(2020, 5, 31),
        "families_version": "abc",
        "is_approved": False,
    }
    table = warning_rows(model, values, DESCRIBED, same)
    declared = load_tables(PROJECT_ROOT / "catalog")[WARNINGS]
    assert set(table.column_names) == set(declared.columns)
    assert WARNINGS in {one.suite.table for one in load_suites("scores")}
    added = model.hazard.contributions(values)
    said = model.predict(values)
    for row, found in enumerate(table.to_pylist()):
        assert found["enterprise_id"] == values.index[row]
        assert found["pd_30_ratio"] <= found["pd_60_ratio"] <= found["pd_90_ratio"]
        assert found["is_alarm"] == (found["pd_90_ratio"] > model.threshold)
        assert found["pd_90_ratio"] == said.pd_90_ratio.iloc[row]
        expected = sorted((x for x in added[row] if x > 0), reverse=True)[:LEADING]
        assert [one["log_odds"] for one in found["reasons"]] == expected
        for one in found["reasons"]:
            value = values[one["feature"]].iloc[row]
            assert (one["value"] is None) == np.isnan(value)
            assert one["reason_en"].startswith(f"Value of {one['feature']}: ")
            assert ("not available" in one["reason_en"]) == np.isnan(value)


def test_the_registry_gives_the_newest_model_that_knew_of_nothing_later(
    tmp_path: Path, part: TrainingPart, model: WarningModel
) -> None:
    client = open_warnings(Settings(home=tmp_path))
    trained = train_hazard(part, SIGNS, SPECIFICATION)
    tags = {"covariates_version": "a", "families_version": "b"}
    assert newest_known(client, MODEL_NAME, date(2021, 1, 1), tags) is None
    evidence = warning_evidence(part, trained, SIGNS, part.dates.values.head(50), SPECIFICATION)
    origin = Origin(date(2020, 9, 30), tags, {"features.window_value": 3}, "c0ffee")
    entry = declared_model(PROJECT_ROOT / "catalog", MODEL_NAME)
    made = log_and_register(client, model, part, evidence, SPECIFICATION, origin, entry)
    assert newest_known(client, MODEL_NAME, date(2020, 9, 29), tags) is None
    assert newest_known(client, MODEL_NAME, date(2020, 9, 30), tags) == made
    nobody = newest_known(client, MODEL_NAME, date(2020, 9, 30), tags, lambda version: False)
    assert nobody is None
    others = {**tags, "families_version": "c"}
    assert newest_known(client, MODEL_NAME, date(2020, 10, 1), others) is None
    assert read_warning_model(client, made).to_json() == model.to_json()
    alias = client.get_model_version_by_alias(MODEL_NAME, CANDIDATE)
    assert str(alias.version) == made.version
    served = mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}/{made.version}")
    values = part.dates.values.head(20)
    pd.testing.assert_frame_equal(served.predict(values), model.predict(values))
    figures = client.get_run(made.run_id).data.metrics
    assert figures["auc_90_out_of_fold"] > 0.6
    assert entry.retrain_after_days > 0
