"""The daily state and the features made of it, against the canonical rows that were known then."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest
from pyspark.sql import SparkSession

from loomline.commands.feature import show
from loomline.families.catalogue import load_families, measures_of
from loomline.families.evidence import rows_behind
from loomline.families.vocabulary import STATE_DAYS
from loomline.job import JobContext
from loomline.known_codes import known_codes
from loomline.lake import column_list, known_condition
from spark_jobs.daily_states import DAILY_STATE, measures_by_table, steps
from spark_jobs.window_features import BY_NAME, VALUES
from spark_jobs.window_slices import deal_state, states
from tests.integration.conftest import RunJob
from tests.integration.factory_facts import SENSORS, Row, frame_of, moment, plant, uproot

# No other module writes features of the families for it.
AS_OF = date(2019, 6, 30)


@pytest.fixture(scope="module")
def windows(lake: JobContext, run: RunJob) -> JobContext:
    """The shared lake with the state, and with the features of `AS_OF`."""
    run("daily_state")
    run("window_features", AS_OF)
    return JobContext(lake.settings, AS_OF)


def _state_as_of(spark: SparkSession, measure: str, as_of: date) -> dict[tuple[str, date], float]:
    rows = spark.sql(
        f"select enterprise_code, event_date, sum(delta) as value from {DAILY_STATE} "
        f"where measure = '{measure}' and known_date <= date'{as_of}' group by all "
        "having sum(delta) <> 0"
    ).collect()
    return {(row[0], row[1]): float(row[2]) for row in rows}


@pytest.mark.parametrize("as_of", [date(2018, 3, 1), AS_OF, date(2020, 2, 29)])
def test_the_state_of_any_date_is_the_sum_of_the_rows_that_were_known(
    windows: JobContext, as_of: date
) -> None:
    end = windows.settings.as_of_end(as_of)
    rows = windows.spark.sql(
        "select enterprise_id, issue_date, sum(net_cny) as value from silver.invoice "
        f"where direction = 'sale' and status = 'valid' and {known_condition(end)} "
        "group by all having sum(net_cny) <> 0"
    ).collect()
    assert rows
    expected = {(row[0], row[1]): float(row[2]) for row in rows}
    assert _state_as_of(windows.spark, "sale_amount", as_of) == pytest.approx(expected)


def test_the_sql_of_every_measure_holds_on_its_table(windows: JobContext) -> None:
    for table, measures in measures_by_table(windows).items():
        columns = column_list(windows.catalog, table)
        rows = windows.spark.createDataFrame([], f"{columns}, sign int")
        found = steps(rows, measures, windows.settings.time_zone)
        assert dict(found.dtypes)["delta"] == "decimal(28,6)", table


def test_a_second_run_adds_nothing(windows: JobContext, run: RunJob) -> None:
    before = windows.spark.table(DAILY_STATE).count()
    assert run("daily_state").rows_in == 0
    assert windows.spark.table(DAILY_STATE).count() == before


def test_a_feature_is_what_the_invoices_of_its_window_say(windows: JobContext) -> None:
    first = AS_OF - timedelta(days=89)
    is_known = known_condition(windows.as_of_end)
    rows = windows.spark.sql(
        "select enterprise_id, sum(net_cny) from silver.invoice "
        f"where direction = 'sale' and status = 'valid' and {is_known} "
        f"and issue_date between date'{first}' and date'{AS_OF}' group by 1"
    )
    expected = {row[0]: float(row[1]) for row in rows.collect()}
    found = {
        row["enterprise_id"]: row["feature_value"]
        for row in windows.spark.table(BY_NAME)
        .where(f"as_of_date = date'{AS_OF}' and feature = 'sale_amount_sum_90d'")
        .collect()
    }
    told = {firm: value for firm, value in found.items() if value is not None}
    assert told
    assert told == pytest.approx({firm: expected.get(firm, 0.0) for firm in told})


@pytest.mark.parametrize("as_of", [date(2018, 3, 1), AS_OF, date(2020, 2, 29)])
def test_a_balance_is_the_sum_of_all_rows_up_to_its_day_that_were_known(
    windows: JobContext, as_of: date, tmp_path: Path
) -> None:
    context = JobContext(windows.settings, as_of)
    families = load_families(context.catalog)
    dealer = deal_state(context, families, tmp_path / "steps")
    slices = list(states(context, families, dealer))
    enterprise_ids = [one for state in slices for one in state.enterprise_ids]
    balances = np.concatenate([state.values_of("trade_position") for state in slices])
    for back in (0, 1, 45, 400, STATE_DAYS - 1):
        rows = windows.spark.sql(
            "select enterprise_id, sum(if(direction = 'sale', total_cny, -total_cny)) as value "
            f"from silver.invoice where status = 'valid' and {known_condition(context.as_of_end)} "
            f"and issue_date <= date'{as_of - timedelta(days=back)}' group by 1"
        ).collect()
        expected = dict.fromkeys(enterprise_ids, 0.0)
        expected |= {row[0]: float(row[1]) for row in rows}
        found = dict(zip(enterprise_ids, balances[:, -1 - back], strict=True))
        assert found == pytest.approx(expected)
    # The oldest day has what stood before the days of the state, where there was anything.
    assert np.count_nonzero(balances[:, 0]) or as_of < date(2020, 1, 1)


def test_what_is_taken_away_again_stands_until_then(windows: JobContext) -> None:
    """Pledges that become known and are released: what stands on each day, as of each date."""
    pledge = measures_of(load_families(windows.catalog))["pledge_debt"]
    random = Random(3)
    rows = []
    for number in range(60):
        issued = date(2019, 1, 1) + timedelta(days=random.randrange(90))
        due = issued + timedelta(days=random.randrange(1, 60))
        known = issued + timedelta(days=random.randrange(6))
        amount = Decimal(random.randrange(1, 10**7)) / 100
        firm = f"C{number % 4}"
        released = due + timedelta(days=random.randrange(3)) if random.random() < 0.7 else None
        rows.append((firm, issued, due, "pledged", amount, known, released))
        if released is not None:
            rows.append((firm, issued, due, "released", amount, released, None))
    columns = (
        "enterprise_code string, issue_date date, due_date date, status string, "
        "pledge_amount_cny decimal(18,2), known_date date, superseded_date date"
    )
    zone = windows.settings.time_zone
    frame = windows.spark.createDataFrame(rows, columns).selectExpr(
        "*",
        "'warehouse' as code_system",
        "1 as sign",
        # Noon of a day, in the business zone.
        f"to_utc_timestamp(known_date + interval 12 hours, '{zone}') as known_at",
        f"to_utc_timestamp(superseded_date + interval 12 hours, '{zone}') as superseded_at",
    )
    found = [tuple(row) for row in steps(frame, [pledge], zone).collect()]
    for as_of in (date(2019, 1, 20), date(2019, 3, 1), date(2019, 6, 30)):
        for day in (as_of - timedelta(days=back) for back in (0, 7, 40)):
            stands = sum(
                amount
                for firm, issued, due, status, amount, known, superseded in rows
                if known <= as_of and (superseded is None or superseded > as_of)
                if issued <= day and not (status == "released" and due <= day)
            )
            added = sum(
                delta
                for _, _, _, event_date, known_date, delta in found
                if known_date <= as_of and event_date <= day
            )
            assert added == stands


def test_readings_are_those_of_whoever_owned_the_machine_as_it_was_known_then(
    windows: JobContext,
) -> None:
    """A machine is sold; another system's enterprise has the code that the machine has."""
    sold, listed = date(2019, 5, 15), date(2019, 1, 1)
    owned = {"code_system": SENSORS, "machine_code": "L1", "machine_type": "loom"}
    machines: list[Row] = [
        {
            **owned,
            **{"enterprise_name": "first", "known_at": moment(listed)},
            **{"superseded_at": moment(sold, 1)},
        },
        {**owned, "enterprise_name": "second", "known_at": moment(sold, 1)},
    ]
    own = {"code_system": SENSORS, "owner_code": "*", "party_role": "enterprise"}
    links = [
        {
            **own,
            **{"party_code": code, "enterprise_id": enterprise, "known_at": moment(listed)},
            **{"link_method": "own code", "link_probability": 1.0, "evidence": []},
        }
        for code, enterprise in {"first": "EA", "second": "EB", "L1": "EC"}.items()
    ]
    planted = {"silver.machine": machines, "silver.enterprise_link": links}
    plant(windows, planted)
    try:
        owners = {}
        for day in (date(2019, 5, 14), sold):
            codes = windows.spark.sql(known_codes(windows.settings.as_of_end(day)))
            of_sensors = codes.where(f"code_system like '%{SENSORS}'").collect()
            owners[day] = {(row[0], row[1]): row[2] for row in of_sensors}
    finally:
        uproot(windows, planted)
    reading = {
        **{"code_system": SENSORS, "machine_code": "L1", "sensor_code": "rotation"},
        **{
            "device_time": moment(sold, 1),
            "value": 300.0,
            "unit": "rpm",
            "known_at": moment(sold, 2),
        },
    }
    rows = frame_of(windows, "silver.telemetry", [reading]).selectExpr("*", "1 as sign")
    moving = measures_of(load_families(windows.catalog))["moving_readings"]
    (step,) = steps(rows, [moving], windows.settings.time_zone).collect()
    code = step["code_system"], step["enterprise_code"]
    assert [owners[day][code] for day in owners] == ["EA", "EB"]
    assert owners[sold][SENSORS, "L1"] == "EC"
    assert (step["event_date"], step["delta"]) == (sold, 1)


