"""The marts of two dates against the same figures worked out by DuckDB from the silver rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest
from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, replace_rows
from spark_jobs.marts import SCORE_TABLES, UNIT_TESTS, run_dbt
from tests.integration.conftest import SCORELESS_DATE, RunJob
from tests.integration.content import content_hash

SCORED_DATE = date(2019, 10, 31)
# The twelve months that end with a date begin here.
FIRST_DAYS = {SCORED_DATE: date(2018, 11, 1), SCORELESS_DATE: date(2017, 5, 16)}
SCORED_COUNT = 20
MARTS = (
    "enterprise_profiles",
    "enterprise_monthly_trade",
    "chain_counterparty_relations",
    "chain_counterparty_concentration",
    "chain_shared_counterparties",
    "portfolio_scores",
    "portfolio_grade_distribution",
    "portfolio_concentration",
)
# What they hold is tested in test_factory_marts; the sample has no machines.
FACTORY_MARTS = (
    "factory_machine_state",
    "factory_machine_performance",
    "factory_machine_reliability",
    "factory_data_trust",
)

# What they hold is tested in test_indicators; these dates have no warnings and no dimensions.
WARNING_MARTS = (
    "enterprise_dimensions",
    "enterprise_indicators",
    "portfolio_watch_list",
    "trade_watch",
    "trade_dimensions",
    "chain_watch",
)


@dataclass(frozen=True)
class BuiltMarts:
    """The lake after the marts of both dates were built, and what the job said of each."""

    lake: JobContext
    results: dict[date, JobResult]

    @property
    def spark(self) -> SparkSession:
        return self.lake.spark


def condition(as_of_date: date) -> str:
    return f"as_of_date = date'{as_of_date}'"


def write_scores(lake: JobContext, grade: str, count: int) -> None:
    """Scores of the scored date for the first enterprises, shaped as the score job's are."""
    scores = lake.spark.sql(f"""
        select
            date'{SCORED_DATE}' as as_of_date,
            enterprise_id,
            row_number() over (order by enterprise_id) / 100d as pd_ratio,
            12 as horizon_months,
            1d as confidence_ratio,
            cast(650 as decimal(9, 2)) as score,
            '{grade}' as grade,
            cast(600 as decimal(9, 2)) as base_points,
            array(named_struct(
                'feature', 'sale_growth', 'value', 0.1d, 'bin', '[0, 1)',
                'points', cast(50 as decimal(9, 2)), 'reason_en', 'Sales grow',
                'reason_zh', '销售增长'
            )) as reasons,
            'trial' as model_name, '1' as model_version, 'trial' as feature_version,
            true as is_approved
        from silver.enterprise
        where known_at <= timestamp'{lake.settings.as_of_end(SCORED_DATE):%Y-%m-%d %H:%M:%S}Z'
        order by enterprise_id
        limit {count}
    """)
    replace_rows(scores, "scores.credit_score", condition(SCORED_DATE))


def a_grade(lake: JobContext) -> str:
    """A grade of the master scale."""
    first = lake.spark.sql("select min_by(grade, position) as grade from scores.master_scale")
    return str(first.collect()[0]["grade"])


@pytest.fixture(scope="module")
def built(lake: JobContext, run: RunJob, scoreless_marts: JobResult) -> Iterator[BuiltMarts]:
    create_tables(lake.spark, lake.catalog, SCORE_TABLES)
    write_scores(lake, a_grade(lake), SCORED_COUNT)
    scored = run("marts", SCORED_DATE)
    yield BuiltMarts(lake, {SCORED_DATE: scored, SCORELESS_DATE: scoreless_marts})
    nothing = lake.spark.table("scores.credit_score").where("false")
    replace_rows(nothing, "scores.credit_score", condition(SCORED_DATE))


def known_by(lake: JobContext, as_of_date: date, first_day: date) -> duckdb.DuckDBPyConnection:
    """DuckDB with the silver rows known by a date, and the marts of that date, as tables.

    `first_day` begins the twelve months that end with the date.
    """
    connection = duckdb.connect()
    end = f"timestamp'{lake.settings.as_of_end(as_of_date):%Y-%m-%d %H:%M:%S}Z'"
    for name in ("invoice", "enterprise"):
        rows = lake.spark.table(f"silver.{name}").where(f"known_at <= {end}")
        connection.register(name, rows.toArrow())
    for name in MARTS:
        rows = lake.spark.table(f"marts.{name}").where(condition(as_of_date))
        connection.register(name, rows.toArrow())
    connection.execute("create view valid as select * from invoice where status = 'valid'")
    connection.execute(
        "create view relation as select enterprise_id, counterparty_id, direction, "
        "sum(total_cny) as total_cny from valid group by all"
    )
    connection.execute(f"set variable first_day = date '{first_day}'")
    connection.execute(f"set variable last_day = date '{as_of_date}'")
    return connection


