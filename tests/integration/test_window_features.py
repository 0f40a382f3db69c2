"""The daily state and the features made of it, against the canonical rows that were known then."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pyspark.sql import SparkSession

from loomline.job import JobContext
from loomline.lake import known_condition
from spark_jobs.daily_states import DAILY_STATE
from spark_jobs.window_features import BY_NAME, VALUES
from tests.integration.conftest import RunJob

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


def test_a_rerun_leaves_the_same_vectors(windows: JobContext, run: RunJob) -> None:
    of_date = windows.spark.table(VALUES).where(f"as_of_date = date'{AS_OF}'")
    before = sorted(map(str, of_date.collect()))
    run("window_features", AS_OF)
    assert sorted(map(str, of_date.collect())) == before