def test_the_rows_behind_a_total_add_up_to_it(windows: JobContext) -> None:
    measure = measures_of(load_families(windows.catalog))["sale_amount"]
    of_date = f"as_of_date = date'{AS_OF}' and feature = 'sale_amount_sum_90d'"
    told = windows.spark.table(BY_NAME).where(f"{of_date} and feature_value > 0").limit(3).collect()
    assert told
    for row in told:
        query = rows_behind(
            measure,
            False,
            row["enterprise_id"],
            AS_OF,
            windows.as_of_end,
            90,
            windows.settings.time_zone,
        )
        rows = windows.spark.sql(query).collect()
        assert float(sum(one["value"] for one in rows)) == pytest.approx(row["feature_value"])
        assert all(one["source_file"] and one["line_number"] > 0 for one in rows)
        days = [one["event_date"] for one in rows]
        assert days == sorted(days, reverse=True)


def test_a_feature_is_shown_with_its_formula_values_and_rows(
    windows: JobContext, capsys: pytest.CaptureFixture[str]
) -> None:
    of_date = f"as_of_date = date'{AS_OF}' and feature = 'purchases_to_sales_90d'"
    told = windows.spark.table(BY_NAME).where(f"{of_date} and feature_value > 0").first()
    assert told is not None
    moment = datetime(AS_OF.year, AS_OF.month, AS_OF.day)
    show("purchases_to_sales_90d", moment, told["enterprise_id"])
    said = re.sub("[│┃]", " ", capsys.readouterr().out)
    assert "total(purchase_amount) / total(sale_amount) over 90 days" in " ".join(said.split())
    assert f"{told['feature_value']:,.6g}" in said
    for part in ("have no value", "quartiles", "stability", "sale_amount: rows", ".csv"):
        assert part in said, part


def test_a_rerun_leaves_the_same_vectors(windows: JobContext, run: RunJob) -> None:
    of_date = windows.spark.table(VALUES).where(f"as_of_date = date'{AS_OF}'")
    before = sorted(map(str, of_date.collect()))
    run("window_features", AS_OF)
    assert sorted(map(str, of_date.collect())) == before


def test_a_date_before_anything_was_known_has_no_vectors(windows: JobContext, run: RunJob) -> None:
    long_ago = date(1999, 12, 31)
    done = run("window_features", long_ago)
    assert (done.rows_in, done.rows_out) == (0, 0)
    assert windows.spark.table(VALUES).where(f"as_of_date = date'{long_ago}'").isEmpty()
