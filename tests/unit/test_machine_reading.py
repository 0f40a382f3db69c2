"""What machine health reads off the lake, and which readings are of which machine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlglot import transpile

from loomline.job import JobContext
from loomline.settings import Settings
from models.machine_health.inputs import FAILED, QUERIES, TABLES, asked
from models.machine_health.machines import find_machines
from tests.unit.planted_silver import DAY, LATE, Facts, planted


def _moment(day: int, hour: int) -> datetime:
    """An hour of a day of February by the clock of Shanghai."""
    return datetime(2020, 2, day, tzinfo=UTC) + timedelta(hours=hour - 8)


def _stop(day: int, **changes: Any) -> dict[str, Any]:
    return {
        **{"code_system": "mes", "enterprise_code": "F1", "machine_code": "W1", "event_code": "1"},
        **{"event_type": "breakdown", "started_at": _moment(day, 6), "known_at": _moment(day, 24)},
        **{"ended_at": _moment(day, 9), "is_stop": True},
        **changes,
    }


def _read(catalog: Path, facts: Facts, days: int = 180) -> list[pd.DataFrame]:
    """What the job reads as of `DAY`, by the SQL as DuckDB understands it."""
    found = []
    with planted(catalog, TABLES, facts, {}) as database:
        # Spark's function, which a transpilation takes for its opposite.
        database.execute("create macro in_zone(moment, zone) as timezone(zone, moment)")
        for template in (*QUERIES, FAILED):
            question = asked(template, JobContext(Settings(), DAY), days)
            question = question.replace("from_utc_timestamp(", "in_zone(")
            (sql,) = transpile(question, read="spark", write="duckdb")
            found.append(database.execute(sql).df())
    return found


def test_a_stop_is_of_its_business_day_and_known_by_the_end_of_one(catalog: Path) -> None:
    early = {"started_at": _moment(10, 0), "ended_at": _moment(10, 2)}
    facts = {
        "machine_event": [
            _stop(10, **early),
            _stop(11, known_at=_moment(14, 1), ended_at=None, superseded_at=_moment(20, 24)),
            _stop(12, known_at=LATE),
        ]
    }
    reports, _, _, _, failed = _read(catalog, facts)
    reports = reports.sort_values("day")
    assert pd.to_datetime(reports.day).dt.day.tolist() == [10, 11]
    assert reports.started_minute.tolist() == [0, 360]
    assert reports.minutes.tolist() == pytest.approx([120, float("nan")], nan_ok=True)
    assert pd.to_datetime(reports.known_date).dt.day.tolist() == [10, 14]
    assert pd.to_datetime(reports.superseded_date).dt.day.tolist()[1] == 20
    assert failed.machines.tolist() == [1]


def test_reports_of_all_three_kinds_come_in_one_shape(catalog: Path) -> None:
    machine = {"code_system": "mes", "enterprise_code": "F1", "machine_code": "W1"}
    facts = {
        "machine_event": [_stop(10, enterprise_code=None, is_stop=None, event_type="error")],
        "maintenance": [
            {
                **machine,
                **{"maintenance_code": "2", "maintenance_type": "overhaul"},
                **{"started_at": _moment(11, 8), "ended_at": _moment(11, 13)},
                "known_at": _moment(11, 24),
            }
        ],
        "production_output": [
            {
                **machine,
                **{"work_order_number": "*", "production_date": date(2020, 2, 12)},
                **{"good_quantity": 50, "scrap_quantity": 2, "run_minutes": 480.0},
                **{"energy_kwh": 20.5, "known_at": _moment(12, 24)},
            },
            # A report of a day that is yet to come.
            {**machine, "production_date": date(2020, 3, 1), "known_at": _moment(12, 24)},
            {**machine, "production_date": date(2019, 8, 1), "known_at": _moment(12, 24)},
        ],
        "telemetry_day": [
            {
                **{"code_system": "sensors", "machine_code": "W1", "sensor_code": "heat"},
                **{"reading_date": date(2020, 2, 12), "value_min": 20.0, "value_max": 60.0},
                "known_at": _moment(13, 3),
            },
            {
                **{"code_system": "sensors", "machine_code": "W1", "sensor_code": "bad"},
                **{"reading_date": date(2020, 2, 12), "known_at": _moment(12, 24)},
            },
        ],
    }
    reports, readings, _, _, failed = _read(catalog, facts)
    reports = reports.sort_values("day").set_index("kind")
    assert reports.index.tolist() == ["event", "maintenance", "work"]
    assert reports.enterprise_code.tolist() == ["*", "F1", "F1"]
    assert reports.is_stop.tolist() == [False, False, False]
    assert reports.loc["maintenance", ["detail", "minutes"]].tolist() == ["overhaul", 300]
    quantities = ["good_quantity", "scrap_quantity", "run_minutes", "energy_kwh"]
    assert reports.loc["work", quantities].tolist() == [50, 2, 480, 20.5]
    (row,) = readings.to_dict("records")
    assert (row["highest"], row["spread"]) == (60, 40)
    assert row["known_date"].date() == date(2020, 2, 13)
    assert failed.machines.tolist() == [0]


def test_links_and_lists_are_those_that_stood(catalog: Path) -> None:
    link = {"owner_code": "*", "party_role": "enterprise", "known_at": _moment(1, 0)}
    facts = {
        "machine": [
            {"code_system": "sensors", "machine_code": code, "enterprise_name": name, **when}
            for code, name, when in (
                ("W1", "old", {"known_at": _moment(1, 0), "superseded_at": _moment(2, 0)}),
                ("W1", "new", {"known_at": _moment(2, 0)}),
                ("W2", "late", {"known_at": LATE}),
            )
        ],
        "enterprise_link": [
            {**link, "code_system": "mes", "party_code": "F1", "enterprise_id": "E1"},
            {**link, "code_system": "mes", "party_code": "F2", "enterprise_id": "E2",
             "party_role": "customer"},
        ],
    }  # fmt: skip
    _, _, sites, links, _ = _read(catalog, facts)
    assert sites.enterprise_name.tolist() == ["new"]
    assert links.party_code.tolist() == ["F1"]


def test_readings_are_of_the_machine_of_that_code_and_enterprise_where_there_is_one() -> None:
    reports = pd.DataFrame(
        [
            ("mes", "F1", "W1", "event"),
            ("mes", "F1", "W2", "work"),
            ("mes", "F2", "W1", "work"),
            ("mes", "F9", "W3", "work"),
            ("erp", "F1", "W2", "work"),
            ("plant", "*", "P1", "work"),
        ],
        columns=["code_system", "enterprise_code", "machine_code", "kind"],
    )
    readings = pd.DataFrame(
        [("sensors", "W1"), ("sensors", "W2"), ("sensors", "W3"), ("plant", "P1")],
        columns=["code_system", "machine_code"],
    )
    sites = pd.DataFrame(
        [("sensors", "W1", "甲厂"), ("sensors", "W2", "甲厂"), ("sensors", "W3", "丙厂")],
        columns=["code_system", "machine_code", "enterprise_name"],
    )
    links = pd.DataFrame(
        [
            ("mes", "F1", "E1"), ("erp", "F1", "E1"), ("mes", "F2", "E2"),
            ("sensors", "甲厂", "E1"), ("sensors", "丙厂", "E3"),
        ],
        columns=["code_system", "party_code", "enterprise_id"],
    )  # fmt: skip
    found = find_machines(reports, readings, sites, links)
    assert dict(zip(found.read.machine_code, found.read.machine_id, strict=True)) == {
        "W1": "mes/F1/W1",
        # Two systems report one of that code, and one is of another enterprise.
        "W2": "sensors/*/W2",
        "W3": "sensors/*/W3",
        "P1": "plant/*/P1",
    }
    listed = found.listed.set_index("machine_id")
    assert listed.loc["sensors/*/W3", ["enterprise_id", "owner"]].tolist() == ["E3", "E3"]
    assert listed.loc["mes/F9/W3", "owner"] == "mes/F9"
    assert listed.loc["plant/*/P1", "owner"] == "plant/*/P1"
    assert listed.tells_failures.to_dict() == {
        name: name.startswith("mes") for name in listed.index
    }