@pytest.fixture(scope="module", params=FIRST_DAYS, ids=str)
def oracle(built: BuiltMarts, request: pytest.FixtureRequest) -> duckdb.DuckDBPyConnection:
    connection = known_by(built.lake, request.param, FIRST_DAYS[request.param])
    (known,) = connection.execute("select count(*) from invoice").fetchall()[0]
    assert 0 < known < built.spark.table("silver.invoice").count()
    return connection


def assert_same_rows(oracle: duckdb.DuckDBPyConnection, mart: str, expected: str) -> None:
    """The two queries give the same rows, at least one; on failure the rows that differ show."""
    assert oracle.execute(f"select * from ({mart}) limit 1").fetchall()
    difference = oracle.execute(
        f"select 'only in mart' as place, * from ({mart} except all {expected}) "
        f"union all select 'only expected', * from ({expected} except all {mart}) limit 5"
    ).fetchall()
    assert difference == []


def assert_same_ratios(
    oracle: duckdb.DuckDBPyConnection, mart: str, expected: str, key: str, ratios: tuple[str, ...]
) -> None:
    """The two queries have the same keys and the same ratios, but for the last digits of sums."""
    differs = " or ".join(
        f"(mart.{ratio} is null) != (expected.{ratio} is null) "
        f"or abs(mart.{ratio} - expected.{ratio}) > 1e-9"
        for ratio in ratios
    )
    keys = f"select {key} from"
    assert_same_rows(oracle, f"{keys} ({mart})", f"{keys} ({expected})")
    joined = f"({mart}) as mart join ({expected}) as expected using ({key})"
    assert oracle.execute(f"select * from {joined} where {differs} limit 5").fetchall() == []


def test_monthly_trade_is_what_the_invoices_of_the_month_sum_to(
    oracle: duckdb.DuckDBPyConnection,
) -> None:
    assert_same_rows(
        oracle,
        "select enterprise_id, direction, month_start_date, valid_invoice_count, "
        "voided_invoice_count, red_letter_invoice_count, net_cny, tax_cny, total_cny, "
        "voided_total_cny from enterprise_monthly_trade",
        "select enterprise_id, direction, cast(date_trunc('month', issue_date) as date), "
        "sum((status = 'valid')::int), sum((status = 'voided')::int), "
        "sum((status = 'valid' and is_red_letter)::int), "
        "sum(if(status = 'valid', net_cny, 0)), sum(if(status = 'valid', tax_cny, 0)), "
        "sum(if(status = 'valid', total_cny, 0)), sum(if(status = 'voided', total_cny, 0)) "
        "from invoice group by all",
    )


def test_relations_are_what_the_invoices_of_the_counterparty_sum_to(
    oracle: duckdb.DuckDBPyConnection,
) -> None:
    assert_same_rows(
        oracle,
        "select enterprise_id, counterparty_id, direction, invoice_count, total_cny, "
        "first_invoice_date, last_invoice_date, relation_rank from chain_counterparty_relations",
        "select enterprise_id, counterparty_id, direction, count(*), sum(total_cny), "
        "min(issue_date), max(issue_date), rank() over (partition by enterprise_id, direction "
        "order by sum(total_cny) desc, counterparty_id) from valid "
        "group by enterprise_id, counterparty_id, direction",
    )


def test_profiles_hold_every_known_enterprise_and_its_invoices(
    oracle: duckdb.DuckDBPyConnection,
) -> None:
    within = "issue_date between getvariable('first_day') and getvariable('last_day')"
    assert_same_rows(
        oracle,
        "select enterprise_id, purchase_invoice_count, sale_invoice_count, voided_invoice_count, "
        "red_letter_invoice_count, supplier_count, customer_count, purchase_total_cny, "
        "sale_total_cny, last_12_months_purchase_total_cny, last_12_months_sale_total_cny, "
        "first_invoice_date, last_invoice_date from enterprise_profiles",
        "select enterprise.enterprise_id, "
        "count(*) filter (valid.direction = 'purchase'), "
        "count(*) filter (valid.direction = 'sale'), "
        "(select count(*) from invoice where status = 'voided' "
        "and invoice.enterprise_id = enterprise.enterprise_id), "
        "count(*) filter (valid.is_red_letter), "
        "count(distinct counterparty_id) filter (valid.direction = 'purchase'), "
        "count(distinct counterparty_id) filter (valid.direction = 'sale'), "
        "coalesce(sum(total_cny) filter (direction = 'purchase'), 0), "
        "coalesce(sum(total_cny) filter (direction = 'sale'), 0), "
        f"coalesce(sum(total_cny) filter (direction = 'purchase' and {within}), 0), "
        f"coalesce(sum(total_cny) filter (direction = 'sale' and {within}), 0), "
        "min(issue_date), max(issue_date) "
        "from enterprise left join valid using (enterprise_id) group by enterprise.enterprise_id",
    )


