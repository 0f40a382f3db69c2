"""The marts of machines as of one date, against hand-written facts and a slow count of minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from loomline.job import JobContext
from models.machine_health.job import HEALTH
from models.machine_health.job import run as run_machine_health
from spark_jobs.marts import prepare, run_dbt
from tests.integration.factory_facts import (
    DAY,
    FIRST_DAY,
    SENSORS,
    Row,
    days_ago,
    minutes_stopped,
    moment,
    plant,
    random_stops,
    readings,
    report,
    stop,
    uproot,
)

AFTER = moment(DAY, 24) + timedelta(seconds=1)
STOPS = random_stops(seed=4, machines=30)
OWNER, OWNER_AGAIN = "康航针织（芜湖）有限公司", "芜湖市 康航针织公司"
BUILD_FACTORY = ("build", "--select", "+path:models/marts/factory")
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


def work_reports() -> list[Row]:
    wrong = {"good_quantity": Decimal(540)}
    return [
        *(report(name, DAY) for name in ("plain", "open", "WM-1", "WM-2", "WM-4")),
        report("WM-4", DAY, code_system="planted_erp"),
        report("uncapped", DAY, rated_capacity_per_hour=None, energy_kwh=None),
        report("impossible", DAY, **wrong),
        report("corrected", DAY, superseded_at=moment(DAY, 24), **wrong),
        report("corrected", DAY),
        report("corrected_later", DAY, superseded_at=AFTER, **wrong),
        report("corrected_later", DAY, known_at=AFTER),
        report("late", days_ago(1), known_at=AFTER),
        report("late", days_ago(2)),
        report("future", DAY + timedelta(days=1), known_at=moment(DAY)),
        report("half_capped", DAY),
        report("half_capped", DAY, work_order_number="2", rated_capacity_per_hour=None),
        report("mixed", DAY),
        report("mixed", DAY, work_order_number="2", quantity_unit="metres"),
        *(report("worn", days_ago(count)) for count in range(12)),
    ]


def events() -> list[Row]:
    random = [
        stop(
            each.machine,
            moment(FIRST_DAY, each.start / 60),
            moment(FIRST_DAY, (each.start + each.minutes) / 60),
            event_code=str(number),
        )
        for number, each in enumerate(STOPS)
    ]
    breakdown = {"event_type": "breakdown"}
    return [
        *random,
        stop("plain", moment(DAY, 8), moment(DAY, 8.25)),
        stop("plain", moment(DAY, 8.2), moment(DAY, 8 + 20 / 60)),
        stop("open", moment(DAY, 8), None),
        stop("worn", moment(days_ago(10)), moment(days_ago(10), 2), **breakdown),
        stop("worn", moment(days_ago(6)), moment(days_ago(6), 3), **breakdown),
        stop("worn", moment(days_ago(6)), moment(days_ago(6), 4), **breakdown),
        stop("worn", moment(days_ago(2)), None, **breakdown),
        stop("worn", moment(days_ago(1)), None, known_at=AFTER, **breakdown),
        stop("broken", moment(DAY, 20), moment(DAY, 30)),
    ]


def telemetry_days() -> list[Row]:
    ten = [days_ago(count) for count in range(10)]
    year = timedelta(days=365)
    frozen = {"value_min": 41.0, "value_max": 41.0, "longest_frozen_seconds": 82_800.0}
    ahead = {"clock_offset_seconds": 3.0 - 5400}
    half = [*range(12)]
    return [
        *(readings(name, day) for name in ("honest", "WM-1", "WM-2") for day in ten),
        *(readings("halved", day) for day in ten if day not in (DAY, days_ago(1))),
        readings("halved", DAY, reading_count=14, bad_count=2),
        *(readings("frozen", day, distinct_value_count=1, **frozen) for day in ten),
        *(
            readings(
                "at_rest", day, **{**frozen, "value_min": 0.0, "value_max": 0.0},
                distinct_value_count=1, content_hash="zero",
            )
            for day in ten
        ),
        *(readings("replayed", day, content_hash="again") for day in ten),
        # Each day has lost other readings of the twenty-four.
        *(
            readings("lossy", day, content_sketch=[*half, *range(20 + place, 32)])
            for place, day in enumerate(ten)
        ),
        *(readings("ahead", day, **ahead) for day in ten),
        *(
            readings(
                "next_year", day + year,
                first_read_at=moment(day, 0.5) + year, last_read_at=moment(day, 23.5) + year,
                clock_offset_seconds=3.0 - year.total_seconds(), known_at=moment(day, 24),
            )
            for day in ten
        ),
        *(readings("wet", day, unit="pct", value_max=130.0) for day in ten),
        readings("changed", DAY, reading_count=5, known_at=AFTER),
        # Two months of a machine that is hot on the last day.
        *(readings("hot", days_ago(n), value_max=60.0 + n * 37 % 11) for n in range(1, 60)),
        readings("hot", DAY, value_max=90.0),
    ]  # fmt: skip


def telemetry() -> list[Row]:
    """Readings of a day that were known by its end, and one that was not."""
    late = {4: AFTER}
    return [
        {
            **{"code_system": SENSORS, "machine_code": "changed", "sensor_code": "temperature"},
            **{"device_time": moment(DAY, hour), "value": 20.0 + hour, "unit": "degC"},
            "known_at": late.get(hour, moment(DAY, hour + 0.001)),
        }
        for hour in range(5)
    ]


def facts() -> dict[str, list[Row]]:
    listed = {"WM-1": OWNER_AGAIN, "WM-2": "苏州大华翔织造", "WM-4": OWNER}
    return {
        "silver.site": [
            {"site_code": "F1", "enterprise_code": "F1", "enterprise_name": OWNER},
            {
                **{"code_system": "planted_erp", "site_code": "F1"},
                **{"enterprise_code": "F1", "enterprise_name": OWNER},
            },
        ],
        "silver.machine": [
            {"code_system": SENSORS, "machine_code": code, "enterprise_name": owner}
            for code, owner in listed.items()
        ],
        "silver.production_output": work_reports(),
        "silver.machine_event": events(),
        "silver.maintenance": [
            {
                **{"enterprise_code": "F1", "machine_code": "worn", "maintenance_code": "1"},
                **{"maintenance_type": "overhaul", "started_at": moment(days_ago(3))},
            }
        ],
        "silver.telemetry": telemetry(),
        "silver.telemetry_day": telemetry_days(),
    }


@pytest.fixture(scope="module")
def factory(lake: JobContext) -> Iterator[JobContext]:
    """The lake after the factory marts of `DAY` were built and tested by dbt."""
    planted, context = facts(), JobContext(lake.settings, DAY, None)
    plant(lake, planted)
    prepare(context)
    run_dbt(lake.settings, DAY, (*BUILD_FACTORY, *WITHOUT_UNIT_TESTS))
    yield context
    uproot(lake, planted)


def rows_of(factory: JobContext, mart: str, period_days: int | None = None) -> dict[str, Any]:
    """The mart's rows of the last day or period by machine, `system/enterprise/code` as key."""
    rows = factory.spark.table(f"marts.{mart}").where(f"as_of_date = date'{DAY}'")
    if period_days is not None:
        rows = rows.where(f"period_days = {period_days} and last_date = as_of_date")
    return {row["machine_id"]: row for row in rows.collect()}


