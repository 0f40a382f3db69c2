"""The job `consistency` on the shared lake: verdicts by what was known, reruns, the inputs."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from loomline.consistency.catalogue import load_checks
from loomline.consistency.inputs import DATA_TRUST, input_names
from loomline.consistency.months import last_months, month_start
from loomline.consistency.query import AsOf, as_known
from loomline.job import JobContext
from loomline.lake import known_condition
from loomline.tables import load_tables
from spark_jobs.consistency_values import CONSISTENCY, TRUST, consistency_values
from tests.integration.conftest import RunJob

# No other module writes consistency for it.
AS_OF = date(2019, 8, 31)


@pytest.fixture(scope="module")
def judged(lake: JobContext, run: RunJob) -> JobContext:
    """The shared lake with the verdicts of `AS_OF`."""
    run("daily_state")
    run("consistency", AS_OF)
    return JobContext(lake.settings, AS_OF)


def test_the_sql_of_every_check_holds_on_the_declared_tables(judged: JobContext) -> None:
    tables, zone = load_tables(judged.catalog), judged.settings.time_zone
    as_of = AsOf(AS_OF, judged.as_of_end, zone)
    for check in load_checks(judged.catalog):
        if check.sql:
            # No table is there: each is read as empty, with the declared columns.
            frame = judged.spark.sql(as_known(check.sql, tables, set(), as_of, date(2018, 1, 1)))
            columns = ["enterprise_id", "month_start_date", "measured", "reference"]
            assert frame.columns == columns, check.name
            assert dict(frame.dtypes)["month_start_date"] == "date", check.name
            assert frame.collect() == [], check.name


@pytest.mark.parametrize("as_of", [date(2018, 11, 30), AS_OF])
def test_measured_and_reference_are_the_sums_of_what_was_known(
    judged: JobContext, run: RunJob, as_of: date
) -> None:
    run("consistency", as_of)
    spark = judged.spark
    known = known_condition(judged.settings.as_of_end(as_of))
    rows = spark.table(CONSISTENCY).where(
        f"as_of_date = date'{as_of}' and check_name = 'round_sales' and verdict <> 'cannot_say'"
    )
    found = {
        (row["enterprise_id"], row["month_start_date"]): (row["measured"], row["reference"])
        for row in rows.collect()
    }
    assert found
    sums = spark.sql(
        "select enterprise_id, date(trunc(issue_date, 'month')) as month, "
        "sum(if(net_cny % 1000 = 0, net_cny, 0)) as round_cny, sum(net_cny) as all_cny "
        "from silver.invoice where direction = 'sale' and status = 'valid' and net_cny > 0 "
        f"and issue_date <= date'{as_of}' and {known} group by 1, 2"
    ).collect()
    expected = {(row[0], row[1]): (float(row[2]), float(row[3])) for row in sums}
    for key, values in found.items():
        assert values == pytest.approx(expected[key])


def test_twelve_months_are_judged_and_none_after_the_date(judged: JobContext) -> None:
    rows = judged.spark.table(TRUST).where(f"as_of_date = date'{AS_OF}'")
    months = {row[0] for row in rows.select("month_start_date").distinct().collect()}
    assert months == set(last_months(AS_OF, 12))


def test_a_rerun_leaves_the_same_verdicts(judged: JobContext, run: RunJob) -> None:
    def rows() -> list[list[str]]:
        return [
            sorted(
                map(str, judged.spark.table(name).where(f"as_of_date = date'{AS_OF}'").collect())
            )
            for name in (CONSISTENCY, TRUST)
        ]

    before = rows()
    assert before[1]
    run("consistency", AS_OF)
    assert rows() == before


def test_the_inputs_are_those_of_the_table(judged: JobContext) -> None:
    rows = judged.spark.table(TRUST).where(f"as_of_date = date'{AS_OF}'").collect()
    since = month_start(AS_OF, 2)
    lowest: dict[str, float] = {}
    for row in rows:
        points = row["data_trust_points"]
        if row["month_start_date"] >= since and points is not None:
            lowest[row["enterprise_id"]] = min(points, lowest.get(row["enterprise_id"], 100.0))
    enterprises = sorted({row["enterprise_id"] for row in rows})
    values = consistency_values(judged, [*enterprises, "nobody"])
    assert set(values) == set(input_names(load_checks(judged.catalog)))
    found = dict(zip(enterprises, values[DATA_TRUST].tolist(), strict=False))
    assert {one: points for one, points in found.items() if not np.isnan(points)} == lowest
    assert all(np.isnan(array[-1]) for array in values.values())
