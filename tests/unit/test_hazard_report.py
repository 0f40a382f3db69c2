"""What the report of a hazard finds out, each against a slow or independent second way."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from models.early_warning.specification import MODEL_NAME
from models.hazard_report.concerns import hazard_concerns
from models.hazard_report.evidence import Evidence
from models.hazard_report.findings import HazardFindings, hazard_findings
from models.hazard_report.inputs import sensitivity, stability
from models.hazard_report.performance import at_horizons
from models.hazard_report.report import hazard_document, reported
from models.hazard_report.use_sections import DRAWN
from models.registry import TRAINING_SET
from models.validation_report.subject import Subject
from tests.unit.judged_hazards import ENTRY, ORIGIN, evidence, judged, settings
from tests.unit.page_elements import PageElements
from tests.unit.test_validation_pages import squeezed, texts_of


@pytest.fixture(scope="module")
def given() -> Evidence:
    return evidence()


@pytest.fixture(scope="module")
def found(given: Evidence) -> HazardFindings:
    return hazard_findings(given)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return dict(reported(evidence(), settings(), MODEL_NAME, ORIGIN, ENTRY).files)


def test_areas_and_brier_scores_are_those_of_scikit_learn(
    given: Evidence, found: HazardFindings
) -> None:
    assert [at.days for at in found.horizons] == [30, 60, 90]
    for place, at in enumerate(found.horizons):
        counts = given.counts[:, place]
        outcome, said = given.outcome[counts, place], given.said[counts, place]
        assert at.ranking is not None
        area = at.ranking.area
        assert area.value == pytest.approx(roc_auc_score(outcome, said))
        assert area.lower < area.value < area.upper
        brier, rate = at.calibration.brier, at.calibration.rate_brier
        assert brier.value == pytest.approx(brier_score_loss(outcome, said))
        assert rate.value == pytest.approx(outcome.mean() * (1 - outcome.mean()))
        less = at.calibration.brier_less_rate
        assert less.value == pytest.approx(brier.value - rate.value)
        assert sum(one.default_count for one in at.calibration.bins) == outcome.sum()
        assert at.event_row_count == outcome.sum()
        assert at.event_unit_count == len({*given.unit[counts][outcome == 1]})
        for rival in at.ranking.benchmarks.rivals:
            assert rival.champion_less_rival.value == pytest.approx(area.value - rival.area.value)


def test_a_covariate_alone_ranks_by_its_sign_and_a_missing_value_stands_in_the_middle(
    given: Evidence,
) -> None:
    turned = replace(given, alone=("x1",), signs={"x0": 1, "x1": -1})
    last = at_horizons(turned)[-1]
    assert last.ranking is not None
    counts = given.counts[:, -1]
    column = given.values.x1[counts]
    area = roc_auc_score(given.outcome[counts, -1], -column.fillna(column.median()))
    assert last.ranking.benchmarks.rivals[0].rival == "x1 alone"
    assert last.ranking.benchmarks.rivals[0].area.value == pytest.approx(area)
    assert last.ranking.benchmarks.best_feature == "x0"
    assert last.ranking.benchmarks.rivals[1].rival == "best single covariate (x0)"


def test_rows_that_are_all_of_one_unit_more_often_widen_no_interval(given: Evidence) -> None:
    # Every row three times with its unit: the same figures, since units are drawn and not rows.
    thrice = np.repeat(np.arange(len(given.unit)), 3)
    tripled = replace(
        given,
        values=given.values.iloc[thrice].reset_index(drop=True),
        **{name: getattr(given, name)[thrice] for name in ("unit", "as_of_date")},
        **{name: getattr(given, name)[thrice] for name in ("counts", "outcome")},
        trained=replace(given.trained, out_of_fold=given.trained.out_of_fold[thrice]),
    )
    for once, more in zip(at_horizons(given), at_horizons(tripled), strict=True):
        assert once.ranking is not None and more.ranking is not None
        for name in ("value", "lower", "upper"):
            assert getattr(more.ranking.area, name) == pytest.approx(
                getattr(once.ranking.area, name)
            )


def test_a_horizon_at_which_nothing_happened_has_a_level_and_no_ranking(given: Evidence) -> None:
    quiet = replace(given, outcome=np.zeros_like(given.outcome))
    found = at_horizons(quiet)
    assert all(at.ranking is None for at in found)
    assert all(at.calibration.observed_ratio == 0 for at in found)
    texts = [x.text for x in hazard_concerns(replace(hazard_findings(given), horizons=found))]
    assert sum("nothing can be ranked" in text for text in texts) == len(found)


def test_data_are_counted_and_missing_values_are_of_the_rows_in_use(
    given: Evidence, found: HazardFindings
) -> None:
    used = sorted({*given.person.row})
    assert found.data.row_count == len(used)
    assert found.data.unit_count == len({*given.unit[used]})
    fell = given.person.row[given.person.event == 1]
    assert found.data.event_unit_count == len({*given.unit[fell]})
    quality = {x.feature: x for x in found.data.covariates}
    assert quality["x0"].missing_training_ratio == 0
    missing = [math.isnan(x) for x in given.values.x1.iloc[used]]
    assert quality["x1"].missing_training_ratio == pytest.approx(np.mean(missing))
    assert found.data.scored_count == len(given.scored)


def test_the_index_of_equal_rows_is_nought_and_of_moved_ones_large(given: Evidence) -> None:
    same = stability(replace(given, scored=given.trained_values))
    assert [(x.name, x.index) for x in same] == [("score", 0), ("x0", 0), ("x1", 0)]
    moved = given.trained_values.assign(x0=given.trained_values.x0 + 2)
    shifts = {x.name: x for x in stability(replace(given, scored=moved))}
    assert shifts["x0"].reading == shifts["score"].reading == "large shift"
    assert shifts["x1"].index == 0
    lost = given.trained_values.assign(x1=np.nan)
    (last,) = (x for x in stability(replace(given, scored=lost)) if x.name == "x1")
    assert {x.bin: x.enterprise_ratio for x in last.bins}["missing"] == 1


def test_without_scored_rows_the_newest_rows_are_compared(given: Evidence) -> None:
    alone = replace(given, scored=given.scored.iloc[:0])
    newest = given.values[given.as_of_date == given.as_of_date.max()]
    pd.testing.assert_frame_equal(alone.compared_values, newest)


def test_a_shift_does_what_predicting_shifted_rows_does(given: Evidence) -> None:
    model, rows = given.trained.fitted, given.compared_values
    # Through survival, one interval after the other.
    before = 1 - np.prod(1 - model.hazards(rows), axis=1)
    deviation = dict(zip(model.scaling.names, model.scaling.deviation, strict=True))
    for response in sensitivity(given).responses:
        name = response.feature
        changed = {
            "missing": rows.assign(**{name: np.nan}),
            "one deviation lower": rows.assign(**{name: rows[name] - deviation[name]}),
            "one deviation higher": rows.assign(**{name: rows[name] + deviation[name]}),
        }[response.change]
        after = 1 - np.prod(1 - model.hazards(changed), axis=1)
        assert response.mean_pd_change_ratio == pytest.approx((after - before).mean())
        assert response.largest_pd_change_ratio == pytest.approx(np.abs(after - before).max())


def test_the_same_rows_trained_and_judged_again_give_the_same_bytes(
    files: dict[str, bytes],
) -> None:
    again = reported(judged(), settings(), MODEL_NAME, ORIGIN, ENTRY)
    assert dict(again.files) == files


def test_the_hash_of_the_training_tells_of_any_change(given: Evidence) -> None:
    whole = given.sha256(settings())
    assert given.sha256(settings()) == whole
    assert given.sha256({**settings(), "seed": 1}) != whole
    event = given.person.event.copy()
    event[0] = 1 - event[0]
    changed = [
        replace(given, values=given.values.assign(x0=given.values.x0 + 1e-9)),
        replace(given, person=replace(given.person, event=event)),
        replace(given, unit=given.unit[::-1]),
        replace(given, as_of_date=given.as_of_date + np.timedelta64(1, "D")),
    ]
    assert len({one.sha256(settings()) for one in changed} | {whole}) == 5


def test_every_section_that_a_validator_asks_for_is_on_the_page_and_in_the_data(
    files: dict[str, bytes],
) -> None:
    tags = reported(evidence(), settings(), MODEL_NAME, ORIGIN, ENTRY).tags
    content = json.loads(files["findings.json"])
    assert content["subject"]["training_set_sha256"] == tags[TRAINING_SET]
    assert content["findings"]["horizons"][2]["days"] == 90
    page = files["report.html"].decode()
    elements = PageElements()
    elements.feed(page)
    said = squeezed(elements.text)
    anchors = [value for name, value in elements.attributes if name == "id"]
    assert len(anchors) == len(set(anchors))
    assert set(anchors) > {
        *("summary", "data", "soundness", "discrimination", "calibration"),
        *("stability", "sensitivity", "benchmark", "limits"),
    }
    for limit in (*ENTRY.limits_en, *ENTRY.limits_zh):
        assert squeezed(limit) in said
    assert "区分能力" in said and "局限" in said
    assert files["report.pdf"].startswith(b"%PDF-")


def test_charts_of_many_covariates_are_cut_and_the_tables_are_not(given: Evidence) -> None:
    names = [f"covariate_{place:02}" for place in range(40)]
    model = given.trained.fitted
    one_each = {
        name: np.repeat(getattr(model.scaling, name)[:1], len(names))
        for name in ("lower", "upper", "median", "mean", "deviation", "is_told")
    }
    wide = replace(
        model,
        scaling=replace(model.scaling, names=tuple(names), **one_each),
        coefficients=np.repeat(0.01, len(names)),
    )
    values = pd.DataFrame(dict.fromkeys(names, given.values.x0))
    many = replace(
        given,
        values=values,
        scored=values.tail(50),
        signs=dict.fromkeys(names, 1),
        trained=replace(given.trained, fitted=wide),
    )
    files = reported(many, settings(), MODEL_NAME, ORIGIN, ENTRY).files
    assert files["report.pdf"].rstrip().endswith(b"%%EOF")
    page = files["report.html"].decode()
    assert f"The chart has the {DRAWN} that move most of 41" in page


def test_the_page_says_everything_in_the_document(files: dict[str, bytes]) -> None:
    subject = Subject(
        MODEL_NAME,
        ORIGIN.trained_as_of,
        ORIGIN.feature_version,
        evidence().sha256(settings()),
        ORIGIN.code_commit,
        dict(ORIGIN.table_versions),
    )
    elements = PageElements()
    elements.feed(files["report.html"].decode())
    said = squeezed(elements.text)
    for text in texts_of(hazard_document(hazard_findings(evidence()), subject, ENTRY)):
        assert squeezed(text) in said
