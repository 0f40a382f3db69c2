"""Enterprise, trade and ecosystem report of the sample, which has invoices only."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pyspark.sql import SparkSession

from loomline.errors import LoomlineError
from loomline.job import JobContext
from models.replay.replaying import replay
from models.replay.subjects import SCORE
from reports.wanted import write_ecosystem, write_enterprise, write_score, write_trade
from tests.integration.conftest import FIRST_MARTS_DATE, MARTS_DATE, RunJob

FIRST, SECOND = FIRST_MARTS_DATE, MARTS_DATE


@pytest.fixture(scope="module")
def marts(marts_of_two_dates: JobContext) -> JobContext:
    """The shared lake as of the second date."""
    return marts_of_two_dates


def sheet_rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet by the English words of its headings; the first of equal ones."""
    header, *rows = load_workbook(path)[sheet].iter_rows(values_only=True)
    names = [str(heading).split("\n")[0] for heading in header]
    return [dict(reversed([*zip(names, row, strict=True)])) for row in rows]


def test_a_date_without_marts_is_an_error_that_names_those_there_are(marts: JobContext) -> None:
    with pytest.raises(LoomlineError, match="There are no marts as of 2019-10-01") as raised:
        write_ecosystem(JobContext(marts.settings, date(2019, 10, 1)))
    assert "2019-09-30, 2019-08-31" in str(raised.value)


def test_what_changed_of_an_enterprise_is_what_its_tables_differ_by(
    marts: JobContext, spark: SparkSession
) -> None:
    scored_twice = (
        f"level = 'red' and as_of_date = date'{SECOND}' and enterprise_id in "
        f"(select enterprise_id from scores.credit_score where as_of_date = date'{FIRST}')"
    )
    warned = spark.table("scores.indicator_state").where(scored_twice).orderBy("enterprise_id")
    firm = warned.first()["enterprise_id"]
    page, book = write_enterprise(marts, firm)
    assert page.parent == marts.settings.reports / "2019-09-30" / "enterprises"

    def of(table: str, day: date) -> list[Any]:
        where = f"enterprise_id = '{firm}' and as_of_date = date'{day}'"
        return spark.table(table).where(where).collect()

    (before,), (now,) = of("scores.credit_score", FIRST), of("scores.credit_score", SECOND)
    then = {row["Measure"]: row for row in sheet_rows(book, "Then and now")}
    assert then["Credit score"]["Before"] == pytest.approx(float(before["score"]))
    assert then["Credit score"]["Now"] == pytest.approx(float(now["score"]))
    steps = sheet_rows(book, "Score steps")
    if before["score"] != now["score"]:
        gained = sum(row["Points gained or lost"] for row in steps)
        assert gained == pytest.approx(float(now["score"] - before["score"]))
    on = [row for row in of("scores.indicator_state", SECOND) if row["level"] in ("amber", "red")]
    assert on
    assert len(sheet_rows(book, "Warnings")) == len(on)
    text = page.read_text(encoding="utf-8")
    assert "Since 2019-08-31" in text
    # There are invoices only: what the rest would say is not there, and the page says so.
    assert "No consistency of its records has been judged as of this date." in text
    assert sheet_rows(book, "Codes")


def test_a_group_adds_up_to_the_watch_list_and_the_profiles(
    marts: JobContext, spark: SparkSession
) -> None:
    _, trade = write_trade(marts, "unknown")
    _, ecosystem = write_ecosystem(marts)
    of_date = f"as_of_date = date'{SECOND}'"
    firms = spark.table("marts.enterprise_profiles").where(of_date).count()
    listed = spark.table("scores.watch_list").where(f"{of_date} and status <> 'none'").count()
    for book in (trade, ecosystem):
        then = {row["Measure"]: row for row in sheet_rows(book, "Then and now")}
        assert then["Firms"]["Now"] == firms
        assert then["Firms on the watch list"]["Now"] == listed
    (chains,) = sheet_rows(ecosystem, "Chains")
    assert "No enterprise of the lake is supplied by" in chains["Core enterprise"]