def test_concentration_is_that_of_positive_totals(oracle: duckdb.DuckDBPyConnection) -> None:
    assert_same_ratios(
        oracle,
        "from chain_counterparty_concentration",
        "select enterprise_id, direction, count(*) as counterparty_count, "
        "max(share) as top_1_share_ratio, sum(share * share) as herfindahl_index, "
        "list_sum(list_sort(list(share), 'desc')[:5]) as top_5_share_ratio "
        "from (select *, greatest(total_cny, 0)::double / nullif(sum(greatest(total_cny, 0)) "
        "over (partition by enterprise_id, direction), 0)::double as share from relation) "
        "group by enterprise_id, direction",
        "enterprise_id, direction, counterparty_count",
        ("top_1_share_ratio", "top_5_share_ratio", "herfindahl_index"),
    )


def test_linked_enterprises_share_the_smaller_totals(oracle: duckdb.DuckDBPyConnection) -> None:
    assert_same_rows(
        oracle,
        "select enterprise_id, linked_enterprise_id, direction, shared_counterparty_count, "
        "shared_total_cny from chain_shared_counterparties",
        "select a.enterprise_id, b.enterprise_id, direction, count(*), "
        "sum(least(a.total_cny, b.total_cny)) from relation as a "
        "join relation as b using (counterparty_id, direction) "
        "where a.enterprise_id < b.enterprise_id group by all",
    )


def test_a_share_of_the_portfolio_is_of_its_positive_totals(
    oracle: duckdb.DuckDBPyConnection,
) -> None:
    assert_same_ratios(
        oracle,
        "from portfolio_concentration",
        "select direction, counterparty_id, count(*) as enterprise_count, "
        "sum(relation.total_cny) as total_cny, rank() over (partition by direction "
        "order by sum(relation.total_cny) desc, counterparty_id) as concentration_rank, "
        "greatest(sum(relation.total_cny), 0)::double / sum(greatest(sum(relation.total_cny), 0)) "
        "over (partition by direction)::double as share_ratio "
        "from relation group by direction, counterparty_id qualify concentration_rank <= 100",
        "direction, counterparty_id, enterprise_count, total_cny, concentration_rank",
        ("share_ratio",),
    )


def test_the_job_counts_the_known_invoices_and_the_rows_of_the_date(built: BuiltMarts) -> None:
    for day, result in built.results.items():
        end = f"timestamp'{built.lake.settings.as_of_end(day):%Y-%m-%d %H:%M:%S}Z'"
        known = built.spark.table("silver.invoice").where(f"known_at <= {end}").count()
        names = (*MARTS, *FACTORY_MARTS, *WARNING_MARTS)
        tables = (built.spark.table(f"marts.{name}").where(condition(day)) for name in names)
        assert (result.rows_in, result.rows_out) == (known, sum(table.count() for table in tables))


def test_a_date_with_scores_has_a_portfolio_and_one_without_has_grades_only(
    built: BuiltMarts,
) -> None:
    for day, count in ((SCORED_DATE, SCORED_COUNT), (SCORELESS_DATE, 0)):
        scores = built.spark.table("marts.portfolio_scores").where(condition(day))
        grades = built.spark.table("marts.portfolio_grade_distribution").where(condition(day))
        assert scores.count() == count
        assert grades.count() == built.spark.table("scores.master_scale").count()
        assert grades.selectExpr("sum(enterprise_count) as n").collect()[0]["n"] == count
    assert any("no score" in note for note in built.results[SCORELESS_DATE].notes)


def test_a_rerun_leaves_the_same_rows_and_the_other_date_as_it_was(built: BuiltMarts) -> None:
    def hashes() -> dict[str, str]:
        return {
            f"{name} {day}": content_hash(built.spark, f"marts.{name}", condition(day))
            for name in MARTS
            for day in (SCORED_DATE, SCORELESS_DATE)
        }

    before = hashes()
    run_dbt(built.lake.settings, SCORED_DATE, ("run",))
    assert hashes() == before


def test_the_unit_tests_of_the_models_hold(built: BuiltMarts) -> None:
    results = run_dbt(built.lake.settings, SCORED_DATE, UNIT_TESTS)
    assert len(results) > 10
    assert {result["status"] for result in results} == {"pass"}


def test_a_score_that_the_marts_miss_is_found_and_the_identity_named(built: BuiltMarts) -> None:
    write_scores(built.lake, a_grade(built.lake), SCORED_COUNT + 1)
    identity = "every_score_is_in_the_portfolio_once"
    with pytest.raises(LoomlineError, match=f"1 failures .*test {identity}"):
        run_dbt(built.lake.settings, SCORED_DATE, ("test", "--select", identity))


def test_the_page_about_the_marts_names_them_all_and_stands_alone(
    built: BuiltMarts, run: RunJob
) -> None:
    (path,) = run("marts_docs", SCORED_DATE).notes
    page = Path(path).read_text(encoding="utf-8")
    for name in (*MARTS, *FACTORY_MARTS, *WARNING_MARTS):
        assert f"model.loomline.{name}" in page
        assert f'"name": "{name}"' in page or f'"name":"{name}"' in page
    assert "exposure.loomline." in page
