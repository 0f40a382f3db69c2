"""The HTML page of a report."""

from __future__ import annotations

import pytest

from reports.page import bar_percent, render_page
from tests.unit.page_elements import PageElements
from tests.unit.report_sample import HOSTILE_NAMES, hostile_report


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(hostile_report())


@pytest.fixture(scope="module")
def elements(page: str) -> PageElements:
    parsed = PageElements()
    parsed.feed(page)
    return parsed


def test_no_name_becomes_an_element_or_a_handler(elements: PageElements) -> None:
    assert not {"script", "img", "iframe", "object", "link"} & set(elements.names)
    assert not [name for name, _ in elements.attributes if name.startswith("on")]


def test_every_name_is_there_to_be_read_on_one_line(elements: PageElements) -> None:
    for name in HOSTILE_NAMES[:-1]:
        assert " ".join(name.split()) in elements.text


def test_a_very_long_name_is_cut(page: str) -> None:
    assert "x" * 200 not in page


def test_the_page_asks_for_nothing_from_outside(page: str, elements: PageElements) -> None:
    assert page.startswith("<!doctype html>")
    assert not [value for name, value in elements.attributes if name in ("src", "srcset")]
    links = [value or "" for name, value in elements.attributes if name == "href"]
    assert links
    assert all(link.startswith("#") for link in links)
    assert "url(" not in page
    assert "@import" not in page


def test_a_table_says_which_tables_and_sql_it_came_from(elements: PageElements) -> None:
    assert "marts.rows (version 3), ops.job_runs" in elements.text
    assert "select '<b>' as name from marts.rows" in elements.text
    assert "marts.none (does not exist yet)" in elements.text


def test_an_empty_table_says_what_that_means(elements: PageElements) -> None:
    assert "Nothing yet." in elements.text


def test_bars_are_in_proportion_to_the_largest_value() -> None:
    rows = ({"share": 0.2}, {"share": 0.05}, {"share": None}, {"share": -0.1})
    assert bar_percent(0.2, rows, "share") == "100.0"
    assert bar_percent(0.05, rows, "share") == "25.0"
    assert bar_percent(-0.1, rows, "share") == "0.0"
    assert bar_percent(0.0, ({"share": 0.0},), "share") == "0"