def test_levels_of_both_dates_add_up_to_the_warnings_that_are_on(
    marts: JobContext, spark: SparkSession
) -> None:
    _, book = write_ecosystem(marts)
    rows = spark.table("scores.indicator_state").where("level in ('amber', 'red')")
    ids = [
        {row["enterprise_id"] for row in spark.table("scores.watch_list").where(day).collect()}
        for day in (f"as_of_date = date'{FIRST}'", f"as_of_date = date'{SECOND}'")
    ]
    both = ids[0] & ids[1]
    warned = [
        sum(
            row["enterprise_id"] in both
            for row in rows.where(f"as_of_date = date'{day}'").collect()
        )
        for day in (FIRST, SECOND)
    ]
    counts = sheet_rows(book, "Warnings")
    assert sum(row["Firms warned before"] for row in counts) == warned[0]
    assert sum(row["Firms warned now"] for row in counts) == warned[1]


def test_the_sql_beside_the_tables_runs_and_gives_their_rows(
    marts: JobContext, spark: SparkSession
) -> None:
    _, book = write_trade(marts, "unknown")
    counts = {row["Sheet"]: row["Rows"] for row in sheet_rows(book, "Contents")}
    (sql,) = [row["SQL"] for row in sheet_rows(book, "Sources") if row["Sheet"] == "Watch list"]
    assert counts["Watch list"] == spark.sql(sql).count() > 0


def test_the_daily_job_writes_ecosystem_and_trades_beside_the_portfolio(
    marts: JobContext, run: RunJob
) -> None:
    notes = run("report", SECOND).notes
    folder = marts.settings.reports / "2019-09-30"
    assert (folder / "portfolio-report.html").is_file()
    assert (folder / "ecosystem-report.xlsx").is_file()
    assert (folder / "trades" / "trade-unknown-report.html").is_file()
    assert f"1 trade reports in {folder / 'trades'}" in notes


def test_an_enterprise_that_is_not_there_is_an_error(marts: JobContext) -> None:
    with pytest.raises(LoomlineError, match="E99' or true is no enterprise"):
        write_enterprise(marts, "E99' or true")


def test_the_page_of_a_score_has_its_points_and_features_and_that_it_comes_out_again(
    marts: JobContext, spark: SparkSession
) -> None:
    of_date = spark.table("scores.credit_score").where(f"as_of_date = date'{SECOND}'")
    score = of_date.orderBy("score", "enterprise_id").first()
    firm = score["enterprise_id"]
    (replayed,) = replay(marts, SCORE, [firm])
    page, book = write_score(marts, firm, [], replayed.run.table_versions)
    assert page.parent == marts.settings.reports / "2019-09-30" / "scores"
    reasons = sheet_rows(book, "Reasons")
    shown = {row["Feature"]: row["Points"] for row in reasons}
    assert shown == pytest.approx(
        {one["feature"]: float(one["points"]) for one in score["reasons"]}
    )
    listed = sheet_rows(book, "Features")
    used = {row["Name"]: row["Value"] for row in listed if row["In the scorecard"] == "yes 是"}
    assert len(used) < len(listed)
    known = {one["feature"]: one["value"] for one in score["reasons"]}
    assert set(used) == set(known)
    assert {name: used[name] for name in used if known[name] is not None} == pytest.approx(
        {name: value for name, value in known.items() if value is not None}
    )
    (counted,) = spark.sql(
        f"select count(*) as invoices from silver.invoice where enterprise_id = '{firm}' "
        f"and known_at <= timestamp'{marts.as_of_end:%Y-%m-%d %H:%M:%S}Z' and superseded_at is null"
    ).collect()
    assert sum(row["Invoices"] for row in sheet_rows(book, "Rows")) == counted["invoices"]
    text = page.read_text(encoding="utf-8")
    assert "equal in every column" in text
    assert "approved by nobody when it scored" in text


def test_a_score_that_does_not_come_out_again_is_said_on_its_page(
    marts: JobContext, spark: SparkSession
) -> None:
    firm = (
        spark.table("scores.credit_score")
        .where(f"as_of_date = date'{SECOND}'")
        .first()["enterprise_id"]
    )
    (replayed,) = replay(marts, SCORE, [firm])
    page, _ = write_score(marts, firm, ["score", "grade"], replayed.run.table_versions)
    assert "these columns differ: score, grade" in page.read_text(encoding="utf-8")


def test_a_firm_without_a_score_has_no_page_of_one(marts: JobContext) -> None:
    with pytest.raises(LoomlineError, match="has no row of nobody"):
        replay(marts, SCORE, ["nobody"])
