"""The portfolio report of the sample, against SQL on the tables that it was made from."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from pyspark.sql import SparkSession

from loomline.job import JobContext, JobResult
from loomline.settings import Settings
from reports.answers import Lake, Question
from tests.integration.conftest import MARTS_DATE, SCORELESS_DATE, RunJob

DATE_WITHOUT_MARTS = date(2001, 1, 1)


@pytest.fixture(scope="module")
def marts(marts_of_two_dates: JobContext, run: RunJob) -> JobContext:
    """The shared lake with the marts of the date and what their gate found."""
    run("gate_marts", MARTS_DATE)
    return marts_of_two_dates


def _paths(settings: Settings, as_of_date: date) -> tuple[Path, Path]:
    folder = settings.reports / as_of_date.isoformat()
    return folder / "portfolio-report.html", folder / "portfolio-report.xlsx"


@pytest.fixture(scope="module")
def page(marts: JobContext, run: RunJob) -> str:
    """The page of the sample's date."""
    run("report", MARTS_DATE)
    return _paths(marts.settings, MARTS_DATE)[0].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def book(marts: JobContext, page: str) -> Workbook:
    """The workbook written beside the page."""
    assert page
    return load_workbook(_paths(marts.settings, MARTS_DATE)[1])


def _column(book: Workbook, sheet: str, english: str) -> list[Any]:
    """The values below the heading that starts with the English words."""
    header, *rows = book[sheet].iter_rows(values_only=True)
    place = [str(heading).split("\n")[0] for heading in header].index(english)
    return [row[place] for row in rows]


def test_the_headline_equals_the_profiles(spark: SparkSession, book: Workbook) -> None:
    profiles = (
        spark.table("marts.enterprise_profiles").where(f"as_of_date = date'{MARTS_DATE}'").collect()
    )
    probabilities = [row["pd_ratio"] for row in profiles if row["pd_ratio"] is not None]
    assert probabilities
    assert _column(book, "Portfolio", "Enterprises") == [len(profiles)]
    assert _column(book, "Portfolio", "Scored") == [len(probabilities)]
    mean = sum(probabilities) / len(probabilities)
    assert _column(book, "Portfolio", "Mean PD") == [pytest.approx(mean)]
    assert _column(book, "Portfolio", "Expected defaults") == [pytest.approx(sum(probabilities))]
    sales = float(sum(row["last_12_months_sale_total_cny"] for row in profiles))
    assert _column(book, "Portfolio", "Sales, last 12 months") == [pytest.approx(sales)]


def test_the_riskiest_are_the_highest_probabilities(spark: SparkSession, book: Workbook) -> None:
    scores = spark.table("scores.credit_score").where(f"as_of_date = date'{MARTS_DATE}'").collect()
    highest = sorted((row["pd_ratio"] for row in scores), reverse=True)[:20]
    assert _column(book, "Riskiest", "PD") == pytest.approx(highest)


def test_base_points_and_reasons_add_up_to_the_score(book: Workbook) -> None:
    sums: dict[str, float] = {}
    scores: dict[str, float] = {}
    columns = ("Enterprise", "Points", "Base points", "Score")
    for enterprise, points, base, score in zip(
        *(_column(book, "Reasons", name) for name in columns), strict=True
    ):
        sums[enterprise] = sums.get(enterprise, base) + points
        scores[enterprise] = score
    assert scores
    assert sums == pytest.approx(scores)


def test_every_enterprise_stands_in_one_grade(book: Workbook) -> None:
    (scored,) = _column(book, "Portfolio", "Scored")
    assert sum(_column(book, "Grades", "Enterprises")) == scored
    assert sum(_column(book, "Grades", "Share")) == pytest.approx(1)


def test_months_add_up_to_the_profiles_totals(spark: SparkSession, book: Workbook) -> None:
    (totals,) = spark.sql(
        f"select sum(sale_total_cny) as total_cny from marts.enterprise_profiles "
        f"where as_of_date = date'{MARTS_DATE}'"
    ).collect()
    assert sum(_column(book, "Monthly trade", "Sales")) == pytest.approx(float(totals["total_cny"]))


def test_files_are_shown_reconciled_as_the_lake_says(spark: SparkSession, book: Workbook) -> None:
    rows = spark.table("quality.reconciliation").collect()
    assert rows
    columns = ("File", "Rows landed", "conformed", "duplicate", "quarantined")
    shown = zip(*(_column(book, "Reconciliation", name) for name in columns), strict=True)
    names = ("source_file", *(f"{part}_rows" for part in ("landed", *columns[2:])))
    assert sorted(shown) == sorted(tuple(row[name] for name in names) for row in rows)


def test_the_sql_beside_a_table_gives_its_rows(spark: SparkSession, book: Workbook) -> None:
    counts = dict(
        zip(_column(book, "Contents", "Sheet"), _column(book, "Contents", "Rows"), strict=False)
    )
    asked = [
        (sheet, sql)
        for sheet, sql in zip(
            _column(book, "Sources", "Sheet"), _column(book, "Sources", "SQL"), strict=True
        )
        if sheet not in ("Attention", "Change", "Tables read")
    ]
    assert len(asked) > 15
    for sheet, sql in asked:
        assert (sheet, spark.sql(sql).count()) == (sheet, counts[sheet])


def test_no_cell_of_the_workbook_is_a_formula(book: Workbook) -> None:
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "s" in kinds
    assert "f" not in kinds


def test_a_second_run_changes_the_time_of_generation_only(
    marts: JobContext, run: RunJob, page: str, book: Workbook
) -> None:
    run("report", MARTS_DATE)
    page_path, book_path = _paths(marts.settings, MARTS_DATE)

    def untimed(text: str) -> str:
        return re.sub(r"<time>[^<]*</time>", "", text)

    assert untimed(page_path.read_text(encoding="utf-8")) == untimed(page)
    again = load_workbook(book_path)
    assert again.sheetnames == book.sheetnames
    for name in again.sheetnames:
        now, before = (
            [
                row
                for row in one[name].iter_rows(values_only=True)
                if not str(row[0]).startswith("Generated at")
            ]
            for one in (again, book)
        )
        assert now == before, name
    assert not list(page_path.parent.glob(".*"))


def test_before_any_outcome_was_known_the_report_says_so(
    marts: JobContext, scoreless_marts: JobResult, run: RunJob
) -> None:
    assert scoreless_marts.rows_out
    run("report", SCORELESS_DATE)
    page_path, book_path = _paths(marts.settings, SCORELESS_DATE)
    assert "No model was known on this date" in page_path.read_text(encoding="utf-8")
    book = load_workbook(book_path)
    assert _column(book, "Portfolio", "Scored") == [0]
    assert _column(book, "Portfolio", "Mean PD") == [None]
    assert _column(book, "Riskiest", "Rank") == [
        "No model was known on this date. 该日尚无可用模型。"
    ]


def test_a_date_without_marts_gives_a_report_that_says_what_to_run(
    marts: JobContext, run: RunJob
) -> None:
    run("report", DATE_WITHOUT_MARTS)
    page = _paths(marts.settings, DATE_WITHOUT_MARTS)[0].read_text(encoding="utf-8")
    assert "The marts hold no enterprise as of 2001-01-01; run the job marts for it." in page


def test_a_table_that_does_not_exist_gives_no_rows_and_is_named(spark: SparkSession) -> None:
    question = Question(("marts.no_such_table",), "select * from marts.no_such_table")
    answer = Lake(spark, MARTS_DATE).ask(question)
    assert answer.rows == ()
    assert answer.missing == ("marts.no_such_table",)
