"""Drift of hazards against what their versions keep of the training, and the reading of it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from loomline.errors import LoomlineError
from models.early_warning.specification import MODEL_NAME
from models.hazard import probabilities
from models.hazard_report.reference import REFERENCE_FILE, Reference, reference_of
from models.machine_health.covariates import covariates
from models.monitor.drift import PSI, SCORE
from models.monitor.failures_seen import SPECIFICATION, failure_covariates
from models.monitor.finding import Finding, Watched
from models.monitor.hazard import Covariates
from models.monitor.hazard_drift import NOT_FOUND, NOT_KEPT, hazard_drift_findings
from models.monitor.hazard_inputs import read_reference, read_validated
from models.monitor.proposals import proposals
from models.monitor.thresholds import DriftBounds, load_thresholds
from models.monitor.warnings_seen import WARNINGS
from tests.unit.judged_hazards import evidence, registered
from tests.unit.made_up_machines import day, fleet

OF = Watched("1", "champion")
DESCRIBED = {"x0": ("Strength", "实力"), "x1": ("Noise", "噪声")}


@pytest.fixture(scope="module")
def bounds(catalog: Path) -> DriftBounds:
    return load_thresholds(catalog).drift


@pytest.fixture(scope="module")
def reference() -> Reference:
    return reference_of(evidence())


def said(values: pd.DataFrame) -> np.ndarray:
    return probabilities(evidence().trained.fitted.hazards(values))[:, -1]


def found(
    values: pd.DataFrame, unit: np.ndarray, reference: Reference | None, bounds: DriftBounds
) -> dict[str, Finding]:
    seen = Covariates(values, unit, DESCRIBED)
    findings = hazard_drift_findings(OF, WARNINGS, reference, said(values), seen, bounds)
    assert {one.measure for one in findings} == {PSI}
    return {one.subject: one for one in findings}


def training() -> tuple[pd.DataFrame, np.ndarray]:
    return evidence().trained_values, evidence().unit[evidence().used]


def test_a_reference_has_every_training_row_in_a_bin_between_its_bounds(
    reference: Reference,
) -> None:
    values, unit = training()
    assert reference.covariates == ("x0", "x1")
    assert reference.unit_count == len({*unit})
    columns = {SCORE: said(values), **{name: values[name].to_numpy() for name in values}}
    for name, binned in reference.of.items():
        edges = list(binned.bounds)
        counted = Counter(
            len(edges) + 1 if np.isnan(x) else bisect_right(edges, x) for x in columns[name]
        )
        assert {place: count for place, count in enumerate(binned.counts) if count} == counted
        assert len(edges) == 9
    assert reference.of["x1"].counts[-1] == values.x1.isna().sum() > 0


def test_the_promised_area_is_what_drawn_outcomes_show(reference: Reference) -> None:
    random, p = np.random.default_rng(1), said(training()[0])
    areas = [roc_auc_score(random.random(len(p)) < p, p) for _ in range(300)]
    assert reference.expected_auc == pytest.approx(np.mean(areas), abs=0.005)


def test_a_reference_is_read_as_it_was_written(reference: Reference) -> None:
    for one in (reference, replace(reference, expected_auc=float("nan"))):
        again = Reference.from_json(one.to_json())
        assert again.unit_count == one.unit_count
        assert again.expected_auc == pytest.approx(one.expected_auc, nan_ok=True)
        assert list(again.of) == list(one.of)
        for name, binned in one.of.items():
            assert np.array_equal(again.of[name].bounds, binned.bounds)
            assert np.array_equal(again.of[name].counts, binned.counts)


def test_a_registered_version_keeps_its_reference_and_areas_and_an_older_one_has_none(
    tmp_path: Path, reference: Reference
) -> None:
    client, made = registered(tmp_path)
    kept = read_reference(client, WARNINGS, made.version)
    assert kept is not None and kept.to_json() == reference.to_json()
    areas = read_validated(client, WARNINGS, [made.version, made.version])
    assert set(areas) == {(made.version, days) for days in WARNINGS.horizons}
    assert areas[made.version, 90] == client.get_run(made.run_id).data.metrics["auc_90_out_of_fold"]
    (tmp_path / "mlflow" / "artifacts" / made.run_id / "artifacts" / REFERENCE_FILE).unlink()
    assert read_reference(client, WARNINGS, made.version) is None
    with pytest.raises(LoomlineError, match=f"version 99 of {MODEL_NAME}, which is not"):
        read_reference(client, WARNINGS, "99")


def test_the_training_rows_themselves_have_not_moved(
    reference: Reference, bounds: DriftBounds
) -> None:
    findings = found(*training(), reference, bounds)
    assert [one.value for one in findings.values()] == [0, 0, 0]
    assert {one.level for one in findings.values()} == {"green"}


def test_rows_that_moved_are_red_and_a_moved_score_is_a_reason_to_train_anew(
    reference: Reference, bounds: DriftBounds
) -> None:
    values, unit = training()
    findings = found(values.assign(x0=values.x0 + 2), unit, reference, bounds)
    assert {name: one.level for name, one in findings.items()} == {
        SCORE: "red",
        "x0": "red",
        "x1": "green",
    }
    assert "'Strength'" in findings["x0"].said[0] and "“实力”" in findings["x0"].said[1]
    assert "the probability by 90 days" in findings[SCORE].said[0]
    assert findings["x0"].enterprise_count == len({*unit})
    (proposed,) = proposals(list(findings.values()), OF)
    assert findings[SCORE].said[0] in proposed.said[0]
    assert findings["x0"].said[0] not in proposed.said[0]


def test_missing_values_that_appear_are_drift(reference: Reference, bounds: DriftBounds) -> None:
    values, unit = training()
    findings = found(values.assign(x1=np.nan), unit, reference, bounds)
    assert findings["x1"].level == "red"
    assert findings["x0"].value == 0


def test_many_rows_of_few_units_are_as_little_evidence_as_the_units(
    reference: Reference, bounds: DriftBounds
) -> None:
    values, unit = training()
    moved = values.assign(x0=values.x0 + 0.5)
    assert found(moved, unit, reference, bounds)["x0"].level == "red"
    owners = np.array([f"O{place % 5}" for place in range(len(values))], dtype=object)
    few = found(moved, owners, reference, bounds)["x0"]
    assert few.level == "none"
    assert few.value == found(moved, unit, reference, bounds)["x0"].value
    assert "too few" in few.said[0]


def test_what_can_not_be_told_is_said_with_its_reason(
    reference: Reference, bounds: DriftBounds
) -> None:
    values, unit = training()
    (one,) = found(values, unit, None, bounds).values()
    assert (one.subject, one.value, one.level, one.said) == (SCORE, None, "none", NOT_KEPT)
    nothing = found(values.iloc[:0], unit[:0], reference, bounds)
    assert list(nothing) == [SCORE, "x0", "x1"]
    assert {(one.value, one.level, one.said) for one in nothing.values()} == {
        (None, "none", NOT_FOUND)
    }
    seen = Covariates(values[["x0"]], unit, DESCRIBED)
    some = hazard_drift_findings(OF, WARNINGS, reference, said(values), seen, bounds)
    assert [one.value for one in some] == [0, 0, None]
    assert "not computed any more" in some[-1].said[0]


def test_covariates_of_machines_are_those_of_the_daily_job_with_their_owners() -> None:
    history, as_of = fleet(seed=2, machines=12, owners=4, days=200), day(200)
    ids = ["mes/F03/M003", "mes/F00/M000", "nobody/F1/M9"]
    seen = failure_covariates(history, ids, as_of)
    expected = covariates(history, as_of, SPECIFICATION)
    expected.index = history.machines.listed.machine_id
    pd.testing.assert_frame_equal(
        seen.values.reset_index(drop=True),
        expected.loc[ids[:2]].reset_index(drop=True),
    )
    assert seen.unit.tolist() == ["mes/F03", "mes/F00"]
    assert set(seen.described) == set(seen.values)