@pytest.fixture(scope="module")
def states(factory: JobContext) -> dict[str, Any]:
    return rows_of(factory, "factory_machine_state")


@pytest.fixture(scope="module")
def days(factory: JobContext) -> dict[str, Any]:
    return rows_of(factory, "factory_machine_performance", 1)


@pytest.fixture(scope="module")
def weeks(factory: JobContext) -> dict[str, Any]:
    return rows_of(factory, "factory_machine_performance", 7)


@pytest.fixture(scope="module")
def trust(factory: JobContext) -> dict[str, Any]:
    return rows_of(factory, "factory_data_trust", 7)


def test_a_machine_of_two_systems_is_one_where_code_and_owner_agree(states: dict[str, Any]) -> None:
    assert states["planted/F1/WM-1"]["code_systems"] == ["planted", SENSORS]
    assert states["planted/F1/WM-2"]["code_systems"] == ["planted"]
    assert states[f"{SENSORS}/*/WM-2"]["code_systems"] == [SENSORS]


def test_machines_that_two_systems_report_on_stay_apart(states: dict[str, Any]) -> None:
    apart = {"planted/F1/WM-4", "planted_erp/F1/WM-4", f"{SENSORS}/*/WM-4"}
    assert apart <= states.keys()


def test_the_state_is_the_last_that_was_known(states: dict[str, Any]) -> None:
    found = {name: states[f"planted/F1/{name}"]["machine_state"] for name in ("broken", "plain")}
    assert found == {"broken": "stopped", "plain": "worked"}
    assert states[f"{SENSORS}/*/honest"]["machine_state"] == "connected"
    assert states["planted/F1/late"]["machine_state"] == "silent"
    assert states["planted/F1/worn"]["last_maintenance_type"] == "overhaul"
    (reading,) = states["planted/F1/WM-1"]["last_readings"]
    assert (reading["sensor_code"], reading["last_value"]) == ("temperature", 21.0)


def test_oee_is_the_product_of_its_parts_over_the_planned_busy_time(days: dict[str, Any]) -> None:
    row = days["planted/F1/plain"]
    assert row["planned_busy_minutes"] == 60 + 20
    parts = (60 / 80, 45 / 60, 54 / 60)
    found = (row["availability_ratio"], row["performance_ratio"], row["quality_ratio"])
    assert found == pytest.approx(parts)
    assert row["oee_ratio"] == pytest.approx(parts[0] * parts[1] * parts[2])
    assert row["utilisation_ratio"] == pytest.approx(60 / 1440)
    assert row["energy_per_good_unit_kwh"] == pytest.approx(27 / 54)


