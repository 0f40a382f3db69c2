"""The monitoring of early warning and machine failures, on planted rows, as of one date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from loomline.job import JobContext
from loomline.lake import remove_rows, sql_literal
from models.machine_health.declared import NAMES
from models.monitor.job import MONITORING
from models.registry import CANDIDATE, model_versions, open_registry
from tests.integration.conftest import RunJob
from tests.integration.content import content_hashes
from tests.integration.factory_facts import Row, filled, moment, plant, report, stop, uproot
from tests.unit.judged_hazards import registered
from tests.unit.judged_machines import registered_failures

NOW = date(2021, 1, 31)
WARNED, FORETOLD = NOW - timedelta(days=118), NOW - timedelta(days=40)
AFTER = moment(NOW, 25)
BANK, FACTORY = "planted_bank", "planted_mes"
FIRMS = [f"PLANTED{number}" for number in range(1, 7)]
MACHINES = [f"{FACTORY}/F1/M{number}" for number in range(1, 5)]
PDS = {"pd_30_ratio": 0.1, "pd_60_ratio": 0.2, "pd_90_ratio": 0.3}
FAILURES = {"failure_7_ratio": 0.1, "failure_30_ratio": 0.3, "expected_days_to_failure": 90.0}
DATED = (*("scores.early_warning", "scores.machine_health", "features.window_value"), MONITORING)


def in_days(day: date, days: int) -> date:
    return day + timedelta(days=days)


def borrowers() -> list[Row]:
    """Five borrowers; the distress of the second is told only after the date that is looked at."""
    fell = {1: (in_days(WARNED, 50), moment(in_days(WARNED, 52))), 2: (in_days(WARNED, 20), AFTER)}
    fell[4] = (in_days(WARNED, -3), moment(in_days(WARNED, 5)))
    rows = []
    for number in range(1, 6):
        account = {"code_system": BANK, "enterprise_code": f"A{number}"}
        day, known_at = fell.get(number, (None, None))
        since = moment(in_days(WARNED, -100))
        sound = {"is_default": False, "known_at": since, "superseded_at": known_at}
        rows.append({**account, **sound})
        if day is not None:
            told = {"is_default": True, "default_date": day, "known_at": known_at}
            rows.append({**account, **told})
    return rows


def links() -> list[Row]:
    """The sixth firm has no loan."""
    return [
        {
            **{"code_system": BANK, "owner_code": "*", "party_role": "enterprise"},
            **{"party_code": f"A{number}", "enterprise_id": FIRMS[number - 1]},
            **{"link_probability": 1.0, "link_method": "own code", "evidence": []},
            "known_at": moment(in_days(WARNED, -100)),
        }
        for number in range(1, 7)
    ]


def works() -> list[Row]:
    """Work of four machines; of the fourth only until ten days after what was foretold."""
    return [
        report(f"M{number}", in_days(NOW, -ago), code_system=FACTORY)
        for number in range(1, 5)
        for ago in range(0, 170, 2)
        if number < 4 or ago >= 30
    ]


def failures() -> list[Row]:
    """Two machines fail; the failure of the second is told only after the date."""
    breakdown = {"event_type": "breakdown", "code_system": FACTORY}
    on = [moment(in_days(FORETOLD, days), 8) for days in (3, 20)]
    return [
        stop("M1", on[0], on[0] + timedelta(hours=1), **breakdown),
        stop("M2", on[1], on[1] + timedelta(hours=1), **breakdown, known_at=AFTER),
    ]


FACTS = {
    "silver.credit_outcome": borrowers(),
    "silver.enterprise_link": links(),
    "silver.production_output": works(),
    "silver.machine_event": failures(),
}


def results(version: str, failing_version: str) -> dict[str, list[Row]]:
    of_model = {"trained_as_of": date(2020, 9, 30), "is_approved": False, "reasons": []}
    warned = {**of_model, "model_name": "early_warning", "model_version": version}
    foretold = {**of_model, "model_name": "machine_failure", "model_version": failing_version}
    return {
        "scores.early_warning": [
            {
                **{**warned, **PDS, "as_of_date": day, "enterprise_id": firm},
                **{"is_alarm": firm in (FIRMS[0], FIRMS[2]), "families_version": "f1"},
            }
            for day in (WARNED, NOW)
            for firm in FIRMS
        ],
        "scores.machine_health": [
            {
                **{**foretold, **FAILURES, "as_of_date": day, "machine_id": machine},
                **{"code_system": FACTORY, "enterprise_code": "F1"},
                "machine_code": machine.split("/")[-1],
            }
            for day in (FORETOLD, NOW)
            for machine in MACHINES
        ],
        "features.window_value": [
            {
                **{"as_of_date": NOW, "enterprise_id": firm, "families_version": "f1"},
                "feature_values": [None, 9.0, 0.1 * place],
            }
            for place, firm in enumerate(FIRMS)
        ],
        "features.window_feature": [
            {
                **{"families_version": "f1", "position": place, "feature": name},
                **{"family": "x", "domain": "x", "owner": "x", "unit": "ratio"},
                **{"description_en": f"Value {name}", "description_zh": f"值{name}"},
                "missing_means": "nothing",
            }
            for place, name in ((1, "x0"), (2, "x1"))
        ],
    }


Found = dict[tuple[str, str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def found(lake: JobContext, run: RunJob) -> Iterator[Found]:
    """The findings of the date by model, measure and subject."""
    _, warning = registered(lake.settings.home)
    _, failing = registered_failures(lake.settings.home)
    plant(lake, FACTS)
    for table, rows in results(warning.version, failing.version).items():
        filled(lake, table, rows)
    run("monitor", NOW)
    condition = f"as_of_date = {sql_literal(NOW)}"
    rows = [row.asDict() for row in lake.spark.table(MONITORING).where(condition).collect()]
    yield {(row["model_name"], row["measure"], row["subject"]): row for row in rows}
    uproot(lake, FACTS)
    for table in DATED:
        days = ", ".join(map(sql_literal, (WARNED, FORETOLD, NOW)))
        remove_rows(lake.spark, table, f"as_of_date in ({days})")
    remove_rows(lake.spark, "features.window_feature", "families_version = 'f1'")


def test_warnings_are_set_against_distress_that_was_known_by_the_date(found: Found) -> None:
    observed = {
        days: found["early_warning", "observed_event_ratio", f"within_{days}_days"]
        for days in (30, 60, 90)
    }
    assert [observed[days]["value"] for days in (30, 60, 90)] == [0, 1 / 4, 1 / 4]
    # Without the one that was in distress already, and the one without a loan.
    assert {row["enterprise_count"] for row in observed.values()} == {4}
    true_alarms = found["early_warning", "true_alarm_ratio", "within_90_days"]
    alarmed = found["early_warning", "alarmed_event_ratio", "within_90_days"]
    assert (true_alarms["value"], alarmed["value"]) == (1 / 2, 1)
    assert found["early_warning", "matured_auc", "within_90_days"]["value"] is None
    assert found["early_warning", "jeffreys_p_value", "within_90_days"]["level"] == "green"


def test_failures_are_counted_of_machines_that_failed_or_were_seen_and_known_by_the_date(
    found: Found,
) -> None:
    observed = [
        found["machine_failure", "observed_event_ratio", f"within_{days}_days"]["value"]
        for days in (7, 30)
    ]
    assert observed == [1 / 4, 1 / 3]
    assert not [key for key in found if key[0] == "machine_failure" and "alarm" in key[1]]


def test_drift_is_of_the_probability_and_every_covariate_that_the_version_reads(
    found: Found,
) -> None:
    subjects = {
        name: {subject for model, measure, subject in found if (model, measure) == (name, "psi")}
        for name in ("early_warning", "machine_failure")
    }
    assert subjects == {
        "early_warning": {"score", "x0", "x1"},
        "machine_failure": {"score", *NAMES},
    }
    moved, same = (found["early_warning", "psi", name] for name in ("x0", "x1"))
    assert moved["value"] > same["value"] > 0
    assert "'Value x0'" in moved["said_en"] and "“值x0”" in moved["said_zh"]
    assert all(row["value"] is not None for key, row in found.items() if key[1] == "psi")


def test_what_is_to_be_expected_is_said_and_what_is_proposed_is_not_done(
    found: Found, lake: JobContext
) -> None:
    client = open_registry(lake.settings)
    for name in ("early_warning", "machine_failure"):
        # All have one probability, and so are ranked by luck.
        assert found[name, "estimated_auc", "portfolio"]["value"] == pytest.approx(0.5)
        assert found[name, "estimated_auc", "portfolio"]["level"] == "red"
        assert (name, "validation_age_days", "portfolio") in found
        proposed = found[name, "proposal", "train_anew"]
        assert "It is proposed to train anew" in proposed["said_en"]
        # The version is still the only one, and a candidate.
        (version,) = model_versions(client, name)
        assert client.get_model_version(name, version.version).aliases == [CANDIDATE]


def test_monitoring_twice_finds_the_same(found: Found, lake: JobContext, run: RunJob) -> None:
    before = content_hashes(lake.spark, [MONITORING])
    result = run("monitor", NOW)
    assert content_hashes(lake.spark, [MONITORING]) == before
    assert any(note.startswith("machine_failure:") for note in result.notes)