@pytest.mark.parametrize(
    ("machine", "figure", "reason"),
    [
        ("uncapped", "performance", "no_rated_capacity_or_quantity"),
        ("half_capped", "performance", "no_rated_capacity_or_quantity"),
        ("uncapped", "energy", "no_energy"),
        ("impossible", "performance", "above_rated_capacity"),
        ("open", "availability", "stop_without_end"),
        ("mixed", "quality", "several_units"),
        ("broken", "availability", "no_work_report"),
    ],
)
def test_what_is_missing_is_null_and_has_a_reason(
    days: dict[str, Any], machine: str, figure: str, reason: str
) -> None:
    row = days[f"planted/F1/{machine}"]
    value = "energy_per_good_unit_kwh" if figure == "energy" else f"{figure}_ratio"
    assert (row[value], row[f"{figure}_reason"]) == (None, reason)
    assert figure == "energy" or row["oee_ratio"] is None


def test_a_system_that_never_tells_of_stops_has_no_availability(days: dict[str, Any]) -> None:
    row = days["planted_erp/F1/WM-4"]
    assert (row["availability_ratio"], row["availability_reason"]) == (None, "stops_not_reported")


def test_a_correction_counts_from_the_moment_it_is_known(days: dict[str, Any]) -> None:
    assert days["planted/F1/corrected"]["good_quantity"] == 54
    assert days["planted/F1/corrected_later"]["good_quantity"] == 540


def test_late_and_future_reports_are_not_known(weeks: dict[str, Any]) -> None:
    assert weeks["planted/F1/late"]["work_day_count"] == 1
    assert "planted/F1/future" not in weeks


def test_downtime_is_the_minutes_in_which_a_machine_stood_still(factory: JobContext) -> None:
    rows = factory.spark.table("marts.factory_machine_performance").where(
        f"as_of_date = date'{DAY}' and period_days = 1 and machine_id like 'planted/F1/R%'"
    )
    found = {
        (row["machine_id"].rpartition("/")[2], row["last_date"]): row["downtime_minutes"]
        for row in rows.collect()
    }
    assert len(found) > 100
    assert found == pytest.approx(minutes_stopped(STOPS))


def test_mean_times_are_over_failures_that_were_known(factory: JobContext) -> None:
    row = rows_of(factory, "factory_machine_reliability")["planted/F1/worn"]
    assert (row["failure_count"], row["repair_count"], row["operating_hours"]) == (3, 2, 12)
    assert row["operating_hours_between_failures"] == pytest.approx(12 / 3)
    assert row["hours_between_failures"] == pytest.approx(4 * 24)
    assert row["hours_to_repair"] == pytest.approx((2 + 4) / 2)


@pytest.mark.parametrize(
    ("machine", "ratio"),
    [
        ("honest", 1),
        # Half of the readings, nothing, and five whole days.
        ("halved", (0.5 + 0 + 5) / 7),
        ("frozen", 1 - 82_800 / 86_400),
        ("at_rest", 1),
        ("replayed", 0),
        ("lossy", 0),
        ("ahead", 1 - 5400 / 86_400),
        ("next_year", 0),
        ("wet", 0),
    ],
)
def test_trust_is_what_each_doubt_leaves(trust: dict[str, Any], machine: str, ratio: float) -> None:
    row = trust[f"{SENSORS}/*/{machine}"]
    assert row["day_count"] == 7
    assert row["trust_ratio"] == pytest.approx(ratio, abs=1e-6)


def test_a_clock_that_is_a_year_ahead_is_set_right(
    states: dict[str, Any], trust: dict[str, Any]
) -> None:
    error = trust[f"{SENSORS}/*/next_year"]["clock_error_seconds"]
    assert error == timedelta(days=365).total_seconds()
    assert states[f"{SENSORS}/*/next_year"]["machine_state"] == "connected"


def test_a_day_that_changed_later_is_told_as_it_was_known(trust: dict[str, Any]) -> None:
    assert trust[f"{SENSORS}/*/changed"]["reading_count"] == 4


def test_the_health_of_machines_is_told_without_a_model_too(factory: JobContext) -> None:
    result = run_machine_health(factory)
    assert any(note.startswith("no model: ") for note in result.notes)
    rows = factory.spark.table(HEALTH).where(f"as_of_date = date'{DAY}'").collect()
    found = {row["machine_id"]: row for row in rows}
    assert result.rows_out == len(found) == len(rows)
    hot, worn = found[f"{SENSORS}/*/hot"], found["planted/F1/worn"]
    assert (hot["is_anomaly"], hot["anomaly_date"], hot["anomaly_sensor"]) == (
        *(True, DAY),
        "temperature",
    )
    assert "temperature" in hot["reasons"][0]["reason_zh"]
    assert [name for name, row in found.items() if row["is_anomaly"]] == [hot["machine_id"]]
    assert (hot["missing_reason"], worn["missing_reason"]) == (
        *("no_failures_reported",),
        "short_history",
    )
    assert {row["failure_7_ratio"] for row in rows} == {None}


def test_a_date_without_machines_of_late_has_no_health_and_no_error(factory: JobContext) -> None:
    years_later = JobContext(factory.settings, DAY + timedelta(days=1_000))
    result = run_machine_health(years_later)
    assert result.rows_out == 0
    assert "no machine was reported on or read of late" in result.notes
